"""What a chart shows, in words: the window, how far price went, its extremes; and what it is drawn with."""

from collections.abc import Iterator

from apps.market.analysis.timeframes import IN_WORDS
from apps.providers.analyst.answers import phrases
from apps.providers.analyst.turn import Result, Turn

OVERLAYS = {
    "sma_20": "the 20-day average",
    "sma_50": "the 50-day average",
    "sma_200": "the 200-day average",
    "ema_12": "the EMA(12)",
    "ema_26": "the EMA(26)",
    "bollinger_upper": "the Bollinger bands",
    "bollinger_lower": "the Bollinger bands",
    "rsi_14": "RSI(14)",
    "macd": "MACD",
    "atr_14": "ATR(14)",
}
DEFAULT_OVERLAYS = ("sma_50", "sma_200")


def paragraphs(turn: Turn) -> Iterator[str]:
    charts = turn.results("get_bars")
    for chart in charts:
        yield headline(chart)
        yield " ".join((extremes(chart), *window_notes(chart)))
    if not charts:
        return
    if turn.reading.parameters.other_bars:
        yield f"I keep daily bars only, so this is no {turn.reading.parameters.other_bars} chart."
    drawn = overlays(charts[0], turn.reading.parameters.indicators)
    names = list(dict.fromkeys(OVERLAYS[key] for key in drawn))
    if names:
        yield f"Drawn as daily candles with {listed(names)}."
    yield from unknown_averages(turn)
    indicators = turn.result("get_indicators")
    if indicators:
        yield " ".join((phrases.trend_sentence(indicators), *phrases.missing_average(indicators)))


def headline(chart: Result) -> str:
    window = IN_WORDS.get(chart.get("timeframe"), "the window asked for")
    span = f"since {chart.day('first_day')}" if is_cut_short(chart) else f"over {window}"
    return (
        f"**{chart.get('symbol')} {span}** {phrases.changed(chart, 'change_pct')}, to "
        f"{phrases.a_close(chart)} {chart.price('close')} {phrases.stamp(chart)}."
    )


def is_cut_short(chart: Result) -> bool:
    """Whether the bars begin inside the window that was asked for."""
    return any("shorter" in note for note in chart.get("notes"))


def extremes(chart: Result) -> str:
    return (
        f"From {chart.day('first_day')} its high was {chart.price('high')} on {chart.day('high_day')} and its low "
        f"{chart.price('low')} on {chart.day('low_day')}."
    )


def window_notes(chart: Result) -> Iterator[str]:
    for index, note in enumerate(chart.get("notes")):
        if "shorter" in note:
            yield phrases.sentence(chart.words(f"notes.{index}"))


def overlays(chart: Result, asked: tuple[str, ...]) -> list[str]:
    """What to draw: what was asked for, or the two long averages; only what has a value in this window."""
    available = {**chart.get("overlays"), **chart.get("panes")}
    return [key for key in asked or DEFAULT_OVERLAYS if has_values(available.get(key))]


def has_values(line: object) -> bool:
    if isinstance(line, dict):
        return any(has_values(inner) for inner in line.values())
    return isinstance(line, list) and any(value is not None for value in line)


def unknown_averages(turn: Turn) -> Iterator[str]:
    """Says which averages there are where another length was asked for."""
    if turn.reading.parameters.other_averages:
        yield "I keep three simple averages, 20-day, 50-day and 200-day, so there is no other length here."


def listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
