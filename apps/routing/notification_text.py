"""What a message says, for a phone at three in the morning: what happened, who, why, what to do, where to look.

It quotes what staff wrote of a change and nothing that a person asked: the audit log holds no question.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.routing.models import RolloutChange

Action = RolloutChange.Action

SUBJECT_CHARACTERS = 200
#: A reason is as long as somebody made it; a phone shows this much of it, the audit log has it all.
REASON_CHARACTERS = 2_000
#: For so long further refused tries of the same person are kept in the audit log alone.
REFUSED_QUIET_S = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """`subject` and `to_do` may name {provider}, {by} and {what}, the change in a line."""

    subject: str
    to_do: str


#: The changes that people outside hear of. Who starts the log, tests a session or drafts a plan tells nobody.
WORDS: Mapping[str, Words] = {
    Action.STOPPED: Words(
        subject="{provider} stopped by {by}",
        to_do="Its sessions go to another provider with their next turn. Resume it once what was wrong is mended.",
    ),
    Action.CUT: Words(
        subject="Running answers of {provider} cut by {by}",
        to_do="Whoever was reading one gets a new answer from another provider. Nothing has to be done.",
    ),
    Action.RESUMED: Words(
        subject="{provider} resumed by {by}",
        to_do="Its sessions return to it with their next turn. Stop it again if it still does harm.",
    ),
    Action.REASON_GIVEN: Words(subject="Why {provider} is stopped, by {by}", to_do="Nothing has to be done."),
    Action.SHARES_SET: Words(
        subject="Shares set by {by}: {what}",
        to_do="Only new sessions follow them. The history of the rollout brings the earlier shares back.",
    ),
    Action.PROPOSED: Words(
        subject="Approval wanted by {by}: {what}",
        to_do="Nothing changes until somebody approves it. Approve or withdraw it on the rollout page.",
    ),
    Action.WITHDRAWN: Words(
        subject="Withdrawn by {by}: {what}", to_do="Nothing changed, and nothing is left to approve."
    ),
    Action.SCHEDULE_STARTED: Words(
        subject="Schedule of {provider} started by {by}",
        to_do="Its share of new sessions now grows by the plan. If that is not meant to be, pause the schedule.",
    ),
    Action.SCHEDULE_PAUSED: Words(
        subject="Schedule of {provider} paused by {by}",
        to_do="Its share stays where it is. Look at the evidence, then resume the schedule or end it.",
    ),
    Action.SCHEDULE_RESUMED: Words(
        subject="Schedule of {provider} resumed by {by}",
        to_do="Its share of new sessions grows by the plan again. If that is not meant to be, pause the schedule.",
    ),
    Action.SCHEDULE_ENDED: Words(
        subject="Schedule of {provider} ended by {by}",
        to_do="No further stage begins. Shares stay as they are until somebody sets others.",
    ),
    Action.STAGE_BEGUN: Words(
        subject="Next stage of {provider}: {what}",
        to_do="Nothing has to be done while the evidence is good. If it is not, pause the schedule.",
    ),
    Action.RISK_SIGNED: Words(
        subject="Risk note for {provider} signed by {by}",
        to_do="The next stage may begin although the evidence does not say SAFE. If you disagree, pause the schedule.",
    ),
    Action.ROLLED_BACK: Words(
        subject="{provider} rolled back by {by}",
        to_do="New sessions no longer go to it; those that began with it stay. If they are harmed as well, stop it.",
    ),
    Action.HARM_FOUND: Words(
        subject="Harm found: {provider}",
        to_do="Look at the evidence on the rollout page. If people are harmed now, stop the provider there.",
    ),
    Action.REFUSED: Words(
        subject="Refused: {by} {what}",
        to_do="Nothing changed. If you do not know why, ask them, and look after the account if it was not them. "
        f"Further tries of theirs within {REFUSED_QUIET_S // 60} minutes are in the audit log alone.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    subject: str
    body: str


def message_of(change: RolloutChange, *, page_url: str, two_people: bool) -> Message | None:
    """What is told of a change; None where nobody outside hears of it. `page_url` may be empty."""
    words = WORDS.get(change.action)
    if words is None:
        return None
    named = {"provider": change.provider or "the rollout", "by": change.by, "what": change.summary}
    to_do = words.to_do
    if two_people and change.action == Action.PROPOSED:
        to_do += f" It wants somebody other than {change.by}."
    lines = (
        f"What: {one_line(change.summary)}",
        f"Who: {_who(change)}",
        f"Why: {_why(change.reason.strip())}",
        f"What to do: {to_do}",
        f"Where to look: {page_url or 'Routing › Rollout in the admin'}",
    )
    return Message(
        subject=one_line(words.subject.format_map(named))[:SUBJECT_CHARACTERS], body="\n\n".join(lines) + "\n"
    )


def _who(change: RolloutChange) -> str:
    second = f", approved by {change.approved_by}" if change.approved_by else ""
    at = f"{change.at.day} {change.at:%B %Y, %H:%M:%S} UTC"
    return one_line(f"{change.by}{second}, {at}, rollout version {change.version}")


def _why(reason: str) -> str:
    if not reason:
        return "no reason was given"
    if len(reason) > REASON_CHARACTERS:
        return f"{reason[:REASON_CHARACTERS].rstrip()}… (the audit log has all of it)"
    return reason


def one_line(text: str) -> str:
    """On one line: a header of an e-mail has no second."""
    return " ".join(text.split())
