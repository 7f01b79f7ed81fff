"""A technical reading: trend, momentum, swing, volume, then what speaks for and against."""

from collections.abc import Iterator

from apps.providers.analyst.answers import phrases
from apps.providers.analyst.answers.chart import unknown_averages
from apps.providers.analyst.turn import Result, Turn

HEADLINES = {
    "bullish": "trend and momentum both point up",
    "bearish": "trend and momentum both point down",
    "neutral": "trend and momentum do not agree, so it leans neither way",
}
SIDEWAYS = "the trend runs sideways, so it leans neither way"
AVERAGES = {"sma_20": "20-day average", "sma_50": "50-day average", "sma_200": "200-day average"}
NO_FORECAST = (
    "Nobody knows what comes next, and I do not forecast; what I can do is say where it stands and what would matter."
)


def paragraphs(turn: Turn) -> Iterator[str]:
    indicators = turn.result("get_indicators")
    if indicators is None:
        return
    if turn.reading.topic == "forecast":
        yield NO_FORECAST
    yield from unknown_averages(turn)
    asked = turn.reading.parameters.indicators
    yield headline(indicators, asked)
    yield from crossing(indicators, asked)
    if asked:
        yield phrases.trend_sentence(indicators)
    else:
        yield " ".join(filter(None, (phrases.trend_sentence(indicators), phrases.momentum_sentence(indicators))))
    yield " ".join(swing_and_volume(indicators))
    yield from phrases.missing_average(indicators)
    yield from phrases.stale(turn)
    yield from phrases.cases(turn)


def headline(indicators: Result, asked: tuple[str, ...]) -> str:
    symbol = indicators.get("symbol")
    named = [text for key in asked if (text := value_of(indicators, key))]
    if named:
        return (
            f"**{symbol}: {'; '.join(dict.fromkeys(named))}**, at {phrases.a_close(indicators)} "
            f"{indicators.price('close')} {phrases.stamp(indicators)}."
        )
    reading = SIDEWAYS if indicators.get("trend") == "sideways" else HEADLINES[phrases.bias_of(indicators)]
    data = " in simulated data" if indicators.get("source.kind") == "simulated" else ""
    closing = f"It {phrases.closed_at(indicators)} {indicators.price('close')} {phrases.stamp(indicators)}."
    return f"**{symbol}{data}: {reading}.** {closing}"


def crossing(indicators: Result, asked: tuple[str, ...]) -> Iterator[str]:
    """The order of the two averages of a golden or death cross, where both were asked for."""
    fast, slow = "sma_50", "sma_200"
    if {fast, slow} <= set(asked) and indicators.has(fast) and indicators.has(slow):
        is_above = indicators.get(fast) > indicators.get(slow)
        side, cross = ("above", "golden") if is_above else ("below", "death")
        yield f"The 50-day average stands {side} the 200-day average: the order that a {cross} cross leaves."


def value_of(indicators: Result, key: str) -> str:
    """The indicator that was asked for, or nothing where it has no value."""
    if key in AVERAGES:
        return f"{AVERAGES[key]} {indicators.price(key)}" if indicators.has(key) else ""
    match key:
        case "rsi_14" if indicators.has(key):
            rsi = indicators.get(key)
            state = "overbought" if rsi >= 70 else "oversold" if rsi <= 30 else "neither overbought nor oversold"
            return f"RSI(14) {indicators.number(key, 'one_place')}, {state}"
        case "macd" if indicators.has("macd_histogram"):
            parts = [indicators.price(path) for path in ("macd", "macd_signal", "macd_histogram")]
            return f"MACD {parts[0]}, signal {parts[1]}, histogram {parts[2]}"
        case "atr_14" if indicators.has(key):
            return f"ATR(14) {indicators.price(key)}, {indicators.size_percent('atr_pct')} of the close"
        case "bollinger_upper" if indicators.has(key):
            return f"Bollinger bands {indicators.price('bollinger_lower')} to {indicators.price('bollinger_upper')}"
        case "ema_12" | "ema_26" if indicators.has(key):
            return f"EMA({key.removeprefix('ema_')}) {indicators.price(key)}"
    return ""


def swing_and_volume(indicators: Result) -> Iterator[str]:
    if indicators.has("atr_pct"):
        swing = indicators.size_percent("atr_pct")
        yield f"A usual day swings {swing} of the price, or {indicators.price('atr_14')} (ATR)."
    if indicators.has("volume_ratio"):
        yield f"Volume was {indicators.number('volume_ratio', 'ratio')} times its 20-day average."
    yield (
        f"The 52-week range is {indicators.price('low_52w')} to {indicators.price('high_52w')}; the close is "
        f"{indicators.size_percent('vs_high_52w_pct')} below that high."
    )
