"""Whether a rule fires or clears: a pure decision over one reading, the rule's limits, and where it stood before.

It fires after several looks in a row beyond the limit and clears after several in a row on the good side of a second
one; between the two nothing moves. Too little to measure is no all-clear: what fires goes on, and ends after a while
without one. An alert that comes back soon needs twice as many good looks to clear, so flapping wears itself out.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from apps.metrics.rollups.intervals import rate_of

#: An open alert with too little to measure for so long ends, and says that it was no all-clear.
FORGET_AFTER = timedelta(hours=6)
#: Whoever fires again within this time after an end is flapping.
RELAPSE_WITHIN = timedelta(hours=2)
#: However often it came back, so many good looks clear it.
MOST_LOOKS = 240
#: A share beyond the limit by chance alone passes in about one of a hundred readings: the lower bound of this level.
SURE_LEVEL = 0.98


class Phase(StrEnum):
    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    CLEARING = "clearing"


class Level(StrEnum):
    """What one reading says by itself."""

    BAD = "bad"
    GOOD = "good"
    BETWEEN = "between"
    UNKNOWN = "unknown"


class Step(StrEnum):
    NOTHING = "nothing"
    FIRE = "fire"
    CLEAR = "clear"
    LOSE_SIGHT = "lose_sight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A rule's limits; `is_bad_below` where less is worse."""

    threshold: float
    clear_at: float
    min_samples: int = 1
    looks_to_fire: int = 1
    looks_to_clear: int = 1
    is_bad_below: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A figure over `n` samples. `is_sure`: chance alone does not explain that it is beyond the limit.

    `is_exact`: it is no estimate, so few samples are no reason to doubt it. `n_unknown` samples are missing from it.
    """

    value: float
    n: int
    is_sure: bool = True
    is_exact: bool = False
    n_unknown: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a rule stands with a subject. `looks` is how many in a row have said the same in this phase."""

    phase: Phase = Phase.OK
    looks: int = 0
    relapses: int = 0
    high_since: datetime | None = None
    unseen_since: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.phase in (Phase.FIRING, Phase.CLEARING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    state: State
    step: Step = Step.NOTHING


def level_of(limits: Limits, reading: Reading | None) -> Level:
    if reading is None or not (reading.is_exact or reading.n >= limits.min_samples) or math.isnan(reading.value):
        return Level.UNKNOWN
    sign = -1 if limits.is_bad_below else 1
    if sign * reading.value > sign * limits.threshold:
        return Level.BAD if reading.is_sure else Level.BETWEEN
    return Level.GOOD if sign * reading.value <= sign * limits.clear_at else Level.BETWEEN


def decide(limits: Limits, state: State, reading: Reading | None, *, now: datetime) -> Decision:
    """What follows from one look."""
    level = level_of(limits, reading)
    if level == Level.UNKNOWN:
        return _unseen(state, now=now)
    state = replace(state, unseen_since=None)
    if state.is_open:
        return _while_open(limits, state, level, now=now)
    if level != Level.BAD:
        return Decision(state=replace(state, phase=Phase.OK, looks=0, high_since=None))
    looks, high_since = state.looks + 1, state.high_since or now
    if looks < limits.looks_to_fire:
        return Decision(state=replace(state, phase=Phase.PENDING, looks=looks, high_since=high_since))
    is_relapse = state.ended_at is not None and now - state.ended_at <= RELAPSE_WITHIN
    relapses = state.relapses + 1 if is_relapse else 0
    fired = State(phase=Phase.FIRING, relapses=relapses, high_since=high_since)
    return Decision(state=fired, step=Step.FIRE)


def looks_to_clear(limits: Limits, state: State) -> int:
    """How many good looks in a row end it: twice as many with each relapse, up to a bound."""
    doubled: int = limits.looks_to_clear << min(state.relapses, 16)
    return min(doubled, max(MOST_LOOKS, limits.looks_to_clear))


def _while_open(limits: Limits, state: State, level: Level, *, now: datetime) -> Decision:
    if level != Level.GOOD:
        return Decision(state=replace(state, phase=Phase.FIRING, looks=0))
    looks = state.looks + 1
    if looks < looks_to_clear(limits, state):
        return Decision(state=replace(state, phase=Phase.CLEARING, looks=looks))
    return Decision(state=State(relapses=state.relapses, ended_at=now), step=Step.CLEAR)


def _unseen(state: State, *, now: datetime) -> Decision:
    """Too little to measure: nothing moves, and what has not been seen for long enough is let go."""
    if state.phase == Phase.OK:
        return Decision(state=state)
    unseen_since = state.unseen_since or now
    if now - unseen_since < FORGET_AFTER:
        return Decision(state=replace(state, unseen_since=unseen_since))
    if not state.is_open:
        return Decision(state=State(relapses=state.relapses, ended_at=state.ended_at))
    return Decision(state=State(relapses=state.relapses, ended_at=now), step=Step.LOSE_SIGHT)


def is_beyond_chance(*, n_bad: int, n: int, limit: float) -> bool:
    """Whether so many of `n` show that more than `limit`, a share, are bad: Wilson's lower bound lies above it."""
    rate = rate_of(n_bad, n, level=SURE_LEVEL)
    return rate is not None and rate.low > limit


def share_reading(*, n_bad: int, n: int, limit_percent: float) -> Reading | None:
    """A share in per cent; None of nothing."""
    if n <= 0:
        return None
    return Reading(value=100 * n_bad / n, n=n, is_sure=is_beyond_chance(n_bad=n_bad, n=n, limit=limit_percent / 100))


def p95_reading(*, value: float | None, n: int, n_beyond: int) -> Reading | None:
    """A p95 of `n` times of which `n_beyond` are beyond the limit: it lies above where more than 5 % of all do."""
    if value is None or n <= 0:
        return None
    return Reading(value=value, n=n, is_sure=is_beyond_chance(n_bad=n_beyond, n=n, limit=0.05))
