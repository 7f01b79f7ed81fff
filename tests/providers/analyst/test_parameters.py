"""Figures in a question end up where the person meant them."""

import pytest

from apps.providers.analyst.parameters import read_parameters


@pytest.mark.parametrize(
    ("text", "timeframe"),
    [
        ("chart TSLA 6 months", "6M"),
        ("AAPL 1m", "1M"),
        ("AAPL daily candles 1m", "1M"),
        ("IBM 1y", "1Y"),
        ("MSFT over the past year", "1Y"),
        ("NVDA YTD", "YTD"),
        ("SPY since january", "YTD"),
        ("QQQ two years", "2Y"),
        ("GOOG over 4 months", "6M"),
        ("META for 18 months", "2Y"),
        ("AAPL last quarter", "3M"),
        ("AAPL 10 years", "MAX"),
        ("AAPL all time", "MAX"),
        ("AAPL chart with the 200-day average", None),
        ("AAPL chart with the 50 day moving average over 3 months", "3M"),
        ("52 week high of IBM", None),
        ("plan AAPL for a $1m account", None),
        ("price of AAPL", None),
        ("aapl chart since 2008", "MAX"),
        ("chart with 200 day and bollinger for msft", None),
        ("a 50 day chart of msft", "3M"),
        ("since march 2011", "MAX"),
    ],
)
def test_timeframes(text: str, timeframe: str | None) -> None:
    assert read_parameters(text).timeframe == timeframe


@pytest.mark.parametrize(
    ("text", "account", "risk_pct"),
    [
        ("I have a $25k account and risk 1%", 25_000, 1),
        ("account of 50,000, risking 0.5 percent", 50_000, 0.5),
        ("with 50,000 dollars if I risk 2 percent", 50_000, 2),
        ("my portfolio is $1.5m", 1_500_000, None),
        ("risk 1.5% on TSLA", None, 1.5),
        ("2% risk please", None, 2),
        ("trade plan for AAPL", None, None),
        ("what if AAPL falls 3%", None, None),
        ("buy 100 shares of AAPL", None, None),
        ("how many shares with 10000", 10_000, None),
        ("how many with 25,000?", 25_000, None),
        ("with 2013 prices", None, None),
        ("position size for ibm entry 200 stop 195 account 20k risk 1%", 20_000, 1),
        ("risk 2% of 50k on aapl", 50_000, 2),
        ("trade plan for NVDA 25k account 1% risk", 25_000, 1),
    ],
)
def test_account_and_risk(text: str, account: float | None, risk_pct: float | None) -> None:
    found = read_parameters(text)
    assert (found.account, found.risk_pct) == (account, risk_pct)


@pytest.mark.parametrize(
    ("text", "entry", "stop"),
    [
        ("enter at 200 with a stop at 195", 200, 195),
        ("if i go in at 200 on TSLA with a stop at 190", 200, 190),
        ("buy AAPL at $425.50, stop loss 410", 425.5, 410),
        ("long MSFT from 28 stop 27.20", 28, 27.2),
        ("short TSLA at 1,200 stop above 1,250", 1200, 1250),
        ("stop at 195", None, 195),
        ("entry 200", 200, None),
        ("buy 100 shares of AAPL", None, None),
        ("where is the stop with a $25k account", None, None),
        ("stop 5% below", None, None),
        ("place a limit order for aapl at 400", 400, None),
        ("buy aapl with a limit of 400", 400, None),
        ("position size for ibm entry 200 stop 195 account 20k risk 1%", 200, 195),
    ],
)
def test_entry_and_stop(text: str, entry: float | None, stop: float | None) -> None:
    found = read_parameters(text)
    assert (found.entry, found.stop) == (entry, stop)


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("I want to short TSLA", "short"),
        ("go long AAPL", "long"),
        ("should I buy IBM", "long"),
        ("short-term view on AAPL", None),
        ("long term chart of IBM", None),
        ("how long has AAPL fallen", None),
        ("trade plan for SPY", None),
        ("where is my stop if i bought at 450", "long"),
        ("im holding 200 shares", "long"),
        ("sell half my position", "long"),
        ("place a limit order for aapl at 400", "long"),
        ("sell limit order for aapl at 440", None),
    ],
)
def test_direction(text: str, direction: str | None) -> None:
    assert read_parameters(text).direction == direction


@pytest.mark.parametrize(
    ("text", "keys", "others"),
    [
        ("RSI of NVDA", ("rsi_14",), ()),
        ("macd and rsi", ("rsi_14", "macd"), ()),
        ("above its 50-day moving average", ("sma_50",), ()),
        ("AAPL sma 200", ("sma_200",), ()),
        ("ema 12", ("ema_12",), ()),
        ("moving averages of IBM", ("sma_50", "sma_200"), ()),
        ("bollinger bands", ("bollinger_upper", "bollinger_lower"), ()),
        ("the 100-day average", (), ("100-day",)),
        ("is it overbought", ("rsi_14",), ()),
        ("chart with 200 day and bollinger for msft", ("bollinger_upper", "bollinger_lower", "sma_200"), ()),
        ("put the 50 and 200 day on it", ("sma_50", "sma_200"), ()),
        ("20-day high", (), ()),
        ("a 50 day chart", (), ()),
    ],
)
def test_indicators(text: str, keys: tuple[str, ...], others: tuple[str, ...]) -> None:
    found = read_parameters(text)
    assert (found.indicators, found.other_averages) == (keys, others)


@pytest.mark.parametrize(
    ("text", "stop_pct"),
    [
        ("stop loss for tsla at 5%", 5),
        ("long IBM with a stop 2.5 percent below", 2.5),
        ("a 3% stop on AAPL", 3),
        ("where is the stop with 2% risk", None),
        ("risk 2% stop for IBM", None),
        ("1% risk, stop 195", None),
        ("stop at 195, risk 2%", None),
    ],
)
def test_a_stop_in_percent_is_no_risk(text: str, stop_pct: float | None) -> None:
    assert read_parameters(text).stop_pct == stop_pct


@pytest.mark.parametrize(
    ("text", "shares", "entry"),
    [
        ("buy 100 shares of TSLA", 100, None),
        ("buy 1,000 shares of TSLA at 240", 1000, 240),
        ("place a market order for 10 TSLA", 10, None),
        ("limit order to buy 10 nvda at 350", 10, 350),
        ("buy TSLA", None, None),
        ("short 2 weeks ago", None, None),
        ("buy 5000 dollars of TSLA", None, None),
        ("how many shares of AAPL", None, None),
    ],
)
def test_a_number_of_shares_is_no_price(text: str, shares: float | None, entry: float | None) -> None:
    found = read_parameters(text)
    assert (found.shares, found.entry) == (shares, entry)


def test_a_risk_in_dollars_is_kept_apart() -> None:
    found = read_parameters("risk $500 with a $25k account")
    assert (found.risk_amount, found.risk_pct, found.account) == (500, None, 25_000)
