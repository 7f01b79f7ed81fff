"""How many more sessions a verdict needs, and which it will be."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.routing.evidence.weighing import Cell, Judgement, Verdict, judge
from tests.routing.evidence.rollouts import make_cell


def judged(*cells: Cell) -> Judgement:
    return judge(cells, alpha_harm=0.009, alpha_safe=0.05, safe_margin=0.02)


def scaled(cell: Cell, times: float) -> Cell:
    return make_cell(
        cell.odds,
        (round(cell.bad_candidate * times), round(cell.n_candidate * times)),
        (round(cell.bad_control * times), round(cell.n_control * times)),
    )


def test_a_verdict_needs_no_more_sessions() -> None:
    safe, harmful = judged(make_cell(1, (20, 2000), (20, 2000))), judged(make_cell(1, (60, 2000), (10, 2000)))
    assert (safe.verdict, safe.more_sessions, safe.leads_to) == (Verdict.SAFE, 0, Verdict.SAFE)
    assert (harmful.verdict, harmful.more_sessions, harmful.leads_to) == (Verdict.HARMFUL, 0, Verdict.HARMFUL)


@pytest.mark.parametrize(
    ("cell", "leads_to"),
    [
        (make_cell(1, (10, 1000), (10, 1000)), Verdict.SAFE),
        (make_cell(1, (30, 1000), (14, 1000)), Verdict.HARMFUL),
        (make_cell(1 / 9, (5, 500), (45, 4500)), Verdict.SAFE),
    ],
)
def test_going_on_like_this_leads_there(cell: Cell, leads_to: Verdict) -> None:
    now = judged(cell)
    assert (now.verdict, now.leads_to) == (Verdict.INCONCLUSIVE, leads_to)
    assert now.more_sessions is not None
    n = cell.n_candidate + cell.n_control
    # The forecast pulls the ratio a little towards 1; the observed counts reach the verdict near it.
    assert judged(scaled(cell, 1 + 1.2 * now.more_sessions / n)).verdict == leads_to
    assert judged(scaled(cell, 1 + 0.7 * now.more_sessions / n)).verdict == Verdict.INCONCLUSIVE


def test_nothing_bad_so_far_leads_to_safe() -> None:
    judgement = judged(make_cell(1, (0, 100), (0, 100)))
    assert judgement.leads_to == Verdict.SAFE
    assert judgement.more_sessions is not None
    assert 300 < judgement.more_sessions < 3000


def test_what_a_hundred_times_the_sessions_cannot_tell_has_no_forecast() -> None:
    judgement = judged(make_cell(1, (1, 2), (1, 2)))
    assert (judgement.verdict, judgement.more_sessions, judgement.leads_to) == (Verdict.INCONCLUSIVE, None, None)


def test_more_sessions_of_the_same_kind_shorten_the_way() -> None:
    ways = [judged(make_cell(1, (n // 100, n), (n // 100, n))).more_sessions for n in (400, 700, 1000, 1300)]
    assert all(way is not None for way in ways)
    assert ways == sorted(ways, key=lambda way: -(way or math.inf))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 9), st.integers(0, 400), st.integers(0, 9), st.integers(0, 400), st.sampled_from([1 / 9, 1, 3]))
def test_a_forecast_is_whole_and_names_a_verdict_or_is_missing(
    bad_a: int, good_a: int, bad_b: int, good_b: int, odds: float
) -> None:
    judgement = judged(make_cell(odds, (bad_a, bad_a + good_a), (bad_b, bad_b + good_b)))
    assert (judgement.more_sessions is None) == (judgement.leads_to is None)
    assert judgement.leads_to != Verdict.INCONCLUSIVE
    if judgement.more_sessions is not None:
        assert (judgement.more_sessions == 0) == (judgement.verdict != Verdict.INCONCLUSIVE)
        assert judgement.more_sessions <= 99 * (judgement.n_candidate + judgement.n_control)
