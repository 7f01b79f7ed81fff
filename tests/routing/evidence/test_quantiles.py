"""Quantiles carry exact bounds, or nothing where the values are too few."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.routing.evidence.intervals import quantile_interval
from tests.routing.evidence.rollouts import most_by_chance


@pytest.mark.parametrize(("p", "n"), [(0.5, 6), (0.95, 76), (0.99, 396)])
def test_below_so_many_values_nothing_is_said(p: float, n: int) -> None:
    assert quantile_interval([float(i) for i in range(n - 1)], p) is None
    assert quantile_interval([float(i) for i in range(n)], p) is not None


def test_no_values_and_a_level_out_of_reach_have_no_interval() -> None:
    assert quantile_interval([], 0.5) is None
    # The largest of 396 values lies below the p99 with probability 0.99**396 = 1.9 %: enough for 95 %, not for 99 %.
    values = [float(i) for i in range(396)]
    assert quantile_interval(values, 0.99, level=0.95) is not None
    assert quantile_interval(values, 0.99, level=0.99) is None


@settings(max_examples=40, deadline=None)
@given(st.integers(20, 900), st.sampled_from([0.5, 0.9, 0.95]), st.sampled_from([0.8, 0.95]))
def test_ranks_are_the_binomial_distribution_s(n: int, p: float, level: float) -> None:
    interval = quantile_interval([float(rank) for rank in range(1, n + 1)], p, level=level)
    chances = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    at_most = np.cumsum(chances)
    tail = (1 - level) / 2
    low = max((rank for rank in range(1, n + 1) if at_most[rank - 1] <= tail), default=None)
    high = min((rank for rank in range(1, n + 1) if 1 - at_most[rank - 1] <= tail), default=None)
    if interval is None:
        assert n < 4 * p / (1 - p) or low is None or high is None
    else:
        assert (interval.low, interval.high) == (low, high)


def test_the_value_is_what_percentile_cont_says() -> None:
    rng = np.random.default_rng(71)
    values = np.sort(rng.lognormal(size=1234))
    for p in (0.5, 0.95, 0.99):
        interval = quantile_interval(values, p)
        assert interval is not None
        assert interval.value == pytest.approx(float(np.quantile(values, p)))
        assert interval.low <= interval.value <= interval.high
        assert interval.n == 1234


@pytest.mark.parametrize(("p", "n"), [(0.5, 40), (0.95, 200), (0.99, 600)])
def test_the_interval_covers_as_often_as_its_level_says(p: float, n: int) -> None:
    rng = np.random.default_rng(72)
    missed = 0
    for values in np.sort(rng.random((500, n)), axis=1):
        interval = quantile_interval(values, p)
        assert interval is not None
        missed += not interval.low <= p <= interval.high
    assert missed <= most_by_chance(0.05, 500)


def test_a_million_values_narrow_the_interval() -> None:
    widths = []
    for n in (1000, 100_000, 1_000_000):
        interval = quantile_interval(range(n), 0.95)
        assert interval is not None
        widths.append((interval.high - interval.low) / n)
    assert all(wide > 3 * narrow for wide, narrow in pairwise(widths))
