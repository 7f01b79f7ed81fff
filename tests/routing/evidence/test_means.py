"""Intervals of a mean hold at every look; a drift that both arms share is not a difference between them."""

import math

import numpy as np
import pytest

from apps.routing.evidence.intervals import Interval, Values, mean_difference, mean_interval, winsorised
from tests.routing.evidence.rollouts import most_by_chance


def covers(interval: Interval | None, truth: float) -> bool:
    assert interval is not None
    return interval.low <= truth <= interval.high


def test_an_interval_is_what_its_formula_says() -> None:
    # alpha 0.05: -2 log alpha = 5.991465, log(1 + 5.991465) = 1.944690; by n_star = 1000: rho² = 0.007936155.
    rho2 = 0.007936155
    half = 2 / math.sqrt(1000) * math.sqrt(2 * 8.936155 / 7.936155 * math.log(math.sqrt(1000 * rho2 + 1) / 0.05))
    interval = mean_interval(1000, 5.0, 2.0, alpha=0.05, n_star=1000)
    assert interval is not None
    assert (interval.value, interval.n) == (5.0, 1000)
    assert interval.high - 5 == pytest.approx(half, rel=1e-6)
    assert 5 - interval.low == pytest.approx(half, rel=1e-6)


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_values_have_no_interval(n: int) -> None:
    assert mean_interval(n, 1.0, 0.0, alpha=0.05, n_star=1000) is None
    few, many = Values(n=n, mean=1.0, sd=0.0), Values(n=9, mean=1.0, sd=1.0)
    assert mean_difference([(few, many), (many, few)], alpha=0.05, n_star=1000) is None
    assert mean_difference([], alpha=0.05, n_star=1000) is None


def test_an_interval_is_narrowest_for_the_number_it_is_made_for() -> None:
    widths = {}
    for n_star in (10, 100, 1000, 10_000, 100_000):
        interval = mean_interval(1000, 0.0, 1.0, alpha=0.05, n_star=n_star)
        assert interval is not None
        widths[n_star] = interval.high
    assert min(widths, key=lambda n_star: widths[n_star]) == 1000


def test_a_mean_is_covered_at_every_look() -> None:
    rng = np.random.default_rng(61)
    alpha, repetitions = 0.05, 500
    values = rng.gamma(2.0, 1.0, size=(repetitions, 4000))
    n = np.arange(1, 4001)
    mean = np.cumsum(values, axis=1) / n
    sd = np.sqrt(np.maximum(np.cumsum(values**2, axis=1) / n - mean**2, 0))
    looks = np.arange(99, 4000, 25)
    half = np.array([interval_half(int(n[look]), alpha) for look in looks])
    missed = np.abs(mean[:, looks] - 2.0) > sd[:, looks] * half
    assert np.sum(missed.any(axis=1)) <= most_by_chance(alpha, repetitions)


def interval_half(n: int, alpha: float) -> float:
    interval = mean_interval(n, 0.0, 1.0, alpha=alpha, n_star=1000)
    assert interval is not None
    return interval.high


def drawn(rng: np.random.Generator, *, n: int, mean: float) -> Values:
    values = rng.gamma(2.0, mean / 2, size=n)
    return Values(n=n, mean=float(values.mean()), sd=float(values.std(ddof=1)))


def test_a_difference_is_covered_while_costs_drift_with_the_shares() -> None:
    rng = np.random.default_rng(62)
    alpha, repetitions = 0.05, 300
    missed = 0
    for _ in range(repetitions):
        strata: list[tuple[Values, Values]] = []
        always = True
        # Costs double from stage to stage while the candidate's share grows: pooled, the candidate would look dear.
        for share, cost in ((0.1, 1.0), (0.25, 2.0), (0.5, 4.0)):
            n = round(1000 * share)
            strata.append((drawn(rng, n=n, mean=cost), drawn(rng, n=1000 - n, mean=cost)))
            always &= covers(mean_difference(strata, alpha=alpha, n_star=3000), 0.0)
        missed += not always
    assert missed <= most_by_chance(alpha, repetitions)


def test_a_difference_is_found() -> None:
    rng = np.random.default_rng(63)
    difference = mean_difference(
        [(drawn(rng, n=2000, mean=1.2), drawn(rng, n=2000, mean=1.0))], alpha=0.05, n_star=4000
    )
    assert difference is not None
    assert difference.n == 4000
    assert 0 < difference.low < 0.2 < difference.high < 0.4
    assert not covers(difference, 0.0)


def test_one_stratum_is_a_plain_difference() -> None:
    a, b = Values(n=400, mean=3.0, sd=2.0), Values(n=100, mean=2.0, sd=1.0)
    difference = mean_difference([(a, b)], alpha=0.05, n_star=500)
    assert difference is not None
    assert difference.value == pytest.approx(1.0)
    error = math.sqrt(4 / 400 + 1 / 100)
    one_mean = mean_interval(500, 1.0, error * math.sqrt(500), alpha=0.05, n_star=500)
    assert one_mean is not None
    assert (difference.low, difference.high) == (pytest.approx(one_mean.low), pytest.approx(one_mean.high))


def test_strata_weigh_by_the_sessions_that_can_be_compared() -> None:
    # Weights 10·90/100 = 9 and 50·50/100 = 25; squared errors 1/10 + 1/90 = 1/9 and 1/50 + 1/50 = 1/25.
    first = Values(n=10, mean=3.0, sd=1.0), Values(n=90, mean=2.0, sd=1.0)
    second = Values(n=50, mean=9.0, sd=1.0), Values(n=50, mean=6.0, sd=1.0)
    difference = mean_difference([first, second], alpha=0.05, n_star=200)
    one_mean = mean_interval(200, 0.0, math.sqrt(200), alpha=0.05, n_star=200)
    assert difference is not None
    assert one_mean is not None
    assert difference.value == pytest.approx((9 * 1 + 25 * 3) / 34)
    error = math.sqrt(81 / 9 + 625 / 25) / 34
    assert difference.high - difference.value == pytest.approx(error * one_mean.high)


def test_winsorised_values_lose_their_extremes_and_keep_their_place() -> None:
    values = [1.0] * 500 + [9_000.0] + [2.0] * 499
    assert winsorised(values) == [1.0] * 500 + [2.0] * 500
    assert winsorised([3.0]) == [3.0]
    assert winsorised([]) == []
    assert max(winsorised(list(range(1001)), at=0.9)) == 900
