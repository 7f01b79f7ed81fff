"""A turn put together from its own events, for a page whose rows cannot be read: as a reload would have shown it."""

from typing import Any
from uuid import UUID

from apps.assistant.models import Turn
from apps.providers.events import Done, Error, Event, Meta, Text, ToolCall, ToolResult


class StreamedTurn:
    """What has been streamed so far. It is never saved."""

    def __init__(self, *, request_id: UUID, question: str) -> None:
        self.is_recorded = True
        self._turn = Turn(request_id=request_id, number=0, question=question)
        self._text: list[str] = []
        self._calls: dict[str, dict[str, Any]] = {}

    def add(self, event: Event) -> None:
        match event:
            case Text():
                self._text.append(event.content)
            case ToolCall():
                self._calls[event.call_id] = {
                    "call_id": event.call_id,
                    "name": event.name,
                    "arguments": event.arguments,
                    "ok": False,
                }
            case ToolResult():
                self._calls.setdefault(event.call_id, {"call_id": event.call_id, "name": event.name}).update(
                    ok=event.ok, result=event.result, latency_ms=event.latency_ms
                )
            case Meta():
                self._take_note(event)
            case Done():
                self._turn.status = Turn.Status.SUCCEEDED
                self._turn.model, self._turn.sidecar = event.model, event.sidecar
            case Error():
                self._turn.status, self._turn.error = Turn.Status.FAILED, event.message
            case _:
                pass

    def turn(self) -> Turn:
        self._turn.answer = "".join(self._text)
        self._turn.tool_calls = list(self._calls.values())
        return self._turn

    def _take_note(self, meta: Meta) -> None:
        self.is_recorded = self.is_recorded and meta.data.get("is_recorded", True)
        if "failed_provider" in meta.data:
            # Another provider begins anew: nothing that stood here is a part of its answer.
            self._text.clear()
            self._calls.clear()
