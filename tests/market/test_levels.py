import re

import pytest

from apps.market.analysis.levels import NO_EDGE, RANGE_PCT, find_levels
from apps.market.analysis.pivots import REACH, find_pivots
from apps.market.analysis.rounding import price
from apps.market.analysis.series import Analysis
from apps.market.analysis.zones import ZONE_ATR, Evidence, Mark, find_marks, group, retracements
from apps.market.errors import NoData, NotEnoughHistory
from apps.market.tools.results import Level, Levels
from tests.market.series import make_analysis, make_bars, make_flat_bars

WALKS = [
    make_analysis(make_bars(n, seed, swing=swing))
    for seed, (n, swing) in enumerate([(150, 0.01), (400, 0.02), (900, 0.015)] * 8)
]


def named(levels: Levels) -> list[Level]:
    return [level for level in (levels.ltb, levels.st, levels.qe) if level]


def marks_near(analysis: Analysis, level: Level) -> dict[Evidence, list[Mark]]:
    found: dict[Evidence, list[Mark]] = {}
    for mark in find_marks(analysis):
        if abs(mark.price - level.price) <= ZONE_ATR * analysis.atr + 0.01:
            found.setdefault(mark.evidence, []).append(mark)
    return found


def test_a_pivot_stands_out_from_four_bars_on_either_side() -> None:
    closes = [10, 11, 12, 13, 14, 15, 14, 13, 12, 11, 10, 9, 8, 7, 8, 9, 10, 11, 12]
    bars = make_flat_bars(closes, reach=0.5)
    found = [(pivot.index, pivot.price, pivot.is_high) for pivot in find_pivots(bars)]
    assert found == [(5, 15.5, True), (13, 6.5, False)]


def test_of_equal_neighbours_the_first_is_the_pivot() -> None:
    closes = [10, 11, 12, 13, 15, 15, 13, 12, 11, 10, 9]
    assert [pivot.index for pivot in find_pivots(make_flat_bars(closes, reach=0.5)) if pivot.is_high] == [4]


@pytest.mark.parametrize("seed", range(5))
def test_a_pivot_is_known_only_four_bars_later_and_never_changes(seed: int) -> None:
    bars = make_bars(200, seed)
    whole = find_pivots(bars)
    for n in range(20, 200, 17):
        known = [pivot for pivot in whole if pivot.index + REACH < n]
        assert find_pivots(bars[:n]) == known


def test_zones_are_narrow_apart_and_hold_every_mark() -> None:
    for analysis in WALKS:
        marks = find_marks(analysis)
        zones = group(marks, atr=analysis.atr)
        assert sorted(mark.price for mark in marks) == [mark.price for zone in zones for mark in zone.marks]
        for zone in zones:
            assert zone.marks[-1].price - zone.marks[0].price <= ZONE_ATR * analysis.atr
            assert zone.marks[0].price - 0.01 <= zone.price <= zone.marks[-1].price + 0.01


@pytest.mark.parametrize(
    ("closes", "expected"),
    [
        ([150.0] * 40 + [100 + i for i in range(101)], {"38.2": 162.04, "50": 150.0, "61.8": 137.96}),
        ([150.0] * 40 + [200 - i for i in range(101)], {"38.2": 137.96, "50": 150.0, "61.8": 162.04}),
    ],
    ids=["up", "down"],
)
def test_retracements_run_from_the_later_end_of_the_swing_to_the_earlier(
    closes: list[float], expected: dict[str, float]
) -> None:
    analysis = make_analysis(make_flat_bars(closes))
    assert {str(mark.evidence).split()[0]: mark.price for mark in retracements(analysis)} == expected


def test_an_old_swing_weighs_less_than_a_recent_one() -> None:
    old = Mark(evidence=Evidence.SWING_LOW, price=100.0, reason="", age=240)
    new = Mark(evidence=Evidence.SWING_LOW, price=101.0, reason="", age=10)
    (zone,) = group([old, new], atr=5.0)
    assert 100.8 < zone.price < 101


def test_support_is_below_and_resistance_above_nearest_first_and_within_range() -> None:
    seen = 0
    for analysis in WALKS:
        levels = find_levels(analysis)
        support, resistance = ([level.price for level in side] for side in (levels.support, levels.resistance))
        assert all(value < levels.close for value in support)
        assert all(value > levels.close for value in resistance)
        assert support == sorted(support, reverse=True)
        assert resistance == sorted(resistance)
        for level in [*levels.support, *levels.resistance, *named(levels)]:
            assert level.reasons
            assert abs(level.distance_pct) <= RANGE_PCT
            assert level.distance_pct == round(100 * (level.price - levels.close) / levels.close, 2)
            assert level.distance_atr == round((level.price - levels.close) / levels.atr_14, 2)
            seen += 1
    assert seen > 100


