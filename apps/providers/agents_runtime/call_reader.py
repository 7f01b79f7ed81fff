"""Reads the raw events of one model call: text and usage go to the turn, every fault gets the code it has."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, NoReturn

from apps.providers.agents_runtime.function_tools import refuse_unknown
from apps.providers.agents_runtime.turn import AgentTurn
from apps.providers.errors import ProviderProtocolError
from apps.providers.openai_api.failures import failed_at_the_end, failed_in_stream
from apps.providers.openai_api.model_text import MODEL_CHARACTERS, clean_text
from apps.providers.openai_api.tool_specs import MOST_CALLS
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
        # The SDK passes on whatever a server sent, with or without what belongs there.
        match kind := getattr(event, "type", None):
            case "response.output_text.delta" | "response.refusal.delta":
                self._write(getattr(event, "delta", None), message=(getattr(event, "item_id", None),))
            case "response.output_item.done":
                self._items.append(_checked(getattr(event, "item", None)))
            case "response.completed" | "response.incomplete" | "response.failed":
                response = getattr(event, "response", None)
                if not hasattr(response, "status"):
                    raise ProviderProtocolError(code="malformed")
                self._count(response)
                if fault := failed_at_the_end(
                    kind=kind,
                    status=getattr(response, "status", None),
                    reason=getattr(getattr(response, "incomplete_details", None), "reason", None),
                    code=getattr(getattr(response, "error", None), "code", None),
                ):
                    raise fault
                self._complete(response)
            case "error" | "response.error":
                raise failed_in_stream(code=str(getattr(event, "code", "") or ""))

    def end(self) -> NoReturn:
        """The stream is over and its last event never came."""
        raise ProviderProtocolError(code="no_terminal_event")

    def _write(self, content: Any, *, message: Any) -> None:
        if not isinstance(content, str):
            raise ProviderProtocolError(code="malformed")
        if not (content := clean_text(content)):
            return
        self.turn.write(content, opens_block=message != self._writing)
        self._writing = message
        self._has_text = self._has_text or bool(content.strip())

    def _complete(self, response: Any) -> None:
        items = getattr(response, "output", None) or self._items
        if not isinstance(items, list):
            raise ProviderProtocolError(code="malformed")
        # The SDK reads the items from here and takes nothing but a list.
        response.output = [_checked(item) for item in items]
        calls = [item for item in items if item.type == "function_call"]
        if not self._has_text:
            # A server may send a message whole, without its pieces.
            for item in items:
                self._write(_text_of(item), message=(getattr(item, "id", None),))
        if not calls and not self._has_text:
            raise ProviderProtocolError(code="empty")
        if len(calls) > MOST_CALLS:
            raise ProviderProtocolError(code="tool_loop")
        for call in calls:
            # Both are sent along with the next call, which half a surrogate pair would stop.
            call.name, call.arguments = clean_text(call.name), clean_text(call.arguments)
            call.call_id = self.turn.call_ids.own(call.call_id)
            if call.name not in self.known_tools:
                refuse_unknown(self.turn, call_id=call.call_id, name=call.name)
        self.is_whole = True

    def _count(self, response: Any) -> None:
        if isinstance(model := getattr(response, "model", None), str):
            self.turn.model = clean_text(model)[:MODEL_CHARACTERS] or self.turn.model
        if usage := usage_event(model=self.turn.model, usage=getattr(response, "usage", None)):
            self.turn.emit(usage)


def _checked(item: Any) -> Any:
    """The item, as far as the SDK relies on it. Raises ProviderProtocolError."""
    match getattr(item, "type", None):
        case "function_call":
            parts = (getattr(item, name, None) for name in ("call_id", "name", "arguments"))
            is_right = all(isinstance(part, str) for part in parts)
        case "message":
            is_right = isinstance(getattr(item, "content", None), list)
        case kind:
            is_right = isinstance(kind, str)
    if not is_right:
        raise ProviderProtocolError(code="malformed")
    return item


def _text_of(item: Any) -> str:
    if item.type != "message":
        return ""
    said = (getattr(part, "text", None) or getattr(part, "refusal", None) for part in item.content)
    return "".join(text for text in said if isinstance(text, str))
