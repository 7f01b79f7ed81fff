"""A schedule in sentences: where it stands, what comes next and what it waits for, stage by stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.routing.evidence.harm import wants_note
from apps.routing.models import Schedule, Stage
from apps.routing.schedule.stages import Step, day
from apps.routing.schedule.steps import next_step


@dataclass(frozen=True, slots=True, kw_only=True)
class StageNote:
    """One stage on the timeline. `mark` is done, running, next, later, rolled back or not begun."""

    stage: Stage
    mark: str
    when: str
    wants: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleNote:
    """`headline` says where it stands, `next` what comes next and why not yet; empty where nothing does."""

    schedule: Schedule
    headline: str
    next: str
    stages: Sequence[StageNote]
    #: A person could begin the next stage now.
    is_ready: bool = False
    #: What the next stage waits for is evidence, for which a signature can stand.
    may_sign: bool = False
    #: It was rolled back for harm so recently that starting again wants a note.
    wants_note: bool = False

    @property
    def is_draft(self) -> bool:
        return self.schedule.state == Schedule.State.DRAFT

    @property
    def is_active(self) -> bool:
        return self.schedule.state == Schedule.State.ACTIVE

    @property
    def is_paused(self) -> bool:
        return self.schedule.state == Schedule.State.PAUSED


def schedule_notes(*, now: datetime) -> list[ScheduleNote]:
    """Each live schedule, or the last that ended where none lives."""
    live = list(Schedule.objects.filter(state__in=Schedule.LIVE).prefetch_related("stages"))
    ended = [] if live else list(Schedule.objects.prefetch_related("stages")[:1])
    return [_note(schedule, now=now) for schedule in live or ended]


def _note(schedule: Schedule, *, now: datetime) -> ScheduleNote:
    stages = [_stage_note(schedule, stage) for stage in schedule.stages.all()]
    headline = _headline(schedule, len(stages))
    match schedule.state:
        case Schedule.State.ACTIVE:
            decision = next_step(schedule, now=now)
            return ScheduleNote(
                schedule=schedule,
                headline=headline,
                next=decision.why,
                stages=stages,
                is_ready=decision.step in (Step.READY, Step.BEGIN),
                may_sign=decision.lacks_evidence,
            )
        case Schedule.State.DRAFT:
            return ScheduleNote(
                schedule=schedule,
                headline=headline,
                next="Nothing is served by it until it is started.",
                stages=stages,
                wants_note=wants_note(schedule.candidate, now=now),
            )
    return ScheduleNote(schedule=schedule, headline=headline, next=schedule.stopped_why, stages=stages)


def _headline(schedule: Schedule, n_stages: int) -> str:
    who, number = schedule.candidate, schedule.stage_number
    match schedule.state:
        case Schedule.State.DRAFT:
            return f"A draft for {who}, by {schedule.by}."
        case Schedule.State.ACTIVE if number == 0:
            return f"{who} waits for its first stage of {n_stages}."
        case Schedule.State.ACTIVE:
            return f"{who} is in stage {number} of {n_stages}."
        case Schedule.State.PAUSED:
            return f"{who} is paused in stage {number} of {n_stages}; the shares stay as they are."
    return f"The schedule of {who} is over: {schedule.get_state_display().lower()}."


def _stage_note(schedule: Schedule, stage: Stage) -> StageNote:
    is_over = schedule.state not in Schedule.LIVE
    if stage.began_at is None:
        mark = "next" if stage.number == schedule.stage_number + 1 else "later"
        mark = "not begun" if is_over else mark
        when = f"not before {day(stage.starts_at)}"
    elif stage.ended_at is None:
        mark, when = "running", f"since {day(stage.began_at)}"
    else:
        was_rolled_back = schedule.state == Schedule.State.ROLLED_BACK and stage.number == schedule.stage_number
        mark = "rolled back" if was_rolled_back else "done"
        when = f"{day(stage.began_at)} to {day(stage.ended_at)}"
    n_guardrails = len(stage.guardrails)
    wants = (
        f"lasts for at least {_n(stage.min_sessions, 'session')}, until {_n(n_guardrails, 'guardrail')} "
        f"{'says' if n_guardrails == 1 else 'say'} SAFE"
    )
    if stage.number == max(other.number for other in schedule.stages.all()):
        wants = f"done after {_n(stage.min_sessions, 'session')}"
    if stage.risk_signed_by:
        wants = f"{wants}; risk signed by {stage.risk_signed_by}: “{stage.risk_note}”"
    return StageNote(stage=stage, mark=mark, when=when, wants=wants)


def _n(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
