"""What `manage.py rollout` can do beyond shares and stops: decide proposals, run a schedule, roll back."""

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.routing import proposals
from apps.routing.errors import BadSchedule
from apps.routing.evidence.notes import evidence_notes
from apps.routing.ledger import current_rollout
from apps.routing.models import Proposal, Schedule
from apps.routing.overview import overview
from apps.routing.schedule import verbs as schedules
from apps.routing.schedule.notes import schedule_notes
from apps.routing.schedule.rules import template
from apps.routing.schedule.steps import roll_back

Options = dict[str, Any]


def add_verbs(verbs: Any) -> None:
    """Adds these verbs to the parser of `manage.py rollout`."""
    for name, text in (
        ("approve", "put a proposal into force"),
        ("withdraw", "take a proposal back"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("number", type=int, metavar="NUMBER", help="the proposal's number, as `show` names it")
    back = verbs.add_parser("roll-back", help="give a provider's share of new sessions back to the default provider")
    back.add_argument("name", metavar="NAME")
    back.add_argument("--reason", required=True, help="why")
    _add_schedule(verbs.add_parser("schedule", help="a provider's share, step by step by date and evidence"))


def _add_schedule(parser: ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="schedule_verb", required=True)
    plan = verbs.add_parser("template", help="draft 10 → 25 → 50 → 100 % by week")
    plan.add_argument("name", metavar="NAME", help="the provider whose share grows")
    plan.add_argument("--first", default="", metavar="DATE", help="the first stage's day, such as 2027-01-04T09:00 UTC")
    plan.add_argument("--by-hand", action="store_true", help="a person begins each stage")
    plan.add_argument("--pause-at-harm", action="store_true", help="harm pauses it and does not roll back")
    plan.add_argument("--reason", default="", help="why")
    verbs.add_parser("show", help="where it stands, and what comes next")
    for name, text, wants_reason in (
        ("start", "let a draft's stages begin by their dates", False),
        ("discard", "take a draft back", False),
        ("pause", "hold the shares where they stand", True),
        ("resume", "go on with a paused schedule", True),
        ("sign", "let the next stage begin without SAFE", True),
        ("next", "begin the next stage now, where nothing holds it", False),
        ("end", "end it; the shares stay", True),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument(
            "number", type=int, metavar="NUMBER", help="the schedule's number, as `schedule show` names it"
        )
        verb.add_argument("--reason", required=wants_reason, default="", help="why")


def run(options: Options, *, by: str) -> str:
    """What one of these verbs did, as text. Raises RoutingError."""
    match options["verb"]:
        case "approve":
            change = proposals.approve(proposal_id=options["number"], by=by)
            return f"Approved: {change.summary}. {overview().headline}"
        case "withdraw":
            proposals.withdraw(proposal_id=options["number"], by=by)
            return "The proposal is withdrawn."
        case "roll-back":
            back = roll_back(candidate=options["name"], by=by, reason=options["reason"])
            return f"{back.summary}." if back else f"{options['name']} has no share; nothing changed."
    return _schedule(options, by=by)


def proposals_text() -> list[str]:
    """Each proposal that waits, a line each."""
    return [
        f"Proposal {p.pk} waits for approval: {p.change}, by {p.by}."
        for p in Proposal.objects.filter(state=Proposal.State.OPEN)
    ]


def schedules_text() -> list[str]:
    """Each schedule that lives, or the last that ended: its headline, what comes next, its stages."""
    lines = []
    for note in schedule_notes(now=timezone.now()):
        lines.append(f"Schedule {note.schedule.pk}: {note.headline} {note.next}".rstrip())
        lines += [f"  {n.stage.number}. {n.stage.share_text:>6}  {n.mark:<8} {n.when}; {n.wants}" for n in note.stages]
    return lines


def evidence_text() -> list[str]:
    """What the latest look says of each provider on trial."""
    notes = evidence_notes(current_rollout(), now=timezone.now())
    return [f"{note.candidate} against {note.control}: {note.evaluation.summary}" for note in notes]


def _schedule(options: Options, *, by: str) -> str:
    number, reason = options.get("number", 0), options.get("reason", "")
    done: dict[str, Callable[[], object]] = {
        "start": lambda: schedules.start_schedule(schedule_id=number, by=by, risk_note=reason),
        "discard": lambda: schedules.discard_draft(schedule_id=number, by=by),
        "pause": lambda: schedules.pause_schedule(schedule_id=number, by=by, reason=reason),
        "resume": lambda: schedules.resume_schedule(schedule_id=number, by=by, reason=reason),
        "sign": lambda: schedules.sign_risk(schedule_id=number, by=by, note=reason),
        "next": lambda: schedules.begin_next_stage(schedule_id=number, by=by),
        "end": lambda: schedules.end_schedule(schedule_id=number, by=by, reason=reason),
    }
    match options["schedule_verb"]:
        case "template":
            _draft(options, by=by)
        case "show":
            pass
        case verb:
            done[verb]()
    return "\n".join(schedules_text()) or "There is no schedule."


def _draft(options: Options, *, by: str) -> Schedule:
    return schedules.draft_schedule(
        candidate=options["name"],
        stages=template(first=_moment(options["first"])),
        by=by,
        on_harm=Schedule.OnHarm.PAUSE if options["pause_at_harm"] else Schedule.OnHarm.ROLL_BACK,
        is_automatic=not options["by_hand"],
        reason=options["reason"],
    )


def _moment(text: str) -> datetime:
    """When the first stage begins; tomorrow at nine where nobody says. Raises BadSchedule."""
    if not text:
        return (timezone.now() + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadSchedule(f"“{text}” is no day and time such as 2027-01-04T09:00.", field="stages") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
