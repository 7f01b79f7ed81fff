"""Intervals of rates and means: known values, coverage by simulation, and nothing said of nothing."""

import numpy as np
import pytest

from apps.metrics.rollups.figures import TurnFigures
from apps.metrics.rollups.intervals import mean_of, rate_of


def test_wilsons_interval_of_known_values() -> None:
    # Newcombe 1998, table I: 81 of 263, and 15 of 148.
    for hits, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)):
        found = rate_of(hits, n)
        assert found is not None
        assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
        assert (found.value, found.n) == (hits / n, n)


def test_a_rate_of_nothing_is_not_told_and_its_ends_are_bounds() -> None:
    assert rate_of(0, 0) is None
    none, every = rate_of(0, 20), rate_of(20, 20)
    assert none is not None
    assert every is not None
    assert (none.low, every.high) == (0.0, 1.0)
    assert none.high == pytest.approx(1 - every.low)
    assert 0.1 < none.high < 0.2


def test_a_mean_has_the_interval_that_its_standard_error_gives() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    found = mean_of(n=8, total=float(values.sum()), squares=float((values**2).sum()))
    assert found is not None
    half = 1.959964 * float(np.std(values, ddof=1)) / 8**0.5
    assert (found.value, found.low, found.high) == (4.5, pytest.approx(4.5 - half), pytest.approx(4.5 + half))


def test_a_mean_of_five_is_not_told_and_equal_amounts_have_no_width() -> None:
    assert mean_of(n=5, total=5.0, squares=5.0) is None
    found = mean_of(n=10, total=1.0, squares=0.1)
    assert found is not None
    assert found.high - found.low == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("n", [30, 300])
def test_both_cover_about_as_often_as_they_say(n: int) -> None:
    rng = np.random.default_rng(5)
    covered_rate = covered_mean = 0
    for _ in range(1000):
        rate = rate_of(int(rng.binomial(n, 0.1)), n)
        values = rng.normal(10, 2, n)
        mean = mean_of(n=n, total=float(values.sum()), squares=float((values**2).sum()))
        assert rate is not None
        assert mean is not None
        covered_rate += rate.low <= 0.1 <= rate.high
        covered_mean += mean.low <= 10 <= mean.high
    assert covered_rate > 930
    assert covered_mean > 920


def test_rates_of_turns_leave_out_what_says_nothing() -> None:
    figures = TurnFigures(
        turns=100,
        succeeded=80,
        failed=10,
        stopped=10,
        asked_first=50,
        failed_first=5,
        cost_unknown=90,
        cost_usd=1.0,
        cost_usd_sq=0.1,
    )
    assert figures.error_rate is not None
    assert (figures.error_rate.value, figures.error_rate.n) == (10 / 90, 90)
    assert figures.backend_error_rate is not None
    assert (figures.backend_error_rate.value, figures.backend_error_rate.n) == (0.1, 50)
    assert figures.cost_per_turn is not None
    assert (figures.cost_per_turn.value, figures.cost_per_turn.n) == (0.1, 10)
    assert figures.disclaimer_rate is None
    assert figures.tokens_per_turn is None
