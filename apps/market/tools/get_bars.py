"""A window of daily bars with overlays and panes, to draw and to describe."""

from typing import Any

from apps.market.analysis.rounding import change_percent, day_text, price
from apps.market.analysis.series import Analysis
from apps.market.analysis.timeframes import DEFAULT_TIMEFRAME, IN_WORDS, first_index, start_of
from apps.market.analysis.zones import highest, lowest
from apps.market.tools.market import Market
from apps.market.tools.results import Bars
from apps.market.tools.tool import Arguments, SymbolField, TimeframeField, Tool


class GetBars(Arguments):
    symbol: SymbolField
    timeframe: TimeframeField = None


def get_bars(arguments: GetBars, market: Market) -> Bars:
    analysis = market.analysis(arguments.symbol)
    timeframe = arguments.timeframe or DEFAULT_TIMEFRAME
    start = start_of(timeframe, analysis.series.last.day)
    first = first_index(analysis.bars, start)
    bars = analysis.bars[first:]
    lines = analysis.lines
    high, low = highest(bars), lowest(bars)
    return Bars(
        symbol=analysis.symbol,
        name=analysis.instrument.name,
        timeframe=timeframe,
        first_day=bars[0].day,
        last_day=bars[-1].day,
        n_bars=len(bars),
        close=analysis.close,
        change_pct=change_percent(lines.close[first], analysis.close),
        high=price(high.high),
        high_day=high.day,
        low=price(low.low),
        low_day=low.day,
        bars=_rows(analysis, first),
        overlays={
            "sma_20": list(lines.sma_20[first:]),
            "sma_50": list(lines.sma_50[first:]),
            "sma_200": list(lines.sma_200[first:]),
            "ema_12": list(lines.ema_12[first:]),
            "ema_26": list(lines.ema_26[first:]),
            "bollinger_upper": list(lines.bollinger_upper[first:]),
            "bollinger_lower": list(lines.bollinger_lower[first:]),
        },
        panes={
            "rsi_14": list(lines.rsi_14[first:]),
            "macd": {
                "macd": list(lines.macd[first:]),
                "signal": list(lines.macd_signal[first:]),
                "histogram": list(lines.macd_histogram[first:]),
            },
            "atr_14": list(lines.atr_14[first:]),
        },
        notes=_notes(analysis, timeframe),
        source=analysis.source,
    )


def _rows(analysis: Analysis, first: int) -> list[list[Any]]:
    lines = analysis.lines
    days = [bar.day.isoformat() for bar in analysis.bars[first:]]
    volumes = [bar.volume for bar in analysis.bars[first:]]
    prices = (lines.open[first:], lines.high[first:], lines.low[first:], lines.close[first:])
    return [list(row) for row in zip(days, *prices, volumes, strict=True)]


def _notes(analysis: Analysis, timeframe: str) -> list[str]:
    notes = []
    begin, end = analysis.bars[0].day, analysis.bars[-1].day
    if timeframe != "MAX" and begin > start_of(timeframe, end):
        notes.append(f"The bars begin on {day_text(begin)}: the window is shorter than {IN_WORDS[timeframe]}.")
    if analysis.lines.sma_200[-1] is None:
        notes.append(f"{len(analysis.bars)} bars: too few for a 200-day average.")
    return notes


GET_BARS = Tool(
    name="get_bars",
    description=(
        "Daily bars of a symbol over a window, with moving averages, Bollinger bands, RSI, MACD and ATR per bar: "
        "what a chart shows. Use it to show a chart or to say how a price moved over a period."
    ),
    arguments=GetBars,
    run=get_bars,
)
