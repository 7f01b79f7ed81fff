"""What a turn emits. A provider yields these, the engine passes them on, a surface encodes them.

The data of each event is `as_json(event)`: an object whose `type` names it. Joined `Text.content` is the
answer's Markdown.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The next piece of the answer's Markdown."""

    content: str
    type: Literal["text"] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool is about to run with these arguments."""

    call_id: str
    name: str
    arguments: Json
    type: Literal["tool_call"] = "tool_call"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """The tool named by `call_id` has answered; with `ok` false, `result` is `{"error": {"code", "message", …}}`."""

    call_id: str
    name: str
    ok: bool
    result: Json
    latency_ms: float
    #: How often the call was repeated after a failure that was worth it.
    retries: int = 0
    type: Literal["tool_result"] = "tool_result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one model call; a turn may emit several. `cost_usd` is None where the price is unknown.

    `price_version` names the prices behind the cost, "" where that is unknown; `model` is "" where none ran.
    """

    tokens_input: int
    tokens_output: int
    tokens_cached: int = 0
    tokens_reasoning: int = 0
    cost_usd: float | None = None
    model: str = ""
    price_version: str = ""
    type: Literal["usage"] = "usage"


#: The version of the prices where no model ran.
FREE = "free"
#: Of an answer that no model was asked for.
NOTHING_USED = Usage(tokens_input=0, tokens_output=0, cost_usd=0.0, price_version=FREE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """How the turn is going: who serves it and why, which node runs, which partial was interrupted."""

    data: Json
    type: Literal["meta"] = "meta"


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """The turn failed. `message` is safe to show; `retryable` says whether asking again may help."""

    message: str
    retryable: bool
    code: str = "provider_error"
    type: Literal["error"] = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The answer is whole. `sidecar` is the structured part for the page (`apps.providers.sidecar`)."""

    request_id: str
    provider: str
    model: str
    sidecar: Json
    type: Literal["done"] = "done"


Event: TypeAlias = Text | ToolCall | ToolResult | Usage | Meta | Error | Done


def as_json(event: Event) -> Json:
    """The event as the wire shows it: `type` and its fields; the data of `Meta` stand beside its `type`."""
    if isinstance(event, Meta):
        return {"type": event.type, **event.data}
    # Not `asdict`, which copies every bar of a tool's result.
    names = [field.name for field in dataclasses.fields(event) if field.name != "type"]
    return {"type": event.type, **{name: getattr(event, name) for name in names}}
