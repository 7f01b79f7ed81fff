"""What an answer written by a model is about and rests on: the notes taken beside it, and the sidecar they become.

The question is read by the analyst's own reader, so that an intent means the same whoever answers; what the page shows
is built by the analyst's own rules from the tool results. A model calls tools in any order, again, and about symbols
that the reading did not find; numbers come from tools alone all the same.
"""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace

from apps.providers.analyst.intents import read
from apps.providers.analyst.ledger import Ledger
from apps.providers.analyst.page import sidecar
from apps.providers.analyst.reading import Reading
from apps.providers.analyst.turn import Called, Turn
from apps.providers.events import Event, Json, Text, ToolCall, ToolResult
from apps.providers.notes.fact_links import record_facts, unverified
from apps.providers.notes.result_shapes import has_its_shape, is_error
from apps.providers.protocol import TurnRequest
from apps.providers.sidecar import Sidecar
from apps.providers.sidecar_check import leaving

logger = logging.getLogger(__name__)

#: What the person must have wanted, where the reading found no question about markets: the first of these tools that
#: gave a result says it.
INTENT_OF_TOOL = {
    "build_trade_plan": "plan",
    "compare_symbols": "compare",
    "get_bars": "chart",
    "get_levels": "levels",
    "get_indicators": "indicators",
    "get_news": "news",
    "get_quote": "quote",
    "search_knowledge": "knowledge",
}
UNREAD = frozenset({"clarify", "out_of_scope", "greeting"})
#: Tools of which the page shows one result.
SHOWN_ONCE = ("build_trade_plan", "compare_symbols", "get_indicators", "get_levels")


class AnswerNotes:
    """One answer's notes. `add` takes its events as they are emitted; `sidecar` is asked for once, at the end."""

    def __init__(self, request: TurnRequest, reading: Reading) -> None:
        self.request = request
        self.reading = reading
        self._text: list[str] = []
        self._calls: dict[str, ToolCall] = {}
        self._results: dict[str, ToolResult] = {}

    @classmethod
    def of(cls, request: TurnRequest) -> "AnswerNotes":
        """Reads the question, which takes milliseconds of computing; the first one in a process loads the model."""
        return cls(request, read(request.question, request.history))

    @classmethod
    async def read(cls, request: TurnRequest) -> "AnswerNotes":
        """`of`, in a thread."""
        return await asyncio.to_thread(cls.of, request)

    @property
    def intent(self) -> str:
        return self.reading.intent

    @property
    def is_high_stakes(self) -> bool:
        """A plan or an order is asked for: money follows the answer."""
        return self.reading.intent == "plan" or self.reading.topic == "order"

    def add(self, event: Event) -> None:
        match event:
            case Text():
                self._text.append(event.content)
            case ToolCall():
                self._calls[event.call_id] = event
            case ToolResult():
                self._results[event.call_id] = event
            case _:
                pass

    def sidecar(self) -> Json:
        """The sidecar as JSON, checked. Never raises: on any fault it holds the intent alone."""
        return leaving(self._sidecar, intent=self.intent, call_ids=self._results.keys())

    def _sidecar(self) -> Sidecar:
        answer, turn = "".join(self._text), self._turn()
        record_facts(answer, turn.ledger)
        shown = sidecar(Turn(reading=as_answered(turn), ledger=turn.ledger, calls=best_first(turn)))
        # Whatever shape a result has, its numbers were given by a tool.
        given = {call_id: result.result for call_id, result in self._results.items()}
        return replace(shown, intent=self.intent, unverified=unverified(answer, given, self._said))

    @property
    def _said(self) -> str:
        """The person's own words, whose figures an answer may repeat."""
        earlier = [message.content for message in self.request.history if message.role == "user"]
        return "\n".join((*earlier, self.request.question))

    def _turn(self) -> Turn:
        """The calls as the analyst keeps its own; a result of another shape than its tool's is left out."""
        turn = Turn(reading=self.reading, ledger=Ledger())
        for call_id, result in self._results.items():
            if not (has_its_shape(result.name, result.result) if result.ok else is_error(result.result)):
                logger.warning("Tool result left out of the sidecar", extra={"tool": result.name, "ok": result.ok})
                continue
            call = self._calls.get(call_id)
            arguments = {"symbols": list(asked_about(result, call))}
            turn.add(Called(call_id=call_id, name=result.name, arguments=arguments, ok=result.ok), result.result)
        return turn


def asked_about(result: ToolResult, call: ToolCall | None) -> Iterator[str]:
    """The symbols of a call: as the result names them, else as the model wrote them."""
    given = result.result if result.ok else call.arguments if call else {}
    symbols = given.get("symbols")
    for symbol in (given.get("symbol"), *(symbols if isinstance(symbols, list) else ())):
        if isinstance(symbol, str) and symbol:
            yield symbol.upper()


def as_answered(turn: Turn) -> Reading:
    """The reading, with what the model found in the question beyond it: an intent where there was none, symbols."""
    reading = turn.reading
    good = [called for called in turn.calls if called.ok]
    symbols = dict.fromkeys(symbol for called in good for symbol in called.arguments["symbols"])
    is_unread = reading.intent == "clarify" or (reading.intent in UNREAD and not reading.topic)
    if is_unread and good:
        intent = next(INTENT_OF_TOOL[name] for name in INTENT_OF_TOOL if any(called.name == name for called in good))
        return replace(reading, intent=intent, confidence=None, symbols=tuple(symbols), unknown=(), topic="")
    if reading.intent == "overview":
        return reading
    return replace(reading, symbols=tuple(dict.fromkeys((*reading.symbols, *symbols))))


def best_first(turn: Turn) -> list[Called]:
    """The calls; of a tool that is shown once the best good call first: about what was asked, and the last such.

    The person's first symbol goes before the others, and any of them before one that the model chose by itself.
    """
    calls, asked = list(turn.calls), turn.reading.symbols

    def worth(place: int) -> tuple[bool, bool, int]:
        symbols = turn.calls[place].arguments["symbols"]
        return any(symbol in symbols for symbol in asked), asked[:1] == tuple(symbols[:1]), place

    for name in SHOWN_ONCE:
        places = [place for place, called in enumerate(turn.calls) if called.name == name and called.ok]
        for place, better in zip(places, sorted(places, key=worth, reverse=True), strict=True):
            calls[place] = turn.calls[better]
    return calls
