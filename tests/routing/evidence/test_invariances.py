"""What must not change a judgement, and what may change it in one direction only."""

import math
from dataclasses import astuple, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.routing.evidence.processes import rate_ceiling
from apps.routing.evidence.weighing import Cell, Judgement, Verdict, judge, sample_ratio
from tests.routing.evidence.rollouts import make_cell

SHARES = [0.0001, 0.1, 0.25, 0.5, 0.9]


@st.composite
def cells(draw: st.DrawFn, share: float | None = None) -> Cell:
    share = share or draw(st.sampled_from(SHARES))
    n_candidate, n_control = draw(st.integers(0, 3000)), draw(st.integers(0, 3000))
    return make_cell(
        share / (1 - share),
        (draw(st.integers(0, min(n_candidate, 60))), n_candidate),
        (draw(st.integers(0, min(n_control, 60))), n_control),
    )


def judged(some: list[Cell]) -> Judgement:
    return judge(some, alpha_harm=0.01, alpha_safe=0.05, safe_margin=0.02)


def alike(one: Judgement, other: Judgement) -> bool:
    """Equal to what rounding leaves; the forecast may differ by a session."""
    forecasts = [(j.more_sessions or 0) for j in (one, other)]
    if abs(forecasts[0] - forecasts[1]) > 1:
        return False
    pairs = zip(astuple(replace(one, more_sessions=0)), astuple(replace(other, more_sessions=0)), strict=True)
    return all(a == (pytest.approx(b, rel=1e-6, abs=1e-9) if isinstance(b, float) else b) for a, b in pairs)


@settings(max_examples=40, deadline=None)
@given(st.lists(cells(), max_size=4).flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))))
def test_the_order_of_cells_does_not_matter(pair: tuple[list[Cell], list[Cell]]) -> None:
    assert alike(judged(pair[0]), judged(pair[1]))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SHARES).flatmap(lambda share: st.tuples(cells(share), cells(share))), cells())
def test_two_cells_of_equal_odds_are_one(pair: tuple[Cell, Cell], other: Cell) -> None:
    a, b = pair
    both = make_cell(
        a.odds,
        (a.bad_candidate + b.bad_candidate, a.n_candidate + b.n_candidate),
        (a.bad_control + b.bad_control, a.n_control + b.n_control),
    )
    assert alike(judged([a, other, b]), judged([both, other]))


@settings(max_examples=40, deadline=None)
@given(st.lists(cells(), min_size=1, max_size=3))
def test_swapping_the_arms_turns_the_ratio_and_its_bounds_upside_down(some: list[Cell]) -> None:
    swapped = [
        make_cell(1 / cell.odds, (cell.bad_control, cell.n_control), (cell.bad_candidate, cell.n_candidate))
        for cell in some
    ]
    one, other = judged(some), judged(swapped)

    def turned(ratio: float | None) -> float:
        return math.inf if not ratio else 1 / ratio

    if one.bad_candidate and one.bad_control:
        assert other.risk_ratio == pytest.approx(turned(one.risk_ratio), rel=1e-6)
    assert turned(other.risk_ratio_low) == pytest.approx(one.risk_ratio_high or math.inf, rel=1e-6)
    assert turned(one.risk_ratio_low) == pytest.approx(other.risk_ratio_high or math.inf, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(cells(), cells())
def test_a_candidate_session_that_turns_bad_is_more_evidence_of_harm(one: Cell, other: Cell) -> None:
    good = replace(one, n_candidate=one.n_candidate + 1)
    before, after = judged([good, other]), judged([replace(good, bad_candidate=one.bad_candidate + 1), other])
    assert after.log_e > before.log_e
    assert after.risk_ratio_low >= before.risk_ratio_low * (1 - 1e-9)
    assert (after.risk_ratio_high or math.inf) >= (before.risk_ratio_high or math.inf) * (1 - 1e-9)
    assert after.excess_ceiling >= before.excess_ceiling - 1e-9


@settings(max_examples=40, deadline=None)
@given(cells(), cells())
def test_a_control_session_that_turns_bad_is_less_evidence_of_harm(one: Cell, other: Cell) -> None:
    good = replace(one, n_control=one.n_control + 1)
    before, after = judged([good, other]), judged([replace(good, bad_control=one.bad_control + 1), other])
    assert after.log_e < before.log_e
    assert after.risk_ratio_low <= before.risk_ratio_low * (1 + 1e-9)
    assert (after.risk_ratio_high or math.inf) <= (before.risk_ratio_high or math.inf) * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(cells(), max_size=3))
def test_the_estimate_lies_within_its_bounds_and_the_verdict_agrees_with_the_figures(some: list[Cell]) -> None:
    judgement = judged(some)
    assert judgement.risk_ratio_low >= 0
    if judgement.risk_ratio is not None:
        assert judgement.risk_ratio_low <= judgement.risk_ratio <= (judgement.risk_ratio_high or math.inf)
    is_harmful = judgement.log_e >= math.log(judgement.threshold)
    # The ceiling is found by halving; so near the margin it may lie on either side of it.
    if abs(judgement.excess_ceiling - 0.02) > 1e-9:
        is_safe = judgement.excess_ceiling <= 0.02
        expected = Verdict.HARMFUL if is_harmful else Verdict.SAFE if is_safe else Verdict.INCONCLUSIVE
        assert judgement.verdict == expected


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 50), st.integers(0, 5000), st.sampled_from([0.2, 0.05, 0.01]))
def test_the_ceiling_of_a_rate_falls_with_good_sessions_and_rises_with_bad_ones(bad: int, good: int, a: float) -> None:
    ceiling = rate_ceiling(bad=bad, n=bad + good, alpha=a)
    assert bad / max(bad + good, 1) <= ceiling <= 1
    assert rate_ceiling(bad=bad, n=bad + good + 100, alpha=a) <= ceiling
    assert rate_ceiling(bad=bad + 1, n=bad + good + 1, alpha=a) >= ceiling
    assert rate_ceiling(bad=bad, n=bad + good, alpha=a / 2) >= ceiling


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(SHARES), st.integers(0, 2000), st.integers(0, 2000))
def test_a_sample_ratio_is_the_same_from_either_side(share: float, n_candidate: int, n_control: int) -> None:
    odds = share / (1 - share)
    one = sample_ratio([(odds, n_candidate, n_control)])
    other = sample_ratio([(1 / odds, n_control, n_candidate)])
    assert one.log_e == pytest.approx(other.log_e, rel=1e-6, abs=1e-6)
    assert one.is_mismatch == other.is_mismatch
