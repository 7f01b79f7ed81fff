"""One instrument with its bars and every indicator over them: what quotes, charts, levels and plans all read.

The indicators are computed over the whole history, once per series, and rounded here. Chart, table, level and plan
therefore show one and the same 200-day average.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import TypeAlias

from apps.market.analysis import indicators
from apps.market.analysis.rounding import day_text, price, price_line
from apps.market.errors import NoData, NotEnoughHistory
from apps.market.tools.results import Source
from apps.market.values import Bar, Instrument, Kind, Provenance, Series

Line: TypeAlias = tuple[float | None, ...]
Prices: TypeAlias = tuple[float, ...]

#: Below this, Wilder's averages still remember how they were seeded: RSI is off by up to several points.
MINIMUM_BARS = 100
#: From here on every indicator has settled and the 52-week extremes are whole.
FULL_BARS = 250
#: Prices have four places, which says nothing about a price below this.
SMALLEST_PRICE = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """A value or None per bar, rounded as printed."""

    open: Prices
    high: Prices
    low: Prices
    close: Prices
    sma_20: Line
    sma_50: Line
    sma_200: Line
    ema_12: Line
    ema_26: Line
    rsi_14: Line
    macd: Line
    macd_signal: Line
    macd_histogram: Line
    atr_14: Line
    bollinger_upper: Line
    bollinger_middle: Line
    bollinger_lower: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What the tools know of one instrument at the close of its last bar."""

    instrument: Instrument
    series: Series
    lines: Lines
    source: Source

    @property
    def symbol(self) -> str:
        return self.instrument.symbol

    @property
    def bars(self) -> tuple[Bar, ...]:
        return self.series.bars

    @property
    def close(self) -> float:
        return self.lines.close[-1]

    @property
    def atr(self) -> float:
        """The last ATR(14). Raises NotEnoughHistory where there is none, or where the price stands still."""
        value = self.lines.atr_14[-1]
        if value is None or len(self.bars) < MINIMUM_BARS:
            raise NotEnoughHistory(
                f"{self.symbol} has {len(self.bars)} daily bars; levels and plans need at least {MINIMUM_BARS}.",
                n_bars=len(self.bars),
                needed=MINIMUM_BARS,
            )
        if value == 0:
            raise NotEnoughHistory(f"The price of {self.symbol} stands still, so its levels cannot be measured.")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """`direction` is "up", "down" or "sideways"; `rule` is the sentence that made it so."""

    direction: str
    rule: str


def analyse(instrument: Instrument, series: Series, *, is_forming: bool = False) -> Analysis:
    """`is_forming` says that the last bar's day is not over. Raises NoData for prices too small to print."""
    return Analysis(
        instrument=instrument,
        series=series,
        lines=_lines(_SameBars(series)),
        source=source_of(series, is_forming=is_forming),
    )


def trend_of(analysis: Analysis) -> Trend:
    """Up: close above the 50-day average above the 200-day average. Down: the reverse. Sideways: anything else.

    Without a 200-day average the 50-day average of 20 bars ago takes its place; without that there is no trend to
    name, and it is "sideways".
    """
    close, fast, slow = analysis.close, analysis.lines.sma_50[-1], analysis.lines.sma_200[-1]
    slow_name = "the 200-day average"
    if slow is None:
        slow = analysis.lines.sma_50[-21] if len(analysis.bars) > 20 else None
        slow_name = "its value 20 bars earlier"
    if fast is None or slow is None:
        return Trend(direction="sideways", rule="there are too few bars to name a trend")
    if close > fast > slow:
        return Trend(direction="up", rule=f"the close is above the 50-day average, and that above {slow_name}")
    if close < fast < slow:
        return Trend(direction="down", rule=f"the close is below the 50-day average, and that below {slow_name}")
    return Trend(direction="sideways", rule=f"the close, the 50-day average and {slow_name} do not stand in one order")


def bars_of_52_weeks(bars: tuple[Bar, ...]) -> tuple[Bar, ...]:
    """The bars of the last 364 days."""
    start = bars[-1].day - timedelta(days=363)
    first = next(i for i, bar in enumerate(bars) if bar.day >= start)
    return bars[first:]


def source_of(series: Series, *, is_forming: bool = False) -> Source:
    provenance = series.provenance
    return Source(
        symbol=series.symbol,
        source=provenance.source,
        kind=provenance.kind,
        as_of=provenance.as_of,
        label=_label(provenance, is_forming=is_forming),
        note=provenance.note,
        is_forming=is_forming,
    )


def _label(provenance: Provenance, *, is_forming: bool) -> str:
    day = day_text(provenance.as_of)
    match provenance.kind:
        case Kind.SAMPLE:
            return f"sample data to {day}"
        case Kind.SIMULATED:
            return f"simulated data to {day}"
        case Kind.REAL:
            if provenance.source.lower().endswith(".csv"):
                return f"{provenance.source} to {day}"
            return f"{provenance.source}, {day} {'so far' if is_forming else 'close'}"


@dataclass(frozen=True, slots=True, eq=False)
class _SameBars:
    """A cache key: equal when every bar is, which costs microseconds where the bars are the same objects."""

    series: Series

    def __hash__(self) -> int:
        return hash((self.series.last, len(self.series.bars)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SameBars) and self.series.bars == other.series.bars


@lru_cache(maxsize=32)
def _lines(key: _SameBars) -> Lines:
    series = key.series
    if min(series.lows) < SMALLEST_PRICE:
        raise NoData(f"{series.symbol} has traded below {SMALLEST_PRICE}, too low for prices of four places.")
    closes = series.closes
    macd = indicators.macd(closes)
    bands = indicators.bollinger(closes)
    return Lines(
        open=tuple(price(bar.open) for bar in series.bars),
        high=tuple(price(bar.high) for bar in series.bars),
        low=tuple(price(bar.low) for bar in series.bars),
        close=tuple(price(bar.close) for bar in series.bars),
        sma_20=price_line(indicators.sma(closes, 20)),
        sma_50=price_line(indicators.sma(closes, 50)),
        sma_200=price_line(indicators.sma(closes, 200)),
        ema_12=price_line(indicators.ema(closes, 12)),
        ema_26=price_line(indicators.ema(closes, 26)),
        rsi_14=tuple(None if value is None else round(value, 1) for value in indicators.rsi(closes)),
        macd=price_line(macd.line),
        macd_signal=price_line(macd.signal),
        macd_histogram=price_line(macd.histogram),
        atr_14=price_line(indicators.atr(series.highs, series.lows, closes)),
        bollinger_upper=price_line(bands.upper),
        bollinger_middle=price_line(bands.middle),
        bollinger_lower=price_line(bands.lower),
    )
