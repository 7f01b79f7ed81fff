"""A day of traffic, looked at every minute as the watch does: what fires is what happened, and nothing else."""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from apps.metrics.alerts.decision import Limits, Reading, State, Step, decide, share_reading
from apps.metrics.alerts.readings import p95_of

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
DAY = 24 * 60
WINDOW = 15
ERRORS = Limits(threshold=5.0, clear_at=2.0, min_samples=20, looks_to_fire=3, looks_to_clear=5)
TTFT = Limits(threshold=3000.0, clear_at=2400.0, min_samples=30, looks_to_fire=3, looks_to_clear=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """What happened in one minute: each turn's time to the first text, and how many of them failed."""

    ttft_ms: tuple[float, ...]
    n_failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """How a day goes, by its minute: turns expected, share of failures, median time to the first text."""

    turns: Callable[[int], float]
    failing: Callable[[int], float] = lambda _: 0.01
    ttft_ms: Callable[[int], float] = lambda _: 900.0

    def minute(self, at: int, chance: random.Random) -> Minute:
        n = _poisson(self.turns(at), chance)
        times = tuple(self.ttft_ms(at) * chance.lognormvariate(0, 0.5) for _ in range(n))
        return Minute(ttft_ms=times, n_failed=sum(chance.random() < self.failing(at) for _ in range(n)))


def _poisson(mean: float, chance: random.Random) -> int:
    n, left = 0, chance.expovariate(1.0) if mean else mean
    while mean and left < mean:
        n, left = n + 1, left + chance.expovariate(1.0)
    return n


def by_day(at: int) -> float:
    """Busy at noon, almost nobody at night."""
    return 0.3 if at < 6 * 60 or at > 23 * 60 else 12.0


def events(traffic: Traffic, *, limits: Limits, seed: int) -> list[tuple[int, Step]]:
    """The minutes at which something fired or ended."""
    chance, state, window = random.Random(seed), State(), deque[Minute](maxlen=WINDOW)
    found: list[tuple[int, Step]] = []
    for at in range(DAY):
        window.append(traffic.minute(at, chance))
        reading = _errors(window) if limits is ERRORS else _ttft(window)
        decided = decide(limits, state, reading, now=MIDNIGHT + timedelta(minutes=at))
        state = decided.state
        if decided.step != Step.NOTHING:
            found.append((at, decided.step))
    return found


def _errors(window: deque[Minute]) -> Reading | None:
    n = sum(len(minute.ttft_ms) for minute in window)
    return share_reading(n_bad=sum(minute.n_failed for minute in window), n=n, limit_percent=ERRORS.threshold)


def _ttft(window: deque[Minute]) -> Reading | None:
    return p95_of([ms for minute in window for ms in minute.ttft_ms], threshold=TTFT.threshold)


def outage(begin: int, minutes: int) -> Callable[[int], float]:
    return lambda at: 0.6 if begin <= at < begin + minutes else 0.01


@pytest.mark.parametrize("limits", [ERRORS, TTFT], ids=["errors", "first text"])
@pytest.mark.parametrize("seed", range(20))
def test_a_quiet_day_fires_nothing(limits: Limits, seed: int) -> None:
    assert events(Traffic(turns=by_day), limits=limits, seed=seed) == []


@pytest.mark.parametrize("seed", range(10))
def test_an_outage_of_twenty_minutes_is_one_alert_and_one_all_clear(seed: int) -> None:
    noon = 12 * 60
    found = events(Traffic(turns=by_day, failing=outage(noon, 20)), limits=ERRORS, seed=seed)
    assert [step for _, step in found] == [Step.FIRE, Step.CLEAR]
    (fired, _), (cleared, _) = found
    assert noon <= fired <= noon + 8
    assert noon + 20 < cleared <= noon + 20 + WINDOW + 30


@pytest.mark.parametrize("seed", range(10))
def test_a_slow_creep_fires_once_and_stays(seed: int) -> None:
    """The median first text grows from 0.9 to 2 s from ten to six o'clock."""

    def creeping(at: int) -> float:
        return 900.0 + 1100.0 * min(max(at - 600, 0) / 480, 1.0)

    found = events(Traffic(turns=by_day, ttft_ms=creeping), limits=TTFT, seed=seed)
    assert [step for _, step in found][:1] == [Step.FIRE]
    assert Step.CLEAR not in [step for _, step in found]
    # The true p95 passes 3 s where the median passes 1.32 s, three hours into the creep.
    assert 600 + 120 <= found[0][0] <= 600 + 330


@pytest.mark.parametrize("seed", range(10))
def test_a_night_with_three_turns_fires_nothing_although_all_of_them_fail(seed: int) -> None:
    few = Traffic(turns=lambda _: 3 / 480, failing=lambda _: 1.0, ttft_ms=lambda _: 20_000.0)
    assert events(few, limits=ERRORS, seed=seed) == []
    assert events(few, limits=TTFT, seed=seed) == []


def test_an_outage_that_silences_everybody_stays_until_it_is_let_go() -> None:
    """Half an hour of failures at noon, then no traffic for the rest of the day: nobody says all clear."""
    quiet = Traffic(turns=lambda at: 12.0 if at < 750 else 0.0, failing=outage(720, 30))
    found = events(quiet, limits=ERRORS, seed=1)
    assert [step for _, step in found] == [Step.FIRE, Step.LOSE_SIGHT]
    assert found[1][0] - 750 > 6 * 60


def test_the_day_can_fire_at_all() -> None:
    broken = Traffic(turns=by_day, failing=lambda _: 0.2)
    assert Step.FIRE in [step for _, step in events(broken, limits=ERRORS, seed=1)]
