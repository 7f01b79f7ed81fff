"""What an answer written by a model is about and rests on: the notes taken beside it, and the sidecar they become.

The question is read by the analyst's own reader, so that an intent means the same whoever answers; what the page shows
is built by the analyst's own rules from the tool results. Numbers come from tools alone.
"""

import asyncio
from typing import Any

from apps.providers.analyst.intents import read
from apps.providers.analyst.page import sidecar
from apps.providers.analyst.reading import Reading
from apps.providers.analyst.turn import Called, Turn
from apps.providers.events import Event, Text, ToolCall, ToolResult
from apps.providers.protocol import TurnRequest
from apps.providers.sidecar_check import leaving


class AnswerNotes:
    """One answer's notes. `add` takes its events as they are emitted; `sidecar` is asked for once, at the end."""

    def __init__(self, request: TurnRequest, reading: Reading) -> None:
        self.request = request
        self.reading = reading
        self._text: list[str] = []
        self._calls: dict[str, ToolCall] = {}
        self._results: dict[str, ToolResult] = {}

    @classmethod
    async def read(cls, request: TurnRequest) -> "AnswerNotes":
        """Reads the question in a thread: it takes milliseconds of computing, and the first one loads the model."""
        return cls(request, await asyncio.to_thread(read, request.question, request.history))

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

    def sidecar(self) -> dict[str, Any]:
        """The sidecar as JSON, checked. Never raises: on any fault it holds the intent alone."""
        return leaving(lambda: sidecar(self._turn()), intent=self.intent, call_ids=self._results.keys())

    def _turn(self) -> Turn:
        turn = Turn(reading=self.reading)
        for result in self._results.values():
            call = self._calls.get(result.call_id)
            called = Called(
                call_id=result.call_id, name=result.name, arguments=call.arguments if call else {}, ok=result.ok
            )
            turn.add(called, result.result)
        return turn
