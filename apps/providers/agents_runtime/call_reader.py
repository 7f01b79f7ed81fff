"""Reads the raw events of one model call: text and usage go to the turn, every fault gets the code it has."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, NoReturn

from apps.providers.agents_runtime.function_tools import refuse_unknown
from apps.providers.agents_runtime.turn import AgentTurn
from apps.providers.errors import ProviderProtocolError, RequestRejected
from apps.providers.openai_api.failures import failed_in_stream
from apps.providers.openai_api.usage import usage_event


@dataclass(slots=True, kw_only=True)
class CallReader:
    turn: AgentTurn
    #: Names that the SDK can run: tools and hand-offs.
    known_tools: Collection[str]
    is_whole: bool = False
    #: Finished items, for servers that leave them out of the last event.
    _items: list[Any] = field(default_factory=list)
    #: The message that is being written; None before the first.
    _writing: Any = None
    _has_text: bool = False

    def read(self, event: Any) -> None:
        """Raises ProviderError for the event of a call that failed."""
        match event.type:
            case "response.output_text.delta" | "response.refusal.delta":
                self._write(event.delta, message=(event.item_id,))
            case "response.output_item.done":
                self._items.append(event.item)
            case "response.completed":
                self._complete(event)
            case "response.incomplete":
                self._count(event)
                reason = getattr(getattr(_response(event), "incomplete_details", None), "reason", None)
                if reason == "content_filter":
                    raise RequestRejected(code="content_filter")
                raise ProviderProtocolError(code="incomplete")
            case "response.failed":
                self._count(event)
                raise failed_in_stream(code=str(getattr(getattr(_response(event), "error", None), "code", "") or ""))
            case "error" | "response.error":
                raise failed_in_stream(code=str(getattr(event, "code", "") or ""))

    def end(self) -> NoReturn:
        """The stream is over and its last event never came."""
        raise ProviderProtocolError(code="no_terminal_event")

    def _write(self, content: Any, *, message: Any) -> None:
        if not isinstance(content, str):
            raise ProviderProtocolError(code="malformed")
        if not content:
            return
        self.turn.write(content, opens_block=message != self._writing)
        self._writing = message
        self._has_text = self._has_text or bool(content.strip())

    def _complete(self, event: Any) -> None:
        response = _response(event)
        self._count(event)
        items = getattr(response, "output", None) or self._items
        if not isinstance(items, list):
            raise ProviderProtocolError(code="malformed")
        # The SDK reads the items from here and takes nothing but a list.
        response.output = items
        calls = [item for item in items if getattr(item, "type", None) == "function_call"]
        for call in calls:
            self._check(call)
        if not self._has_text:
            # A server may send a message whole, without its pieces.
            for item in items:
                self._write(_text_of(item), message=(getattr(item, "id", None),))
        if not calls and not self._has_text:
            raise ProviderProtocolError(code="empty")
        for call in calls:
            if call.name not in self.known_tools:
                refuse_unknown(self.turn, call_id=call.call_id, name=call.name)
        self.is_whole = True

    def _check(self, call: Any) -> None:
        if not all(isinstance(getattr(call, name, None), str) for name in ("call_id", "name", "arguments")):
            raise ProviderProtocolError(code="malformed")

    def _count(self, event: Any) -> None:
        response = _response(event)
        if isinstance(model := getattr(response, "model", None), str):
            self.turn.model = model
        if usage := usage_event(model=self.turn.model, usage=getattr(response, "usage", None)):
            self.turn.emit(usage)


def _response(event: Any) -> Any:
    """The response inside a last event; the SDK passes on whatever a server wrote in its place."""
    response = getattr(event, "response", None)
    if not hasattr(response, "status"):
        raise ProviderProtocolError(code="malformed")
    return response


def _text_of(item: Any) -> str:
    if getattr(item, "type", None) != "message" or not isinstance(parts := getattr(item, "content", None), list):
        return ""
    return "".join(text for part in parts if isinstance(text := getattr(part, "text", None), str))
