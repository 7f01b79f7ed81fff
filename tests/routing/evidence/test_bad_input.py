"""What cannot be counts, odds or levels is refused in a sentence."""

import math

import pytest

from apps.routing.evidence.intervals import quantile_interval
from apps.routing.evidence.weighing import Cell, judge, sample_ratio, split_alpha


@pytest.mark.parametrize("counts", [(-1, 5, 0, 0), (5, -1, 0, 0), (5, 5, 6, 0), (5, 5, 0, 6), (5, 5, -1, 0)])
def test_a_cell_has_between_none_and_all_of_its_sessions_bad(counts: tuple[int, int, int, int]) -> None:
    n_candidate, n_control, bad_candidate, bad_control = counts
    with pytest.raises(ValueError, match="between none and all of its sessions bad"):
        Cell(odds=1, n_candidate=n_candidate, n_control=n_control, bad_candidate=bad_candidate, bad_control=bad_control)


@pytest.mark.parametrize("odds", [-0.1, math.nan])
def test_odds_are_at_least_0(odds: float) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        Cell(odds=odds, n_candidate=1, n_control=1, bad_candidate=0, bad_control=0)
    with pytest.raises(ValueError, match="at least 0"):
        sample_ratio([(odds, 1, 1)])


@pytest.mark.parametrize("name", ["alpha_harm", "alpha_safe", "safe_margin", "harm_margin"])
@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan])
def test_levels_and_margins_are_above_0_and_finite(name: str, value: float) -> None:
    rule = {"alpha_harm": 0.01, "alpha_safe": 0.05, "safe_margin": 0.02, "harm_margin": 1.0} | {name: value}
    with pytest.raises(ValueError, match=name):
        judge([], **rule)


def test_sessions_are_not_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        sample_ratio([(1, 1, -1)])
    with pytest.raises(ValueError, match="alpha"):
        sample_ratio([], alpha=0)


@pytest.mark.parametrize("weights", [{}, {"a": 0.0}, {"a": 1.0, "b": -1.0}, {"a": math.inf}, {"a": math.nan}])
def test_each_guardrail_has_a_weight(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="weight above 0"):
        split_alpha(0.01, weights)


@pytest.mark.parametrize(("p", "level"), [(0, 0.95), (1, 0.95), (0.5, 1), (0.5, 0)])
def test_a_quantile_lies_between_0_and_1(p: float, level: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile_interval([1.0] * 100, p, level=level)
