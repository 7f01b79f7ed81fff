"""What a message changes on the chart that the conversation stands at: something added to it or taken off, zooming.

What is drawn by default counts as drawn: "add RSI" keeps the averages, and "remove RSI" brings nothing else back.
"""

import re
from dataclasses import replace

from apps.providers.analyst.answers.chart import DEFAULT_OVERLAYS
from apps.providers.analyst.parameters import TIMEFRAMES, read_indicators, read_parameters
from apps.providers.analyst.patterns import any_of
from apps.providers.analyst.reading import Reading
from apps.providers.analyst.tool_plan import DEFAULT_TIMEFRAME

#: What a chart without anything drawn on it is asked for with: it names no overlay, where an empty tuple means the
#: averages that are drawn by default.
BARE = ("none",)
POLITE = r"^\W*(?:(?:and|but|ok(?:ay)?|now|then|so|please|can you|could you|just|also)\W+)*"
REMOVES = any_of(
    rf"{POLITE}(?:drop|clear|delete|lose|no)\b",
    r"\b(?:remove|hide|without|get rid of|no more|turn(?:ing)? off|take (?:away|off|out|down))\b",
    r"\b(?:turn|take) (?:the )?[\w() -]{1,24} (?:off|away)\b",
)
ADDS = any_of(rf"{POLITE}(?:add|overlay|include|put)\b", r"\b(?:add|as well|too)\b")
ALL_AVERAGES = re.compile(r"\baverages\b")
EVERYTHING = re.compile(r"\b(?:indicators|overlays|everything|lines|all of (?:it|them))\b")
ZOOMS = re.compile(r"\bzoom(?:ing)?(?: it)? (in|out)\b")
WINDOWS = (*(name for _, name in TIMEFRAMES), "MAX")


def on_its_chart(question: str, reading: Reading, previous: Reading | None) -> Reading:
    """The reading of `question`, as the chart of `previous` stands after it; unchanged where it is about no chart."""
    text = question.lower()
    on_chart = previous if previous is not None and previous.intent == "chart" else None
    if on_chart and reading.symbols not in ((), on_chart.symbols):
        on_chart = None
    if on_chart is None and reading.intent != "chart":
        return reading
    drawn = (on_chart.parameters.indicators if on_chart else ()) or DEFAULT_OVERLAYS
    if REMOVES.search(text) and (gone := named_overlays(text, drawn)):
        kept = tuple(key for key in drawn if key not in gone) or BARE
        return _chart(on_chart or reading, question, reading, indicators=kept)
    if on_chart is None:
        return reading
    if (zoom := ZOOMS.search(text)) and not read_parameters(question).timeframe:
        window = _zoomed(on_chart.parameters.timeframe or DEFAULT_TIMEFRAME, zoom[1])
        return _chart(on_chart, question, reading, timeframe=window)
    if ADDS.search(text) and reading.intent == "chart" and (added := read_indicators(text)[0]):
        return _chart(on_chart, question, reading, indicators=tuple(dict.fromkeys((*drawn, *added))))
    return _chart(reading, question, reading) if reading.intent == "chart" and not reading.topic else reading


def _chart(chart: Reading, question: str, now: Reading, **changes: object) -> Reading:
    """`chart` with changes; a window that the same message names holds as well, whatever else it asks for."""
    window = read_parameters(question).timeframe if now.intent in ("chart", "indicators") else None
    parameters = replace(chart.parameters, **({"timeframe": window} if window else {}), **changes)  # type: ignore[arg-type]
    return replace(chart, question=question, confidence=None, topic="", parameters=parameters)


def named_overlays(text: str, drawn: tuple[str, ...]) -> frozenset[str]:
    """What of a chart the message names, among all there is to draw."""
    if EVERYTHING.search(text):
        return frozenset(drawn)
    named = set(read_indicators(text)[0])
    if ALL_AVERAGES.search(text):
        named |= {"sma_20", "sma_50", "sma_200", "ema_12", "ema_26"}
    return frozenset(named)


def _zoomed(window: str, direction: str) -> str:
    """The next shorter or longer window; the year to date stands where a year does."""
    place = WINDOWS.index(window if window in WINDOWS else DEFAULT_TIMEFRAME)
    return WINDOWS[max(0, place - 1) if direction == "in" else min(len(WINDOWS) - 1, place + 1)]
