"""What a schedule does next: a pure decision over its stages, the evidence and the time.

Harm comes first and is looked for in holds and pauses too. Exposure grows only by the next stage of a plan that a
person started, and only where the evidence says SAFE or a person signed for the risk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from apps.routing.evidence.weighing import Verdict
from apps.routing.shares import WHOLE, percent

#: Evidence older than this says nothing about now; the watch looks every minute.
EVIDENCE_HOLDS = timedelta(minutes=10)


class Step(StrEnum):
    """What follows from a look."""

    HOLD = "hold"
    #: The next stage may begin, and the plan leaves that to a person.
    READY = "ready"
    BEGIN = "begin"
    PAUSE = "pause"
    ROLL_BACK = "roll_back"
    FINISH = "finish"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStage:
    """One stage: its share in basis points, when it may begin, what it has to see before the next may."""

    number: int
    share: int
    starts_at: datetime
    min_sessions: int
    guardrails: tuple[str, ...]
    began_at: datetime | None = None
    #: A person signed that it may begin whatever the evidence says, short of harm.
    is_signed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A schedule as far as it has come; `running` is the number of the stage that runs, 0 before the first."""

    candidate: str
    control: str
    stages: Sequence[PlannedStage]
    running: int
    is_paused: bool
    is_automatic: bool
    rolls_back: bool

    @property
    def stage(self) -> PlannedStage | None:
        return self._numbered(self.running)

    @property
    def next_stage(self) -> PlannedStage | None:
        return self._numbered(self.running + 1)

    def _numbered(self, number: int) -> PlannedStage | None:
        return next((stage for stage in self.stages if stage.number == number), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The latest evaluation: its verdict for each guardrail. `problem` says why none of them can be trusted."""

    at: datetime
    verdicts: Mapping[str, str]
    summary: str
    problem: str = ""

    def is_fresh_at(self, now: datetime) -> bool:
        return abs(now - self.at) <= EVIDENCE_HOLDS

    def is_harm_at(self, now: datetime) -> bool:
        return self.is_fresh_at(now) and Verdict.HARMFUL in self.verdicts.values()


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a decision rests on, beside the plan. `n_sessions` began with the candidate in the stage that runs."""

    now: datetime
    share: int
    evidence: Evidence | None
    n_sessions: int
    #: What the other providers leave of all sessions, in basis points.
    room: int = WHOLE
    #: Why no more can be learned or given now, as a sentence; empty where nothing stands in the way.
    obstacle: str = ""
    #: Harm that needs no statistics, as a sentence; empty where there is none.
    outage: str = ""

    @property
    def harm(self) -> str:
        """What is harmful now, as a sentence; empty where nothing is known to be."""
        is_found = self.evidence is not None and self.evidence.is_harm_at(self.now)
        return self.evidence.summary if self.evidence is not None and is_found else self.outage


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The step and why, as a whole sentence. `stage` is the one to begin."""

    step: Step
    why: str
    stage: PlannedStage | None = None
    #: All that holds it is evidence, for which a signature can stand.
    lacks_evidence: bool = False


def decide(plan: Plan, situation: Situation) -> Decision:
    """The first that applies: harm, shares set by hand, a pause, the end, what the next stage still waits for."""
    if (harm := _harm(plan, situation)) is not None:
        return harm
    stage = plan.stage
    if stage is not None and not plan.is_paused and situation.share != stage.share:
        return Decision(
            step=Step.PAUSE,
            why=f"{plan.candidate} has {percent(situation.share)}, not the {percent(stage.share)} of stage "
            f"{stage.number}: somebody set the shares by hand.",
        )
    if plan.is_paused:
        return _hold("The schedule is paused.")
    following = plan.next_stage
    if following is None:
        return _end(stage, situation)
    if (wait := _waits_for(plan, following, situation)) is not None:
        return _hold(wait)
    if stage is not None and not following.is_signed and (lack := _evidence_lacks(stage, situation)) is not None:
        return Decision(step=Step.HOLD, why=lack, lacks_evidence=True)
    why = f"Stage {following.number}, {percent(following.share)}: {_grounds(plan, following, situation)}"
    if plan.is_automatic or stage is None:
        return Decision(step=Step.BEGIN, why=why, stage=following)
    return Decision(step=Step.READY, why=f"{why} A person begins it.", stage=following)


def earliest(plan: Plan, following: PlannedStage) -> datetime:
    """When a stage may begin: on its date, and not before the one that runs has lasted as long as was planned."""
    stage = plan.stage
    if stage is None or stage.began_at is None:
        return following.starts_at
    return max(following.starts_at, stage.began_at + (following.starts_at - stage.starts_at))


def _harm(plan: Plan, situation: Situation) -> Decision | None:
    """What harm leads to, whatever the stage waits for; None where there is none or nothing is left to lower."""
    if not situation.share or not (harm := situation.harm):
        return None
    if plan.rolls_back:
        return Decision(step=Step.ROLL_BACK, why=harm)
    return None if plan.is_paused else Decision(step=Step.PAUSE, why=harm)


def _end(stage: PlannedStage | None, situation: Situation) -> Decision:
    if stage is None:
        return Decision(step=Step.FINISH, why="The schedule has no stages.")
    if situation.obstacle:
        return _hold(situation.obstacle)
    if situation.n_sessions < stage.min_sessions:
        return _hold(_too_few(stage, situation))
    return Decision(step=Step.FINISH, why=f"The last stage, {percent(stage.share)}, has seen what it was to see.")


def _waits_for(plan: Plan, following: PlannedStage, situation: Situation) -> str | None:
    """What the next stage still waits for beside evidence, as a sentence; None where nothing holds it."""
    if situation.obstacle:
        return situation.obstacle
    if following.share > situation.room:
        return (
            f"Stage {following.number}, {percent(following.share)}, has no room: other providers keep "
            f"{percent(WHOLE - situation.room)}."
        )
    due = earliest(plan, following)
    if situation.now < due:
        return f"Stage {following.number}, {percent(following.share)}, begins on {day(due)} at the earliest."
    stage = plan.stage
    if stage is None:
        return None
    return _too_few(stage, situation) if situation.n_sessions < stage.min_sessions else None


def _evidence_lacks(stage: PlannedStage, situation: Situation) -> str | None:
    evidence = situation.evidence
    if evidence is None or not evidence.is_fresh_at(situation.now):
        return "There is no evidence of the last ten minutes: does the watch run?"
    if evidence.problem:
        return evidence.problem
    if any(evidence.verdicts.get(name) != Verdict.SAFE for name in stage.guardrails):
        return evidence.summary
    return None


def _grounds(plan: Plan, following: PlannedStage, situation: Situation) -> str:
    if plan.stage is None:
        return "its date has come."
    if following.is_signed:
        return "a person signed for the risk."
    return f"{situation.n_sessions:,} sessions in stage {plan.running}, and its guardrails say SAFE."


def _too_few(stage: PlannedStage, situation: Situation) -> str:
    return f"Stage {stage.number} has seen {situation.n_sessions:,} of {stage.min_sessions:,} sessions."


def day(moment: datetime) -> str:
    return f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M} UTC"


def _hold(why: str) -> Decision:
    return Decision(step=Step.HOLD, why=why)
