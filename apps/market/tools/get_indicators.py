"""The technical state of one symbol at its last close."""

from apps.market.analysis.rounding import percent, price, ratio
from apps.market.analysis.series import FULL_BARS, MINIMUM_BARS, Analysis, bars_of_52_weeks, trend_of
from apps.market.analysis.zones import highest, lowest
from apps.market.tools.market import Market
from apps.market.tools.results import Indicators
from apps.market.tools.tool import Arguments, SymbolField, Tool

VOLUME_DAYS = 20


class GetIndicators(Arguments):
    symbol: SymbolField


def get_indicators(arguments: GetIndicators, market: Market) -> Indicators:
    analysis = market.analysis(arguments.symbol)
    lines, close = analysis.lines, analysis.close
    atr = lines.atr_14[-1]
    volume, average = analysis.series.last.volume, _average_volume(analysis)
    year = bars_of_52_weeks(analysis.bars)
    return Indicators(
        symbol=analysis.symbol,
        name=analysis.instrument.name,
        n_bars=len(analysis.bars),
        close=close,
        sma_20=lines.sma_20[-1],
        sma_50=lines.sma_50[-1],
        sma_200=lines.sma_200[-1],
        vs_sma_50_pct=_against(close, lines.sma_50[-1]),
        vs_sma_200_pct=_against(close, lines.sma_200[-1]),
        ema_12=lines.ema_12[-1],
        ema_26=lines.ema_26[-1],
        rsi_14=lines.rsi_14[-1],
        macd=lines.macd[-1],
        macd_signal=lines.macd_signal[-1],
        macd_histogram=lines.macd_histogram[-1],
        atr_14=atr,
        atr_pct=None if atr is None else percent(atr, close),
        bollinger_upper=lines.bollinger_upper[-1],
        bollinger_middle=lines.bollinger_middle[-1],
        bollinger_lower=lines.bollinger_lower[-1],
        volume=volume,
        volume_avg_20=average,
        volume_ratio=ratio(volume / average) if average else None,
        high_52w=price(highest(year).high),
        low_52w=price(lowest(year).low),
        vs_high_52w_pct=_against(close, price(highest(year).high)),
        trend=trend_of(analysis).direction,
        notes=_notes(analysis),
        source=analysis.source,
    )


def _against(close: float, average: float | None) -> float | None:
    return None if average is None else percent(close - average, average)


def _average_volume(analysis: Analysis) -> int | None:
    """Of the last 20 bars, the last one among them."""
    volumes = [bar.volume for bar in analysis.bars[-VOLUME_DAYS:]]
    return round(sum(volumes) / VOLUME_DAYS) if len(volumes) == VOLUME_DAYS else None


def _notes(analysis: Analysis) -> list[str]:
    n = len(analysis.bars)
    lines = analysis.lines
    notes = []
    absent = [
        name
        for name, line in (
            ("20-day average", lines.sma_20),
            ("50-day average", lines.sma_50),
            ("200-day average", lines.sma_200),
            ("MACD", lines.macd),
            ("RSI", lines.rsi_14),
            ("ATR", lines.atr_14),
        )
        if line[-1] is None
    ]
    notes += [f"{n} bars: too few for a {name}." for name in absent]
    if "200-day average" in absent:
        notes.append(f"Trend: {trend_of(analysis).rule}.")
    if n < MINIMUM_BARS:
        notes.append(f"{n} bars: RSI, MACD and ATR settle only after about {MINIMUM_BARS}.")
    if n < FULL_BARS:
        notes.append(f"{n} bars: the 52-week high and low cover only these.")
    return notes


GET_INDICATORS = Tool(
    name="get_indicators",
    description=(
        "Technical indicators of a symbol at its last close: 20, 50 and 200-day averages, EMA 12 and 26, RSI 14, "
        "MACD, ATR 14, Bollinger bands, volume against its 20-day average, 52-week range, and the trend. Use it for "
        "questions about momentum, trend or any of these indicators."
    ),
    arguments=GetIndicators,
    run=get_indicators,
)
