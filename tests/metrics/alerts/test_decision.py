"""When a rule fires, clears, waits and lets go: the pure decision, as tables and over sequences of looks."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.metrics.alerts.decision import (
    FORGET_AFTER,
    Level,
    Limits,
    Phase,
    Reading,
    State,
    Step,
    decide,
    is_beyond_chance,
    level_of,
    p95_reading,
    share_reading,
)

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
LIMITS = Limits(threshold=5.0, clear_at=2.0, min_samples=20, looks_to_fire=3, looks_to_clear=4)
BAD, BETWEEN, GOOD = Reading(value=12.0, n=50), Reading(value=3.0, n=50), Reading(value=1.0, n=50)
FEW, NONE = Reading(value=90.0, n=19), None
NAMED = {"b": BAD, "-": BETWEEN, "g": GOOD, "f": FEW, " ": NONE}


def steps(readings: Iterable[Reading | None], *, limits: Limits = LIMITS, state: State | None = None) -> list[Step]:
    """What each look, a minute apart, leads to."""
    state, found = state or State(), []
    for minute, reading in enumerate(readings):
        decided = decide(limits, state, reading, now=NOW + timedelta(minutes=minute))
        state = decided.state
        found.append(decided.step)
    return found


def firings(looks: str) -> str:
    """The steps of looks written as letters: F fire, C clear, L lose sight, a point for nothing."""
    marks = {Step.NOTHING: ".", Step.FIRE: "F", Step.CLEAR: "C", Step.LOSE_SIGHT: "L"}
    return "".join(marks[step] for step in steps(NAMED[look] for look in looks))


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ("bb", ".."),
        ("bbb", "..F"),
        ("bbbbbb", "..F..."),
        ("bb-bb", "....."),
        ("bbgbb", "....."),
        ("bb bb", "...F."),
        ("ffffff", "......"),
        ("bbbgggg", "..F...C"),
        ("bbbggg", "..F..."),
        ("bbbggg-g", "..F....."),
        ("bbbgggbgggg", "..F.......C"),
        ("bbbgg  gg", "..F.....C"),
        ("bbb-----", "..F....."),
        ("bbb     ", "..F....."),
        ("gggg", "...."),
    ],
)
def test_looks_in_a_row_fire_and_clear(looks: str, expected: str) -> None:
    assert firings(looks) == expected


@pytest.mark.parametrize(
    ("reading", "level"),
    [
        (Reading(value=5.0, n=20), Level.BETWEEN),
        (Reading(value=5.1, n=20), Level.BAD),
        (Reading(value=5.1, n=19), Level.UNKNOWN),
        (Reading(value=5.1, n=0, is_exact=True), Level.BAD),
        (Reading(value=99.0, n=20, is_sure=False), Level.BETWEEN),
        (Reading(value=2.0, n=20), Level.GOOD),
        (Reading(value=2.1, n=20), Level.BETWEEN),
        (Reading(value=float("nan"), n=20), Level.UNKNOWN),
        (None, Level.UNKNOWN),
    ],
)
def test_one_reading_by_itself(reading: Reading | None, level: Level) -> None:
    assert level_of(LIMITS, reading) == level


@pytest.mark.parametrize(("days", "level"), [(29.0, Level.BAD), (30.0, Level.BETWEEN), (45.0, Level.GOOD)])
def test_where_less_is_worse_the_limits_are_turned_round(days: float, level: Level) -> None:
    limits = Limits(threshold=30.0, clear_at=45.0, is_bad_below=True)
    assert level_of(limits, Reading(value=days, n=1, is_exact=True)) == level


def test_what_fires_and_is_seen_no_more_ends_after_a_while_and_says_so() -> None:
    minutes = int(FORGET_AFTER.total_seconds() // 60)
    seen = steps([BAD] * 3 + [NONE] * (minutes + 1))
    assert seen[3:-1] == [Step.NOTHING] * minutes
    assert seen[-1] == Step.LOSE_SIGHT


def test_one_good_look_in_the_dark_starts_the_while_anew() -> None:
    half = int(FORGET_AFTER.total_seconds() // 120)
    assert Step.LOSE_SIGHT not in steps([BAD] * 3 + [NONE] * half + [BETWEEN] + [NONE] * half)


def test_nothing_is_no_all_clear() -> None:
    state = State(phase=Phase.CLEARING, looks=3)
    decided = decide(LIMITS, state, NONE, now=NOW)
    assert decided.state.phase == Phase.CLEARING
    assert decided.state.looks == 3
    assert decided.state.unseen_since == NOW


def test_what_comes_back_soon_takes_twice_as_long_to_clear() -> None:
    relapse = [BAD] * 3 + [GOOD] * 4 + [BAD] * 3
    assert steps([*relapse, *[GOOD] * 7]).count(Step.CLEAR) == 1
    assert steps([*relapse, *[GOOD] * 8]).count(Step.CLEAR) == 2
    # After a long quiet time it is a new fault.
    later = State(relapses=5, ended_at=NOW - timedelta(hours=3))
    assert steps([BAD] * 3 + [GOOD] * 4, state=later)[-1] == Step.CLEAR


@pytest.mark.parametrize("seed", range(20))
def test_flapping_wears_itself_out_whatever_the_pattern(seed: int) -> None:
    chance = random.Random(seed)
    readings: list[Reading] = []
    while len(readings) < 1440:
        readings += [chance.choice((BAD, GOOD))] * chance.randint(1, 60)
    limits = replace(LIMITS, looks_to_fire=1, looks_to_clear=2)
    assert steps(readings[:1440], limits=limits).count(Step.FIRE) <= 15


def test_the_worst_flapping_of_a_day_is_bounded() -> None:
    """An adversary who clears as fast as the rule allows and fires at the next look."""
    limits, state, n = replace(LIMITS, looks_to_fire=1, looks_to_clear=2), State(), 0
    for minute in range(1440):
        reading = GOOD if state.is_open else BAD
        decided = decide(limits, state, reading, now=NOW + timedelta(minutes=minute))
        state, n = decided.state, n + (decided.step == Step.FIRE)
    assert 5 <= n <= 13


@pytest.mark.parametrize(
    ("n_bad", "n", "limit", "is_sure"),
    [(0, 0, 0.05, False), (2, 20, 0.05, False), (5, 20, 0.05, True), (60, 1000, 0.05, False), (90, 1000, 0.05, True)],
)
def test_few_samples_prove_less_than_many(n_bad: int, n: int, limit: float, is_sure: bool) -> None:
    assert is_beyond_chance(n_bad=n_bad, n=n, limit=limit) == is_sure


def test_a_share_at_its_limit_looks_sure_in_about_one_of_a_hundred() -> None:
    chance = random.Random(7)

    def is_sure() -> bool:
        n_bad = sum(chance.random() < 0.05 for _ in range(200))
        return is_beyond_chance(n_bad=n_bad, n=200, limit=0.05)

    assert 0.002 <= sum(is_sure() for _ in range(3000)) / 3000 <= 0.03


def test_readings_of_nothing_are_none() -> None:
    assert share_reading(n_bad=0, n=0, limit_percent=5.0) is None
    assert p95_reading(value=None, n=0, n_beyond=0) is None


def phases(readings: Sequence[Reading | None]) -> set[Phase]:
    state, seen = State(), set()
    for minute, reading in enumerate(readings):
        state = decide(LIMITS, state, reading, now=NOW + timedelta(minutes=minute)).state
        seen.add(state.phase)
    return seen


def test_every_phase_is_reached() -> None:
    assert phases([BAD] * 3 + [GOOD] * 4) == set(Phase)
