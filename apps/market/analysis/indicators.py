"""Technical indicators over daily bars, in plain Python, with the seeding that TA-Lib uses.

Each function takes lists, oldest first, and returns a list of the same length that is None until the indicator is
defined. A value depends on earlier bars alone. Rolling sums are exact integers, so a moving average never drifts
with the length of the history: it is the correctly rounded mean of its own window.

Seeding. EMA: the simple mean of the first `period` values. RSI and ATR (Wilder): the simple mean of the first
`period` gains, losses or true ranges, then smoothing by 1/period. MACD: both averages are seeded so that they
begin on the same bar, the slow one's first, and the line shows from where its signal exists.
"""

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple, TypeAlias

Values: TypeAlias = list[float | None]

#: Prices times this are whole numbers (for prices above 4e-9), so that sums of them are exact.
SCALE = 2.0**80


class Macd(NamedTuple):
    line: Values
    signal: Values
    histogram: Values


class Bollinger(NamedTuple):
    upper: Values
    middle: Values
    lower: Values


def sma(values: Sequence[float], period: int) -> Values:
    """Simple moving average."""
    sums = _prefix_sums([int(value * SCALE) for value in values])
    divisor = period * int(SCALE)
    means: Values = [(after - before) / divisor for before, after in zip(sums, sums[period:], strict=False)]
    return _padded(means, len(values))


def ema(values: Sequence[float], period: int) -> Values:
    """Exponential moving average with factor 2 / (period + 1)."""
    if len(values) < period:
        return [None] * len(values)
    averages = _smoothed(values[period:], first=math.fsum(values[:period]) / period, factor=2 / (period + 1))
    return _padded(averages, len(values))


def rsi(closes: Sequence[float], period: int = 14) -> Values:
    """Wilder's relative strength index, 0 to 100; None while the price has not moved at all."""
    if len(closes) <= period:
        return [None] * len(closes)
    changes = [after - before for before, after in pairwise(closes)]
    gains = _wilder([max(change, 0.0) for change in changes], period)
    losses = _wilder([max(-change, 0.0) for change in changes], period)
    strengths: Values = [
        100 * gain / (gain + loss) if gain + loss else None for gain, loss in zip(gains, losses, strict=True)
    ]
    return _padded(strengths, len(closes))


def macd(closes: Sequence[float], fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
    """Moving average convergence divergence: line, signal and their difference."""
    n = len(closes)
    if n < slow + signal - 1:
        return Macd([None] * n, [None] * n, [None] * n)
    slow_averages = _smoothed(closes[slow:], first=math.fsum(closes[:slow]) / slow, factor=2 / (slow + 1))
    fast_averages = _smoothed(closes[slow:], first=math.fsum(closes[slow - fast : slow]) / fast, factor=2 / (fast + 1))
    line = [quick - sluggish for quick, sluggish in zip(fast_averages, slow_averages, strict=True)]
    signals = _smoothed(line[signal:], first=math.fsum(line[:signal]) / signal, factor=2 / (signal + 1))
    line = line[signal - 1 :]
    histogram = [value - smooth for value, smooth in zip(line, signals, strict=True)]
    return Macd(_padded(line, n), _padded(signals, n), _padded(histogram, n))


def atr(highs: Sequence[float], lows: Sequence[float], closes: Sequence[float], period: int = 14) -> Values:
    """Wilder's average true range. The first bar has no earlier close and therefore no true range."""
    n = len(closes)
    if n <= period:
        return [None] * n
    ranges = [
        max(high, before) - min(low, before) for high, low, before in zip(highs[1:], lows[1:], closes, strict=False)
    ]
    return _padded(_wilder(ranges, period), n)


def bollinger(closes: Sequence[float], period: int = 20, deviations: float = 2.0) -> Bollinger:
    """Bollinger bands: the simple average, and the population standard deviation around it."""
    whole = [int(close * SCALE) for close in closes]
    sums = _prefix_sums(whole)
    squares = _prefix_sums([value * value for value in whole])
    divisor = period * int(SCALE)
    upper: Values = []
    middle: Values = []
    lower: Values = []
    for i in range(period, len(sums)):
        total = sums[i] - sums[i - period]
        variance = (period * (squares[i] - squares[i - period]) - total * total) / (divisor * divisor)
        mean = total / divisor
        width = deviations * math.sqrt(variance)
        upper.append(mean + width)
        middle.append(mean)
        lower.append(mean - width)
    n = len(closes)
    return Bollinger(_padded(upper, n), _padded(middle, n), _padded(lower, n))


def _prefix_sums(values: list[int]) -> list[int]:
    return list(accumulate(values, initial=0))


def _smoothed(values: Sequence[float], *, first: float, factor: float) -> list[float]:
    """`first`, then each value pulled towards by `factor`."""
    average = first
    averages = [average]
    for value in values:
        average += (value - average) * factor
        averages.append(average)
    return averages


def _wilder(values: Sequence[float], period: int) -> list[float]:
    average = math.fsum(values[:period]) / period
    averages = [average]
    for value in values[period:]:
        average = (average * (period - 1) + value) / period
        averages.append(average)
    return averages


def _padded(values: Sequence[float | None], length: int) -> Values:
    """None in front, up to `length`."""
    return [*[None] * (length - len(values)), *values]
