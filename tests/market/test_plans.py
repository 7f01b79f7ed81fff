from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.market.analysis.levels import find_levels
from apps.market.analysis.plans import PlanRequest, build_trade_plan
from apps.market.analysis.series import trend_of
from apps.market.errors import BadArguments, NotEnoughHistory
from apps.market.tools.results import TradePlan
from apps.market.values import Kind
from tests.market.series import make_analysis, make_bars, make_flat_bars

BOUNDS: list[dict[str, Any]] = [
    {"drift": 0.001},
    {"drift": -0.001},
    {"swing": 0.03},
    {"start": 0.6, "swing": 0.02},
    {"start": 60_000.0},
]
ANALYSES = [make_analysis(make_bars(420, seed, **bounds)) for seed in range(6) for bounds in BOUNDS]


def make_plan(index: int = 0, **request: Any) -> TradePlan:
    analysis = ANALYSES[index]
    return build_trade_plan(analysis, find_levels(analysis), PlanRequest(**request))


def exact(value: float) -> Decimal:
    return Decimal(str(value))


def assert_adds_up(plan: TradePlan) -> None:
    """Every derived number follows from the printed ones."""
    sign = 1 if plan.direction == "long" else -1
    assert sign * (plan.entry - plan.stop) > 0
    assert plan.stop > 0
    ahead = [sign * (target.price - plan.entry) for target in plan.targets]
    assert ahead
    assert ahead == sorted(set(ahead))
    assert ahead[0] > 0
    assert all(target.price > 0 and target.reason for target in plan.targets)
    risk = abs(exact(plan.entry) - exact(plan.stop))
    assert exact(plan.risk_per_share) == risk
    for target in plan.targets:
        assert target.reward_risk == round(float(abs(exact(target.price) - exact(plan.entry))) / float(risk), 2)
    assert plan.reward_risk == plan.targets[0].reward_risk
    budget = exact(plan.account) * exact(plan.risk_pct) / 100
    assert plan.shares >= 0
    assert plan.shares * risk <= budget
    assert plan.shares * exact(plan.entry) <= exact(plan.account)
    assert (plan.shares + 1) * risk > budget or (plan.shares + 1) * exact(plan.entry) > exact(plan.account)
    assert exact(plan.risk_amount) == round(plan.shares * risk, 2)
    assert exact(plan.position_value) == round(plan.shares * exact(plan.entry), 2)
    assert plan.position_pct == float(round(100 * plan.shares * exact(plan.entry) / exact(plan.account), 2))
    assert plan.stop_distance_pct == round(100 * float(risk) / plan.entry, 2)
    assert plan.invalidation
    assert plan.entry_reason
    assert plan.stop_reason


@pytest.mark.parametrize("index", range(len(ANALYSES)))
def test_a_plan_by_default_is_complete_and_adds_up(index: int) -> None:
    plan = make_plan(index)
    assert_adds_up(plan)
    assert plan.stop_distance_atr >= 0.95
    assert plan.direction == ("short" if trend_of(ANALYSES[index]).direction == "down" else "long")
    assert len(plan.assumptions) == 3


@settings(max_examples=150, derandomize=True, database=None, deadline=None)
@given(
    index=st.integers(0, len(ANALYSES) - 1),
    direction=st.sampled_from(["long", "short", None]),
    entry=st.none() | st.floats(0.7, 1.3),
    stop=st.none() | st.floats(0.5, 1.5),
    account=st.none() | st.floats(1, 1e7),
    risk_pct=st.none() | st.floats(0.01, 100),
)
def test_any_plan_that_can_be_built_adds_up(
    index: int,
    direction: str | None,
    entry: float | None,
    stop: float | None,
    account: float | None,
    risk_pct: float | None,
) -> None:
    close = ANALYSES[index].close
    entry, stop = (value if value is None else value * close for value in (entry, stop))
    refused = None
    try:
        assert_adds_up(
            make_plan(index, direction=direction, entry=entry, stop=stop, account=account, risk_pct=risk_pct)
        )
    except BadArguments as error:
        refused = error
    if refused:
        assert stop is not None
        assert "stop" in str(refused)


@settings(max_examples=100, derandomize=True, database=None, deadline=None)
@given(account=st.floats(1, 1e6), risk_pct=st.floats(0.01, 100), stop=st.floats(0.01, 0.99))
def test_a_long_with_its_stop_below_is_always_built(account: float, risk_pct: float, stop: float) -> None:
    close = ANALYSES[2].close
    plan = make_plan(2, direction="long", entry=close, stop=stop * close, account=account, risk_pct=risk_pct)
    assert_adds_up(plan)
    assert plan.stop < plan.entry < plan.targets[0].price
    assert plan.risk_amount <= round(plan.account * risk_pct / 100, 2)


