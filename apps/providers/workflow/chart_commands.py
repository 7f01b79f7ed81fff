"""Commands to a chart: load a symbol, change the window, add or remove what is drawn. Read by rules, never by a model.

The analyst's reader says how the chart shall stand; here is said what the message changes on it. Only the person's own
messages count, and the chart is read from them again in order, so that nothing is kept between turns.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from apps.market.repository import default_repository
from apps.market.symbols.mentions import find_mentions, mask
from apps.providers.analyst.chart_changes import REMOVES, ZOOMS, named_overlays
from apps.providers.analyst.intents import read
from apps.providers.analyst.parameters import read_parameters
from apps.providers.analyst.reading import Reading
from apps.providers.protocol import Message

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
    reading = read(question, history)
    if is_surely_chart and reading.intent == "quote" and NAMED_ONLY.search(mask(question, also=own).lower()):
        reading = replace(reading, intent="chart", confidence=None, topic="")
    if reading.intent != "chart" or reading.topic or not reading.symbols:
        return None
    return ChartCommand(reading=reading, does=_does(question, own=own))


def _does(question: str, *, own: Collection[str]) -> frozenset[str]:
    """What the wording changes; a chart asked for without a change is loaded again."""
    now = read_parameters(question)
    text = question.lower()
    removed = REMOVES.search(text) and named_overlays(text, ("",))
    done = {
        "load": bool(find_mentions(question, also=own).symbols),
        "timeframe": bool(now.timeframe or now.other_bars or ZOOMS.search(text)),
        "indicator": bool(now.indicators or now.other_averages or removed),
    }
    return frozenset(name for name, is_done in done.items() if is_done) or frozenset({"load"})
