"""What a schedule has to look like, and the one that operations starts from: pure, with a sentence for each fault."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.providers.registry import PROVIDERS
from apps.routing.errors import BadSchedule
from apps.routing.evidence.guardrails import GUARDRAILS
from apps.routing.shares import WHOLE, percent, require_known

#: A form takes minutes to fill in; a stage of "now" is not in the past for that.
PAST_GRACE = timedelta(minutes=15)
FURTHEST = timedelta(days=730)
MAX_STAGES = 12
WEEK = timedelta(days=7)
#: Share in basis points and the sessions it has to see, a week each.
TEMPLATE = ((1_000, 200), (2_500, 400), (5_000, 800), (10_000, 800))


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDraft:
    """One stage as a person plans it: share in basis points, not before `starts_at`."""

    share: int
    starts_at: datetime
    min_sessions: int
    guardrails: Sequence[str] = tuple(GUARDRAILS)


def template(*, first: datetime) -> list[StageDraft]:
    """10 → 25 → 50 → 100 % by week, every guardrail in each."""
    return [
        StageDraft(share=share, starts_at=first + number * WEEK, min_sessions=min_sessions)
        for number, (share, min_sessions) in enumerate(TEMPLATE)
    ]


def shares_with(shares: Mapping[str, int], *, candidate: str, control: str, share: int) -> dict[str, int]:
    """The shares with that one for the candidate, which the control gives or takes; may be negative for the control."""
    others = {name: n for name, n in shares.items() if name not in (candidate, control)}
    return {**others, candidate: share, control: WHOLE - share - sum(others.values())}


def check_draft(
    *, candidate: str, control: str, stages: Sequence[StageDraft], shares: Mapping[str, int], now: datetime
) -> None:
    """Raises UnknownProvider, or BadSchedule whose `field` names the fault: candidate, stages, stage-2-share, …"""
    for name in (candidate, control):
        require_known(name, providers=tuple(PROVIDERS))
    if candidate == control:
        raise BadSchedule(f"{candidate} cannot be compared with itself.", field="candidate", provider=candidate)
    if not stages:
        raise BadSchedule("A schedule has at least one stage.", field="stages")
    if len(stages) > MAX_STAGES:
        raise BadSchedule(f"A schedule has at most {MAX_STAGES} stages.", field="stages")
    others = sum(n for name, n in shares.items() if name not in (candidate, control))
    before: StageDraft | None = None
    for number, stage in enumerate(stages, start=1):
        _check_stage(number, stage, before, room=WHOLE - others, now=now)
        before = stage


def _check_stage(number: int, stage: StageDraft, before: StageDraft | None, *, room: int, now: datetime) -> None:
    def fault(field: str, sentence: str) -> BadSchedule:
        return BadSchedule(f"Stage {number}: {sentence}", field=f"stage-{number}-{field}")

    if not 0 < stage.share <= WHOLE:
        raise fault("share", f"a share is above 0 % and at most 100 %; this is {percent(stage.share)}.")
    if stage.share > room:
        raise fault("share", f"other providers keep {percent(WHOLE - room)}, so at most {percent(room)} is left.")
    if before is not None and stage.share <= before.share:
        raise fault(
            "share", f"{percent(stage.share)} is not more than the {percent(before.share)} of the stage before."
        )
    if stage.starts_at < now - PAST_GRACE:
        raise fault("starts_at", f"{stage.starts_at:%d %b %Y, %H:%M} UTC is in the past.")
    if stage.starts_at > now + FURTHEST:
        raise fault("starts_at", f"{stage.starts_at:%d %b %Y} is more than two years away.")
    if before is not None and stage.starts_at <= before.starts_at:
        raise fault("starts_at", "it begins no later than the stage before.")
    if stage.min_sessions < 0:
        raise fault("min_sessions", "it cannot want fewer than 0 sessions.")
    if unknown := [name for name in stage.guardrails if name not in GUARDRAILS]:
        raise fault("guardrails", f"there is no guardrail “{unknown[0]}”; there are {', '.join(GUARDRAILS)}.")
    if not stage.guardrails:
        raise fault("guardrails", "it has no guardrail: nothing would hold the next stage.")
