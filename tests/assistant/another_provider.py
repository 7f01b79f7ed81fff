"""All that a new provider is: one class. It says the last close of IBM, and fails where it is told to."""

from collections.abc import AsyncGenerator

from apps.providers.errors import ProviderUnavailable
from apps.providers.events import Done, Event, Text, ToolCall, ToolResult
from apps.providers.notes.answer_notes import AnswerNotes
from apps.providers.protocol import TurnRequest


class Another:
    name = "another"

    def why_unavailable(self) -> str | None:
        return None

    async def stream(self, request: TurnRequest) -> AsyncGenerator[Event]:
        if "break" in request.question:
            raise ProviderUnavailable(code="server_error")
        notes = await AnswerNotes.read(request)
        call = ToolCall(call_id="call_1", name="get_quote", arguments={"symbol": "IBM"})
        yield call
        outcome = await request.toolbox.call(call.name, call.arguments)
        result = ToolResult(
            call_id=call.call_id, name=call.name, ok=outcome.ok, result=outcome.result, latency_ms=outcome.latency_ms
        )
        yield result
        text = Text(content=f"IBM closed at {outcome.result['close']}.")
        yield text
        for event in (call, result, text):
            notes.add(event)
        yield Done(request_id=str(request.request_id), provider=self.name, model="another-1", sidecar=notes.sidecar())