def test_the_arithmetic_of_a_given_plan() -> None:
    plan = make_plan(0, direction="long", entry=100, stop=95, account=25_000, risk_pct=2)
    assert (plan.entry, plan.stop, plan.risk_per_share) == (100, 95, 5)
    assert (plan.shares, plan.risk_amount, plan.position_value, plan.position_pct) == (100, 500, 10_000, 40)
    assert plan.setup == "given"
    assert plan.assumptions == []


def test_shares_are_capped_by_what_the_account_can_pay() -> None:
    plan = make_plan(0, direction="long", entry=100, stop=99, account=10_000, risk_pct=5)
    assert plan.shares == 100
    assert plan.risk_amount == 100
    assert any("pays for 100 shares" in warning for warning in plan.warnings)


def test_an_account_too_small_for_one_share_says_so() -> None:
    plan = make_plan(0, direction="long", entry=100, stop=95, account=50)
    assert plan.shares == 0
    assert any("too small" in warning for warning in plan.warnings)


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        ({"account": -5}, "account"),
        ({"account": 0}, "account"),
        ({"account": float("nan")}, "account"),
        ({"account": float("inf")}, "account"),
        ({"risk_pct": 0}, "risk"),
        ({"risk_pct": -1}, "risk"),
        ({"risk_pct": 100.5}, "risk"),
        ({"risk_pct": float("nan")}, "risk"),
        ({"entry": 0}, "entry"),
        ({"stop": -1}, "stop"),
        ({"direction": "sideways"}, "direction"),
        ({"stop_pct": 0}, "distance"),
        ({"stop_pct": 100}, "distance"),
        ({"stop": 100, "stop_pct": 5}, "not both"),
        ({"direction": "long", "entry": 100, "stop": 105}, "below the entry"),
        ({"direction": "long", "entry": 100, "stop": 100}, "below the entry"),
        ({"direction": "short", "entry": 100, "stop": 95}, "above the entry"),
        ({"direction": "short", "entry": 100, "stop": 260}, "nearer stop"),
    ],
)
def test_input_that_makes_no_sense_is_refused_with_a_sentence(request_: dict[str, Any], word: str) -> None:
    with pytest.raises(BadArguments, match=word) as caught:
        make_plan(0, **request_)
    assert str(caught.value).endswith(".")


def test_too_few_bars_are_refused() -> None:
    analysis = make_analysis(make_bars(80))
    with pytest.raises(NotEnoughHistory, match="80 daily bars"):
        find_levels(analysis)


def test_a_stop_given_below_the_entry_means_a_long_even_in_a_falling_trend() -> None:
    index = next(i for i, analysis in enumerate(ANALYSES) if trend_of(analysis).direction == "down")
    close = ANALYSES[index].close
    plan = make_plan(index, entry=close, stop=close * 0.95)
    assert plan.direction == "long"
    assert any("goes against it" in warning for warning in plan.warnings)


def test_a_stop_alone_is_met_by_an_entry_on_its_right_side() -> None:
    for index, analysis in enumerate(ANALYSES):
        plan = make_plan(index, direction="long", stop=analysis.close - 0.8 * analysis.atr)
        assert plan.stop < plan.entry


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        ({"risk_pct": 2.5}, "more than 2 %"),
        ({"stop": 0.99}, "0.5 ATR"),
        ({"entry": 0.75, "stop": 0.7}, "may not be reached"),
    ],
)
def test_what_is_weak_is_warned_about(request_: dict[str, float], word: str) -> None:
    analysis = ANALYSES[2]
    scaled = {name: value * analysis.close if name != "risk_pct" else value for name, value in request_.items()}
    plan = make_plan(2, **{"direction": "long", "entry": analysis.close, **scaled})
    assert any(word in warning for warning in plan.warnings), plan.warnings


def test_a_target_that_pays_less_than_one_and_a_half_times_the_risk_is_warned_about() -> None:
    plans = [make_plan(index) for index in range(len(ANALYSES))]
    weak = [plan for plan in plans if plan.reward_risk < 1.5]
    assert weak
    assert len(weak) < len(plans)
    for plan in plans:
        warned = any(f"Reward to risk is {plan.reward_risk:g} " in warning for warning in plan.warnings)
        assert warned == (plan.reward_risk < 1.5)


def test_a_level_is_a_target_only_where_it_pays_at_least_the_risk() -> None:
    targets = [target for index in range(len(ANALYSES)) for target in make_plan(index).targets]
    assert min(target.reward_risk for target in targets) >= 1
    assert {target.reason.endswith("for want of a level there") for target in targets} == {True, False}


def test_the_entry_is_the_setup_with_most_reasons_within_reach() -> None:
    chosen = set()
    for index, analysis in enumerate(ANALYSES):
        plan, levels = make_plan(index, direction="long"), find_levels(analysis)
        setups = [level for level in (levels.ltb, levels.st, levels.qe, *levels.support[:1]) if level]
        within = [level for level in setups if abs(level.distance_atr) <= 4]
        if within:
            best = next(level for level in setups if (level.name, level.price) == (plan.setup, plan.entry))
            assert len(best.reasons) == max(len(level.reasons) for level in within)
            assert plan.entry_reason == "; ".join(best.reasons)
        elif setups:
            assert abs(plan.entry - levels.close) == min(abs(level.price - levels.close) for level in setups)
        chosen.add(plan.setup)
    assert len(chosen) >= 3


