"""TA-Lib's answers, with None where it has NaN."""

import math
from collections.abc import Sequence

import numpy
import talib

from apps.market.analysis import indicators
from apps.market.values import Bar


def pairs(bars: Sequence[Bar]) -> dict[str, tuple[list[float | None], list[float | None]]]:
    """Our values and TA-Lib's, by indicator."""
    highs, lows, closes = ([getattr(bar, name) for bar in bars] for name in ("high", "low", "close"))
    high, low, close = (numpy.array(values, dtype=float) for values in (highs, lows, closes))
    ours = {
        **{f"sma_{n}": indicators.sma(closes, n) for n in (20, 50, 200)},
        **{f"ema_{n}": indicators.ema(closes, n) for n in (12, 26)},
        "rsi": indicators.rsi(closes),
        **indicators.macd(closes)._asdict(),
        "atr": indicators.atr(highs, lows, closes),
        **{f"bollinger_{name}": band for name, band in indicators.bollinger(closes)._asdict().items()},
    }
    line, signal, histogram = talib.MACD(close)
    upper, middle, lower = talib.BBANDS(close, timeperiod=20)
    theirs = {
        **{f"sma_{n}": talib.SMA(close, n) for n in (20, 50, 200)},
        **{f"ema_{n}": talib.EMA(close, n) for n in (12, 26)},
        "rsi": talib.RSI(close),
        "line": line,
        "signal": signal,
        "histogram": histogram,
        "atr": talib.ATR(high, low, close),
        "bollinger_upper": upper,
        "bollinger_middle": middle,
        "bollinger_lower": lower,
    }
    assert ours.keys() == theirs.keys()
    return {name: (ours[name], [None if math.isnan(value) else value for value in theirs[name]]) for name in ours}


def assert_equal_to_talib(bars: Sequence[Bar]) -> None:
    """Same bars without a value; the others apart by at most 1e-9 of the largest."""
    for name, (ours, theirs) in pairs(bars).items():
        assert [value is None for value in ours] == [value is None for value in theirs], name
        present = [(one, other) for one, other in zip(ours, theirs, strict=True) if other is not None]
        scale = max((abs(other) for _, other in present), default=1.0)
        worst = max((abs(one - other) for one, other in present), default=0.0)
        assert worst <= 1e-9 * scale, (name, worst)
