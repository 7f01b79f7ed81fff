"""SAFE is said of a candidate that is as good as the control, and hardly ever of one at the margin."""

import numpy as np
import pytest

from apps.routing.evidence.forecast import Rule, is_harmful, is_safe
from apps.routing.evidence.weighing import Verdict, judge, worst_case_sessions_per_week
from tests.routing.evidence.rollouts import Rollouts, Stage, first_time, make_cell, most_by_chance, ramp, with_outage

ALPHA_SAFE, MARGIN = 0.05, 0.02
RULE = Rule(log_harm=-np.log(0.009), log_safe=-np.log(ALPHA_SAFE / 2), safe_margin=MARGIN, harm_margin=1.0)


def until_safe(stages: list[Stage], *, repetitions: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sessions until SAFE and until HARMFUL, a look every 50 sessions."""
    sample, sessions = Rollouts.draw(stages, repetitions=repetitions, rng=np.random.default_rng(seed)).at_each(50)
    return first_time(is_safe(sample, RULE), sessions), first_time(is_harmful(sample, RULE), sessions)


@pytest.mark.parametrize("base", [0.002, 0.01, 0.05])
def test_a_candidate_at_the_margin_is_rarely_called_safe(base: float) -> None:
    safe, _ = until_safe(ramp(base, ratio=1 + MARGIN / base), repetitions=200, seed=41)
    assert np.sum(np.isfinite(safe)) <= most_by_chance(ALPHA_SAFE, 200)


def test_an_outage_does_not_make_a_candidate_at_the_margin_safe() -> None:
    stages = with_outage(ramp(0.01, ratio=3), rate=0.6, start=1000, n=200)
    safe, _ = until_safe(stages, repetitions=200, seed=42)
    assert np.sum(np.isfinite(safe)) <= most_by_chance(ALPHA_SAFE, 200)


def test_failures_that_grow_with_the_share_do_not_make_an_excess_look_small() -> None:
    # The control's sessions are mostly early and quiet, the candidate's mostly late.
    bases, ratio = np.array([0.002, 0.01, 0.05]), 1.9
    stages = [
        Stage(share=share, n=3000, base=base, ratio=ratio) for share, base in zip((0.1, 0.25, 0.5), bases, strict=True)
    ]
    sample, _ = Rollouts.draw(stages, repetitions=300, rng=np.random.default_rng(44)).at_each(50)
    n = sample.n_candidate.sum(axis=-1)
    excess = (ratio - 1) * (sample.n_candidate @ bases) / np.maximum(n, 1)
    wrong = is_safe(sample, RULE) & (excess > MARGIN)
    assert (excess > MARGIN).any(axis=1).all()
    assert np.sum(wrong.any(axis=1)) <= most_by_chance(ALPHA_SAFE, 300)


@pytest.mark.parametrize(
    ("share", "base", "median"), [(0.1, 0.01, 7000), (0.5, 0.01, 2600), (0.5, 0.02, 4200), (0.5, 0.001, 1000)]
)
def test_a_candidate_as_good_as_the_control_is_called_safe_in_time(share: float, base: float, median: int) -> None:
    safe, harmful = until_safe([Stage(share=share, n=8000, base=base)], repetitions=100, seed=43)
    assert np.median(safe) <= median
    assert np.mean(harmful < safe) <= 0.03


def test_a_candidate_that_never_fails_is_safe_without_a_control_that_fails() -> None:
    judgement = judge([make_cell(1, (0, 500), (0, 500))], alpha_harm=0.009, alpha_safe=ALPHA_SAFE, safe_margin=MARGIN)
    assert judgement.verdict == Verdict.SAFE
    assert judgement.risk_ratio_high is None
    assert 0 < judgement.excess_ceiling <= MARGIN


def test_a_control_that_fails_always_makes_nobody_safe() -> None:
    judgement = judge([make_cell(1, (1, 1), (1, 1))], alpha_harm=0.009, alpha_safe=ALPHA_SAFE, safe_margin=MARGIN)
    assert judgement.verdict == Verdict.INCONCLUSIVE
    assert judgement.excess_ceiling > 0.9


def test_a_candidate_without_a_session_is_not_safe() -> None:
    cell = make_cell(1, (0, 0), (300, 3000))
    judgement = judge([cell], alpha_harm=0.009, alpha_safe=ALPHA_SAFE, safe_margin=MARGIN)
    assert (judgement.verdict, judgement.excess_ceiling) == (Verdict.INCONCLUSIVE, 1.0)


def test_harm_goes_before_safety() -> None:
    # 1.3 against 0.3 %: surely harmful, and surely less than two points worse.
    cell = make_cell(1, (130, 10_000), (30, 10_000))
    judgement = judge([cell], alpha_harm=0.009, alpha_safe=ALPHA_SAFE, safe_margin=MARGIN)
    assert judgement.excess_ceiling <= MARGIN
    assert judgement.verdict == Verdict.HARMFUL


@pytest.mark.parametrize(
    ("excess", "share", "sessions", "most"), [(0.02, 0.25, 2800, 14), (0.0201, 0.25, 2800, 15), (-0.01, 0.5, 900, 0)]
)
def test_the_worst_week_counts_whole_sessions(excess: float, share: float, sessions: int, most: int) -> None:
    assert worst_case_sessions_per_week(excess_ceiling=excess, share=share, sessions_per_week=sessions) == most
