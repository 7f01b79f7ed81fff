"""A bound holds at every look at once: how often it is ever wrong stays within its alpha.

A bound lies beyond the truth exactly while the process at the truth is below 1/alpha, which is tested first; the
simulations then look at that process alone.
"""

import numpy as np
import pytest

from apps.routing.evidence.processes import (
    BELOW,
    Counts,
    log_e_of_rate,
    log_e_of_ratio,
    rate_ceiling,
    ratio_ceiling,
    ratio_floor,
)
from tests.routing.evidence.rollouts import Rollouts, Stage, most_by_chance

ALPHA = 0.05
REPETITIONS = 1000


def test_a_bound_of_the_ratio_lies_where_its_process_crosses() -> None:
    rng = np.random.default_rng(31)
    odds = np.array([1 / 9, 1.0])
    n_bounded = 0
    for _ in range(60):
        counts = Counts(
            odds=odds, candidate=rng.poisson(4, 2).astype(float), control=rng.poisson((20, 4)).astype(float)
        )
        for ratio in (0.3, 1.0, 3.0):
            high, low = ratio_ceiling(counts, alpha=ALPHA), ratio_floor(counts, alpha=ALPHA)
            above = log_e_of_ratio(counts, ratio=ratio, mixture=BELOW) >= -np.log(ALPHA)
            below = log_e_of_ratio(counts.swapped(), ratio=1 / ratio, mixture=BELOW) >= -np.log(ALPHA)
            assert (high is not None and high < ratio) == above
            assert (low > ratio) == below
            n_bounded += int(above) + int(below)
    assert n_bounded > 20


def test_a_ceiling_of_the_rate_lies_where_its_process_crosses() -> None:
    for bad, n in ((0, 50), (0, 400), (3, 400), (40, 400), (399, 400)):
        for rate in (0.01, 0.05, 0.2, 0.9):
            is_rejected = log_e_of_rate(bad=bad, n=n, rate=rate, mixture=BELOW) >= -np.log(ALPHA)
            assert (rate_ceiling(bad=bad, n=n, alpha=ALPHA) < rate) == is_rejected


@pytest.mark.parametrize("ratio", [0.5, 1.0, 3.0])
def test_the_bounds_of_a_ratio_cover_it_while_rates_and_shares_change(ratio: float) -> None:
    drift = np.concatenate([np.linspace(0.002, 0.05, 1500), np.full(500, 0.005), np.full(200, 0.3)])
    stages = [Stage(share=share, n=drift.size, base=drift, ratio=ratio) for share in (0.1, 0.25, 0.5)]
    rollouts = Rollouts.draw(stages, repetitions=REPETITIONS // 2, rng=np.random.default_rng(32))
    counts, _ = rollouts.at_each_bad_session()
    too_low = log_e_of_ratio(counts, ratio=ratio, mixture=BELOW) >= -np.log(ALPHA)
    too_high = log_e_of_ratio(counts.swapped(), ratio=1 / ratio, mixture=BELOW) >= -np.log(ALPHA)
    for wrong in (too_low, too_high):
        assert np.sum(wrong.any(axis=1)) <= most_by_chance(ALPHA, REPETITIONS // 2)


@pytest.mark.parametrize(
    "rates",
    [
        pytest.param(np.full(3000, 0.01), id="constant"),
        pytest.param(np.linspace(0.001, 0.08, 3000), id="growing"),
        pytest.param(np.linspace(0.08, 0.001, 3000), id="shrinking"),
        pytest.param(np.where(np.arange(3000) % 500 < 50, 0.5, 0.005), id="outages"),
    ],
)
def test_the_ceiling_of_a_rate_covers_the_average_so_far(rates: np.ndarray) -> None:
    rng = np.random.default_rng(33)
    bad = np.cumsum(rng.random((REPETITIONS, rates.size)) < rates, axis=1)[:, 9::10]
    n = np.arange(1, rates.size + 1)
    average = np.cumsum(rates) / n
    wrong = log_e_of_rate(bad=bad, n=n[9::10], rate=average[9::10], mixture=BELOW) >= -np.log(ALPHA)
    assert np.sum(wrong.any(axis=1)) <= most_by_chance(ALPHA, REPETITIONS)
