"""Well-formed Responses streams as lists of events, to send as they are or to break on purpose."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MODEL = "gpt-6.1-terra-2026-09-01"
USAGE = {
    "input_tokens": 1000,
    "input_tokens_details": {"cached_tokens": 400, "cache_write_tokens": 0},
    "output_tokens": 100,
    "output_tokens_details": {"reasoning_tokens": 60},
    "total_tokens": 1100,
}


@dataclass(frozen=True, kw_only=True)
class Call:
    """A tool call that the model makes; `arguments` may be the text of broken JSON."""

    name: str
    arguments: dict[str, Any] | str
    call_id: str = "call_a"

    @property
    def written(self) -> str:
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


def answer(
    *pieces: str,
    calls: Sequence[Call] = (),
    reasons: bool = False,
    refusal: str = "",
    model: str = MODEL,
    usage: dict[str, Any] | None = USAGE,
) -> list[dict[str, Any]]:
    """The events of one response that says the `pieces`, then makes the `calls`."""
    events: list[dict[str, Any]] = []
    output: list[dict[str, Any]] = []

    def emit(kind: str, **fields: Any) -> None:
        events.append({"type": kind, "sequence_number": len(events), **fields})

    def add(item: dict[str, Any], begun: dict[str, Any]) -> int:
        emit("response.output_item.added", output_index=len(output), item={**begun, "status": "in_progress"})
        output.append(item)
        return len(output) - 1

    emit("response.created", response=response("in_progress", model=model))
    emit("response.in_progress", response=response("in_progress", model=model))
    if reasons:
        item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAAAsealed"}
        index = add(item, {"type": "reasoning", "id": "rs_1", "summary": []})
        emit("response.output_item.done", output_index=index, item=item)
    if pieces or refusal:
        parts = _say(emit, add, len(output), pieces, refusal)
        output[-1]["content"] = parts
        emit("response.output_item.done", output_index=len(output) - 1, item=output[-1])
    for number, call in enumerate(calls):
        item = {
            "type": "function_call",
            "id": f"fc_{number}",
            "call_id": call.call_id,
            "name": call.name,
            "arguments": call.written,
            "status": "completed",
        }
        index = add(item, {**item, "arguments": ""})
        place = {"item_id": item["id"], "output_index": index}
        emit("response.function_call_arguments.delta", delta=call.written, **place)
        emit("response.function_call_arguments.done", arguments=call.written, name=call.name, **place)
        emit("response.output_item.done", output_index=index, item=item)
    emit("response.completed", response=response("completed", model=model, output=output, usage=usage))
    return events


def _say(emit: Any, add: Any, index: int, pieces: Sequence[str], refusal: str) -> list[dict[str, Any]]:
    message: dict[str, Any] = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
    add(message, {**message, "content": []})
    place = {"item_id": "msg_1", "output_index": index, "content_index": 0}
    if refusal:
        part = {"type": "refusal", "refusal": refusal}
        emit("response.content_part.added", part={**part, "refusal": ""}, **place)
        emit("response.refusal.delta", delta=refusal, **place)
        emit("response.refusal.done", refusal=refusal, **place)
    else:
        part = {"type": "output_text", "text": "".join(pieces), "annotations": []}
        emit("response.content_part.added", part={**part, "text": ""}, **place)
        for piece in pieces:
            emit("response.output_text.delta", delta=piece, logprobs=[], **place)
        emit("response.output_text.done", text="".join(pieces), logprobs=[], **place)
    emit("response.content_part.done", part=part, **place)
    return [part]


def response(
    status: str,
    *,
    model: str = MODEL,
    output: Sequence[dict[str, Any]] = (),
    usage: dict[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1795305600,
        "status": status,
        "model": model,
        "output": list(output),
        "usage": usage,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": None,
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        **fields,
    }


def failed(code: str, *, usage: dict[str, Any] | None = USAGE) -> dict[str, Any]:
    """A `response.failed` event, in the vendor's own words."""
    error = {"code": code, "message": "vendor words"}
    return {"type": "response.failed", "sequence_number": 9, "response": response("failed", usage=usage, error=error)}


def incomplete(reason: str) -> dict[str, Any]:
    ended = response("incomplete", usage=USAGE, incomplete_details={"reason": reason})
    return {"type": "response.incomplete", "sequence_number": 9, "response": ended}


def error_event(code: str | None) -> dict[str, Any]:
    return {"type": "error", "sequence_number": 9, "code": code, "message": "vendor words", "param": None}