def test_a_short_enters_at_resistance() -> None:
    for index, analysis in enumerate(ANALYSES):
        plan = make_plan(index, direction="short")
        if plan.setup == "resistance":
            assert plan.entry > analysis.close
        else:
            assert (plan.setup, find_levels(analysis).resistance) == ("close", [])


def test_a_level_before_the_first_target_is_named() -> None:
    found = 0
    for index, analysis in enumerate(ANALYSES):
        plan = make_plan(index)
        levels = find_levels(analysis)
        opposite = levels.resistance if plan.direction == "long" else levels.support
        between = [level for level in opposite if 0 < abs(level.price - plan.entry) < plan.risk_per_share - 1e-9]
        between = [level for level in between if (level.price > plan.entry) == (plan.direction == "long")]
        assert bool(between) == any("before the first target" in warning for warning in plan.warnings)
        found += bool(between)
    assert found


@pytest.mark.parametrize(("kind", "word"), [(Kind.SIMULATED, "simulated"), (Kind.SAMPLE, "1 Mar 2013")])
def test_a_plan_on_prices_that_cannot_be_traded_says_so(kind: Kind, word: str) -> None:
    analysis = make_analysis(make_bars(300), kind=kind)
    plan = build_trade_plan(analysis, find_levels(analysis), PlanRequest())
    assert any(word in warning and "exercise" in warning for warning in plan.warnings)


def test_a_plan_on_real_prices_carries_no_such_warning() -> None:
    analysis = make_analysis(make_bars(300), kind=Kind.REAL)
    plan = build_trade_plan(analysis, find_levels(analysis), PlanRequest())
    assert not any("exercise" in warning for warning in plan.warnings)


def test_few_bars_are_warned_about() -> None:
    analysis = make_analysis(make_bars(196))
    plan = build_trade_plan(analysis, find_levels(analysis), PlanRequest())
    assert any("Only 196 bars" in warning for warning in plan.warnings)


def test_the_stop_stands_beyond_structure_where_there_is_any() -> None:
    reasons = set()
    for index, analysis in enumerate(ANALYSES):
        plan = make_plan(index, direction="long")
        levels = find_levels(analysis)
        structure = [
            level.price
            for level in [*levels.support, *levels.resistance]
            if 0.5 * levels.atr_14 <= plan.entry - level.price <= 2 * levels.atr_14
        ]
        if structure:
            assert plan.stop < max(structure)
            assert f"{max(structure):,.2f}" in plan.stop_reason or max(structure) < 1
        reasons.add(bool(structure))
    assert reasons == {True, False}


def test_without_any_level_the_plan_starts_from_the_close_and_counts_in_risk() -> None:
    closes = [100.0] * 130 + [100 + 4.0 * i for i in range(1, 30)]
    analysis = make_analysis(make_flat_bars(closes, reach=3))
    levels = find_levels(analysis)
    plan = build_trade_plan(analysis, levels, PlanRequest(direction="long", stop=analysis.close - 2))
    assert plan.stop < plan.entry
    assert_adds_up(plan)
    assert plan.targets[-1].reason.endswith("for want of a level there")


@pytest.mark.parametrize(("direction", "sign"), [("long", 1), ("short", -1)])
def test_a_stop_that_the_last_close_has_passed_is_the_first_warning(direction: str, sign: int) -> None:
    close = ANALYSES[0].close
    passed = make_plan(direction=direction, entry=close * (1 + 0.1 * sign), stop=close * (1 + 0.02 * sign))
    reached = make_plan(direction=direction, entry=close * (1 + 0.1 * sign), stop=close)
    ahead = make_plan(direction=direction, entry=close * (1 + 0.1 * sign), stop=close * (1 - 0.02 * sign))
    assert all(plan.warnings[0].startswith("The last close is already beyond the stop") for plan in (passed, reached))
    assert not any("beyond the stop" in warning for warning in ahead.warnings)


@pytest.mark.parametrize(("direction", "sign"), [("long", 1), ("short", -1)])
def test_a_stop_in_percent_is_measured_from_the_entry(direction: str, sign: int) -> None:
    plan = make_plan(direction=direction, entry=200.0, stop_pct=5)
    assert plan.stop == 200 - sign * 10
    assert plan.stop_reason.startswith("5 % ")
    assert_adds_up(plan)


def test_a_large_position_is_warned_about_with_the_places_it_is_printed_with() -> None:
    plan = make_plan(entry=200.0, stop=199.0)
    assert any(f"takes {plan.position_pct:.2f} % of the account" in warning for warning in plan.warnings)
