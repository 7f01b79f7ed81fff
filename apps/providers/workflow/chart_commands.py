"""Commands to a chart: load a symbol, change the window, add or remove what is drawn. Read by rules, never by a model.

The analyst's reader knows how a chart is asked for and continued; what it does not know is taking something off a
chart, adding to what stands there by default, and zooming. As in the reader, only the person's own messages count, and
the chart as it stands is read from them again in order, so that nothing is kept between turns.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial

from apps.market.repository import default_repository
from apps.market.symbols.mentions import find_mentions, mask
from apps.providers.analyst.answers.chart import DEFAULT_OVERLAYS
from apps.providers.analyst.conversation import earlier_reading
from apps.providers.analyst.intents import read_one
from apps.providers.analyst.parameters import TIMEFRAMES, read_indicators, read_parameters
from apps.providers.analyst.patterns import any_of
from apps.providers.analyst.reading import Reading
from apps.providers.analyst.tool_plan import DEFAULT_TIMEFRAME
from apps.providers.protocol import Message

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
#: A bare name said to a chart ("pull up NVDA") reads as a question for its price.
NAMED_ONLY = re.compile(
    r"^\W*(?:(?:please|now|ok(?:ay)?|then|and|let's|can you|could you|bring|pull|call|put|get|give|switch|go|open|"
    r"load|show|see|me|us|up|to|over|on|the|screen|chart)\W+)*(?:symbol\W*)+(?:(?:on|up|please|now|instead|then|the|"
    r"screen|chart)\W*)*$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartCommand:
    """`reading` is the chart as it shall stand; `does` names what the message changes, of "load", "timeframe" and
    "indicator"."""

    reading: Reading
    does: frozenset[str]


def read_command(question: str, history: tuple[Message, ...], *, is_surely_chart: bool = False) -> ChartCommand | None:
    """The chart that the message asks for; None where it asks for none, or for one of no known symbol.

    With `is_surely_chart`, because a classifier says so, a bare symbol is a chart as well.
    """
    own = frozenset(default_repository().symbols() or ())
    previous = earlier_reading(history, partial(_read_one, own=own))
    reading = _read_one(question, previous, own=own)
    if is_surely_chart and reading.intent == "quote" and NAMED_ONLY.search(mask(question, also=own).lower()):
        reading = replace(reading, intent="chart", confidence=None, topic="")
    if reading.intent != "chart" or reading.topic or not reading.symbols:
        return None
    return ChartCommand(reading=reading, does=_does(question, own=own))


def _does(question: str, *, own: Collection[str]) -> frozenset[str]:
    """What the wording changes; a chart asked for without a change is loaded again."""
    now = read_parameters(question)
    text = question.lower()
    done = {
        "load": bool(find_mentions(question, also=own).symbols),
        "timeframe": bool(now.timeframe or now.other_bars or ZOOMS.search(text)),
        "indicator": bool(now.indicators or now.other_averages or (REMOVES.search(text) and _named(text, ("",)))),
    }
    return frozenset(name for name, is_done in done.items() if is_done) or frozenset({"load"})


def _read_one(question: str, previous: Reading | None, *, own: frozenset[str]) -> Reading:
    """One message, and what it does to the chart before it."""
    reading = read_one(question, previous, own=own)
    text = question.lower()
    on_chart = previous if previous is not None and previous.intent == "chart" else None
    if on_chart and reading.symbols not in ((), on_chart.symbols):
        on_chart = None
    if on_chart is None and reading.intent != "chart":
        return reading
    drawn = (on_chart.parameters.indicators if on_chart else ()) or DEFAULT_OVERLAYS
    if REMOVES.search(text) and (gone := _named(text, drawn)):
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


def _named(text: str, drawn: tuple[str, ...]) -> frozenset[str]:
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
