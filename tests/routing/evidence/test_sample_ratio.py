"""Sessions that go missing in one arm are found; a ramp that is followed is no mismatch."""

import math

import numpy as np
import pytest

from apps.routing.evidence.processes import ASTRAY, Counts, log_e_of_ratio
from apps.routing.evidence.weighing import sample_ratio
from tests.routing.evidence.rollouts import first_time, most_by_chance

SHARES = np.array([0.1, 0.25, 0.5])
PER_STAGE, EVERY = 3000, 20
STAGE_OF = np.repeat(np.arange(3), PER_STAGE // EVERY)


def found(*, lost: float, repetitions: int, seed: int, alpha: float = 0.001) -> np.ndarray:
    """The sessions meant to be there when the mismatch is first seen."""
    rng = np.random.default_rng(seed)
    drawn = rng.binomial(EVERY, SHARES[STAGE_OF], size=(repetitions, STAGE_OF.size))
    arrived = rng.binomial(drawn, 1 - lost)
    in_stage = STAGE_OF[:, np.newaxis] == np.arange(3)
    counts = Counts(
        odds=SHARES / (1 - SHARES),
        candidate=np.cumsum(arrived[..., np.newaxis] * in_stage, axis=1).astype(float),
        control=np.cumsum((EVERY - drawn)[..., np.newaxis] * in_stage, axis=1).astype(float),
    )
    reached = log_e_of_ratio(counts, ratio=1.0, mixture=ASTRAY) >= -np.log(alpha)
    return first_time(reached, np.arange(1, STAGE_OF.size + 1) * EVERY)


def test_a_ramp_that_is_followed_is_no_mismatch() -> None:
    alarms = np.sum(np.isfinite(found(lost=0, repetitions=1000, seed=51)))
    assert alarms <= most_by_chance(0.001, 1000)
    # The same at an alpha of which 1,000 rollouts see more.
    alarms = np.sum(np.isfinite(found(lost=0, repetitions=1000, seed=52, alpha=0.05)))
    assert alarms <= most_by_chance(0.05, 1000)


@pytest.mark.parametrize(("lost", "median"), [(0.2, 3600), (0.5, 900)])
def test_lost_sessions_are_found(lost: float, median: int) -> None:
    assert np.median(found(lost=lost, repetitions=400, seed=53)) <= median


def test_lost_control_sessions_are_found_too() -> None:
    assert sample_ratio([(1, 2000, 1600)]).is_mismatch
    assert sample_ratio([(1, 1600, 2000)]).is_mismatch
    assert not sample_ratio([(1, 1600, 1600)]).is_mismatch


def test_one_session_weighs_as_the_odds_say() -> None:
    weights = np.exp(ASTRAY.log_weights)
    assert float(np.sum(weights)) == pytest.approx(1)
    by_hand = float(np.sum(weights * ASTRAY.multipliers / (0.9 + 0.1 * ASTRAY.multipliers)))
    assert sample_ratio([(1 / 9, 1, 0)]).e_value == pytest.approx(by_hand)


def test_the_expected_share_is_that_of_the_odds_at_assignment() -> None:
    ratio = sample_ratio([(1 / 9, 100, 900), (1, 500, 500), (math.inf, 700, 0), (0, 0, 700)])
    assert ratio.n == 2000
    assert ratio.expected_share == pytest.approx(0.3)
    assert ratio.observed_share == pytest.approx(0.3)
    assert not ratio.is_mismatch
    assert ratio.threshold == pytest.approx(1000)


def test_without_a_session_there_is_no_share() -> None:
    ratio = sample_ratio([])
    assert (ratio.n, ratio.expected_share, ratio.observed_share, ratio.is_mismatch) == (0, None, None, False)


def test_evidence_beyond_a_float_is_a_mismatch_without_an_e_value() -> None:
    ratio = sample_ratio([(1, 90_000, 10_000)])
    assert ratio.e_value is None
    assert ratio.is_mismatch
    assert ratio.log_e > 1000
