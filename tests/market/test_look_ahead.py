"""What a tool says of a day must not depend on any later day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from apps.market.analysis.series import Lines
from apps.market.tools.get_bars import GetBars, get_bars
from apps.market.values import Bar, Series
from tests.market.series import make_analysis, make_bars, make_series, make_toolbox

SERIES = {
    "AAPL": make_series(make_bars(700, 11), symbol="AAPL"),
    "IBM": make_series(make_bars(700, 12, drift=-0.001), symbol="IBM"),
    "META": make_series(make_bars(400, 13, swing=0.03), symbol="META"),
    "BTC-USD": make_series(make_bars(900, 14, swing=0.04, weekends=True), symbol="BTC-USD"),
}
CUTS = [120, 199, 200, 251, 333, 390]
TOOLS = ["get_quote", "get_bars", "get_indicators", "get_levels", "build_trade_plan"]


async def answers(series: Series, now: datetime) -> list[Any]:
    toolbox = make_toolbox(series, now=now)
    outcomes = [await toolbox.call(name, {"symbol": series.symbol}) for name in TOOLS]
    assert all(outcome.ok for outcome in outcomes), outcomes
    return [outcome.result for outcome in outcomes]


def crashed(bars: tuple[Bar, ...]) -> list[Bar]:
    """The bars, and a wild month after them."""
    days = [bars[-1].day + timedelta(days=i + 1) for i in range(30)]
    return [*bars, *(Bar(day, 5.0 + i, 900.0 + i, 1.0, 300.0, 1) for i, day in enumerate(days))]


@pytest.mark.parametrize("symbol", SERIES)
@pytest.mark.parametrize("n", CUTS)
async def test_tools_say_the_same_of_a_day_whether_or_not_later_bars_exist(symbol: str, n: int) -> None:
    whole = SERIES[symbol]
    day = whole.bars[n - 1].day
    now = datetime(day.year, day.month, day.day, 22, tzinfo=UTC)
    at_the_time = await answers(make_series(whole.bars[:n], symbol=symbol), now)
    await answers(whole, now)
    looking_back = await answers(whole.until(day), now)
    assert looking_back == at_the_time
    other_future = make_series(crashed(whole.bars[:n]), symbol=symbol)
    assert await answers(other_future.until(day), now) == at_the_time


@pytest.mark.parametrize("symbol", SERIES)
def test_later_bars_never_change_the_value_of_an_earlier_day(symbol: str) -> None:
    bars = SERIES[symbol].bars
    whole = make_analysis(bars, symbol=symbol).lines
    for n in CUTS:
        for future in (bars[:n], crashed(bars[:n])):
            lines = make_analysis(future, symbol=symbol).lines
            for name in Lines.__dataclass_fields__:
                assert getattr(lines, name)[:n] == getattr(whole, name)[:n], (name, n)


def test_a_window_shows_the_values_of_the_whole_history() -> None:
    series = SERIES["AAPL"]
    toolbox = make_toolbox(series)
    whole = get_bars(GetBars(symbol="AAPL", timeframe="MAX"), toolbox.market)
    assert whole.overlays["sma_200"][199] is not None
    for timeframe in ("1M", "3M", "6M", "YTD", "1Y", "2Y"):
        window = get_bars(GetBars(symbol="AAPL", timeframe=timeframe), toolbox.market)
        n = window.n_bars
        assert n < whole.n_bars
        assert window.bars == whole.bars[-n:]
        assert window.overlays == {name: line[-n:] for name, line in whole.overlays.items()}
        assert window.panes["rsi_14"] == whole.panes["rsi_14"][-n:]
        assert window.panes["macd"]["macd"] == whole.panes["macd"]["macd"][-n:]


async def test_a_corrected_bar_in_the_middle_is_not_answered_from_the_cache() -> None:
    bars = list(SERIES["AAPL"].bars)
    now = datetime(2013, 3, 1, 22, tzinfo=UTC)
    before = await answers(make_series(bars), now)
    old = bars[-50]
    bars[-50] = Bar(old.day, old.open, old.high * 1.1, old.low, old.high * 1.05, old.volume)
    after = await answers(make_series(bars), now)
    assert before[2]["sma_200"] != after[2]["sma_200"]
    assert before[0]["close"] == after[0]["close"]


def test_a_series_has_no_state_before_it_began() -> None:
    with pytest.raises(ValueError, match="no bar on or before"):
        SERIES["AAPL"].until(date(1999, 1, 1))