def test_each_named_entry_meets_its_definition_with_measured_values_or_says_why_not() -> None:
    met = {"LTB": 0, "ST": 0, "QE": 0}
    for analysis in WALKS:
        levels = find_levels(analysis)
        assert levels.why_none.keys() == {"LTB", "ST", "QE"} - {level.name for level in named(levels)}
        assert all(sentence.endswith(".") for sentence in levels.why_none.values())
        for level in named(levels):
            met[level.name] += 1
            near = marks_near(analysis, level)
            match level.name:
                case "LTB":
                    assert level.price < levels.close
                    old = [mark for mark in near.get(Evidence.SWING_LOW, []) if mark.age >= 60]
                    historical = old and len(near[Evidence.SWING_LOW]) >= 2
                    assert Evidence.SMA_200 in near or Evidence.FIB_62 in near or historical
                    if not near.keys() & {Evidence.SMA_200, Evidence.FIB_62}:
                        assert level.reasons[0].startswith("historical support since ")
                case "ST":
                    assert level.price < levels.close
                    assert near.keys() & {Evidence.SMA_50, Evidence.FIB_50, Evidence.BASE}
                case "QE":
                    assert level.price == price(max(bar.high for bar in analysis.bars[-21:-1]))
                    assert abs(level.distance_atr) <= 1
    assert all(met.values()), met


def test_a_named_entry_is_found_wherever_its_average_or_retracement_lies_below_the_close() -> None:
    for analysis in WALKS:
        levels = find_levels(analysis)
        floor = levels.close * (1 - RANGE_PCT / 100) + ZONE_ATR * levels.atr_14
        below = {mark.evidence for mark in find_marks(analysis) if floor < mark.price < levels.close}
        assert levels.ltb or not below & {Evidence.SMA_200, Evidence.FIB_62}
        assert levels.st or not below & {Evidence.SMA_50, Evidence.FIB_50, Evidence.BASE}


def test_a_fall_of_half_leaves_no_named_entry_and_the_reasons_carry_the_distances() -> None:
    closes = [200 - 0.5 * i for i in range(200)]
    levels = find_levels(make_analysis(make_flat_bars(closes)))
    assert levels.ltb is levels.st is levels.qe is None
    assert "50-day average" in levels.why_none["ST"]
    assert "above the close" in levels.why_none["ST"]
    assert re.search(r"\d+\.\d\d ATR under the high", levels.why_none["QE"])


def test_a_breakout_waits_just_above_the_close() -> None:
    closes = [100 + (i % 10) * 0.4 for i in range(150)] + [103.4]
    levels = find_levels(make_analysis(make_flat_bars(closes)))
    assert levels.qe is not None
    assert levels.qe.price == 104.6
    assert levels.qe.distance_atr > 0
    assert levels.qe.reasons[0].startswith("breakout above the high 104.60")


def test_after_a_breakout_the_entry_is_the_return_to_the_old_high() -> None:
    closes = [100 + (i % 10) * 0.4 for i in range(150)] + [105.4]
    levels = find_levels(make_analysis(make_flat_bars(closes)))
    assert levels.qe is not None
    assert levels.qe.price == 104.6
    assert levels.qe.distance_atr < 0
    assert levels.qe.reasons[0].startswith("return to the high 104.60")


def test_levels_carry_no_probability_and_say_once_that_they_have_no_edge() -> None:
    levels = find_levels(WALKS[1])
    assert levels.notes.count(NO_EDGE) == 1
    assert not {"confidence", "probability", "score", "strength"} & set(Level.__dataclass_fields__)


def test_a_level_moves_with_its_bars_and_is_no_multiple_of_the_close() -> None:
    ratios = {
        round(level.price / find_levels(analysis).close, 3)
        for analysis in WALKS
        for level in named(find_levels(analysis))
    }
    assert len(ratios) > 20


def test_below_200_bars_no_level_speaks_of_a_200_day_average() -> None:
    levels = find_levels(make_analysis(make_bars(196, 2)))
    assert "196 bars: too few for a 200-day average." in levels.notes
    reasons = [reason for level in [*levels.support, *levels.resistance, *named(levels)] for reason in level.reasons]
    assert not any("200-day" in reason for reason in reasons)


def test_below_100_bars_there_are_no_levels() -> None:
    with pytest.raises(NotEnoughHistory, match="99 daily bars"):
        find_levels(make_analysis(make_bars(99)))
    assert find_levels(make_analysis(make_bars(100))).close


def test_a_price_that_stands_still_has_no_levels() -> None:
    with pytest.raises(NotEnoughHistory, match="stands still"):
        find_levels(make_analysis(make_flat_bars([10.0] * 150, reach=0)))


def test_a_price_too_small_to_print_is_refused() -> None:
    with pytest.raises(NoData, match="too low"):
        make_analysis(make_flat_bars([0.0004] * 150, reach=0.0001))
