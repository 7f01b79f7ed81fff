import math
from datetime import date

import numpy
import pytest

from apps.market.analysis.comparison import compare
from apps.market.analysis.series import Analysis
from apps.market.errors import BadArguments, NotEnoughHistory
from apps.market.tools.results import Comparison
from apps.market.values import Bar, Kind
from tests.market.series import make_analysis, make_bars, make_days

ONE = make_analysis(make_bars(600, 1), symbol="AAPL")
OTHER = make_analysis(make_bars(600, 2), symbol="IBM")


def closes_on(analysis: Analysis, days: list[date]) -> list[float]:
    index = {bar.day: round(bar.close, 2) for bar in analysis.bars}
    return [index[day] for day in days]


def bars_of(closes: list[float], last: date) -> list[Bar]:
    return [Bar(day, c, c + 1, c - 1, c, 100) for day, c in zip(make_days(len(closes), last), closes, strict=True)]


def spans(comparison: Comparison) -> tuple[date, date]:
    return comparison.first_day, comparison.last_day


@pytest.mark.parametrize("timeframe", ["1M", "6M", "YTD", "1Y", "MAX"])
def test_figures_equal_those_of_numpy_over_the_same_closes(timeframe: str) -> None:
    comparison = compare([ONE, OTHER], timeframe)
    for row, analysis in zip(comparison.rows, (ONE, OTHER), strict=True):
        closes = numpy.array(closes_on(analysis, comparison.days))
        returns = numpy.diff(numpy.log(closes))
        assert row.volatility_pct == pytest.approx(100 * returns.std(ddof=1) * math.sqrt(252), abs=0.0051)
        falls = closes / numpy.maximum.accumulate(closes) - 1
        assert row.max_drawdown_pct == pytest.approx(100 * falls.min(), abs=0.0051)
        assert (row.first_close, row.close) == (closes[0], closes[-1])
        assert row.change_pct == round(100 * (row.close - row.first_close) / row.first_close, 2)
        assert comparison.performance[row.symbol][0] == 0
        assert comparison.performance[row.symbol][-1] == row.change_pct
        assert len(comparison.performance[row.symbol]) == comparison.n_days == len(comparison.days)
    one, other = (numpy.diff(numpy.log(closes_on(analysis, comparison.days))) for analysis in (ONE, OTHER))
    assert comparison.correlation == {"AAPL/IBM": pytest.approx(numpy.corrcoef(one, other)[0, 1], abs=0.0051)}


def test_a_year_begins_on_the_same_day_a_year_before() -> None:
    assert spans(compare([ONE, OTHER], "1Y")) == (date(2012, 3, 1), date(2013, 3, 1))


def test_the_year_to_date_counts_from_the_last_close_of_the_year_before() -> None:
    assert spans(compare([ONE, OTHER], "YTD")) == (date(2012, 12, 31), date(2013, 3, 1))


def test_each_pair_of_symbols_has_one_correlation() -> None:
    third = make_analysis(make_bars(600, 3), symbol="META")
    assert set(compare([ONE, OTHER, third], "1Y").correlation) == {"AAPL/IBM", "AAPL/META", "IBM/META"}


def test_a_symbol_correlates_fully_with_its_double_and_inversely_with_its_mirror() -> None:
    double = make_analysis(
        [Bar(b.day, b.open * 2, b.high * 2, b.low * 2, b.close * 2, 1) for b in ONE.bars], symbol="IBM"
    )
    mirror = make_analysis(
        [Bar(b.day, 1e4 / b.open, 1e4 / b.low, 1e4 / b.high, 1e4 / b.close, 1) for b in ONE.bars], symbol="META"
    )
    assert compare([ONE, double, mirror], "MAX").correlation == {"AAPL/IBM": 1.0, "AAPL/META": -1.0, "IBM/META": -1.0}


def test_only_days_that_all_have_are_compared_and_the_end_is_the_last_of_them() -> None:
    shorter = make_analysis(make_bars(300, 4, last=date(2012, 12, 14)), symbol="IBM")
    comparison = compare([ONE, shorter], "1Y")
    assert spans(comparison) == (date(2011, 12, 14), date(2012, 12, 14))
    assert any("ends on 14 Dec 2012" in note for note in comparison.notes)
    index = [bar.day for bar in ONE.bars].index(date(2012, 12, 14))
    assert comparison.rows[0].rsi_14 == ONE.lines.rsi_14[index]
    assert comparison.rows[0].close == round(ONE.bars[index].close, 2)


def test_a_common_history_shorter_than_the_window_is_noted() -> None:
    young = make_analysis(make_bars(150, 5), symbol="META")
    comparison = compare([ONE, young], "1Y")
    assert comparison.n_days == 150
    assert any("shorter than one year" in note for note in comparison.notes)
    assert comparison.rows[1].vs_sma_200_pct is None


def test_windows_that_do_not_meet_are_an_error_that_names_them() -> None:
    later = make_analysis(make_bars(300, 6, last=date(2026, 11, 20)), symbol="IBM", kind=Kind.SIMULATED)
    with pytest.raises(NotEnoughHistory) as caught:
        compare([ONE, later], "1Y")
    assert "AAPL has" in str(caught.value)
    assert "to 1 Mar 2013 (sample data)" in str(caught.value)
    assert "to 20 Nov 2026 (simulated data)" in str(caught.value)


def test_kinds_are_mixed_only_with_a_note() -> None:
    simulated = make_analysis(make_bars(600, 7), symbol="IBM", kind=Kind.SIMULATED)
    note = "The symbols have data of different kinds: AAPL is sample, IBM is simulated."
    assert note in compare([ONE, simulated], "1Y").notes
    assert note not in compare([ONE, OTHER], "1Y").notes


def test_crypto_meets_stocks_on_the_days_both_trade_and_alone_has_a_longer_year() -> None:
    coin = make_analysis(make_bars(900, 8, weekends=True), symbol="BTC-USD", asset="crypto")
    mixed = compare([ONE, coin], "1Y")
    assert all(day.weekday() < 5 for day in mixed.days)
    weekdays = numpy.diff(numpy.log(closes_on(coin, mixed.days)))
    assert mixed.rows[1].volatility_pct == pytest.approx(100 * weekdays.std(ddof=1) * math.sqrt(252), abs=0.0051)
    assert "Only days on which both markets traded are compared." in mixed.notes
    other_coin = make_analysis(make_bars(900, 9, weekends=True), symbol="ETH-USD", asset="crypto")
    alone = compare([coin, other_coin], "1Y")
    returns = numpy.diff(numpy.log(closes_on(coin, alone.days)))
    assert alone.rows[0].volatility_pct == pytest.approx(100 * returns.std(ddof=1) * math.sqrt(365), abs=0.0051)


def test_a_rise_without_a_pause_has_no_drawdown_and_a_still_price_no_correlation() -> None:
    rising = make_analysis(bars_of([50.0 + i for i in range(60)], date(2013, 3, 1)), symbol="AAPL")
    still = make_analysis(bars_of([50.0] * 60, date(2013, 3, 1)), symbol="IBM")
    comparison = compare([rising, still], "MAX")
    assert [row.max_drawdown_pct for row in comparison.rows] == [0, 0]
    assert comparison.correlation == {}
    assert comparison.rows[1].volatility_pct == 0


@pytest.mark.parametrize(
    "analyses", [[ONE], [ONE, ONE], [make_analysis(make_bars(120, i), symbol=f"S{i}") for i in range(6)]]
)
def test_fewer_than_two_or_more_than_five_symbols_are_refused(analyses: list[Analysis]) -> None:
    with pytest.raises(BadArguments, match="2 to 5 different symbols"):
        compare(analyses, "1Y")
