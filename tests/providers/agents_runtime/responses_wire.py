"""The events of one streamed answer as a Responses server sends them, complete down to each required field."""

import json
from collections.abc import Sequence
from itertools import count
from typing import Any

Json = dict[str, Any]
MODEL = "wire-model-2026"
USAGE: Json = {
    "input_tokens": 120,
    "input_tokens_details": {"cached_tokens": 20, "cache_write_tokens": 0},
    "output_tokens": 30,
    "output_tokens_details": {"reasoning_tokens": 10},
    "total_tokens": 150,
}
_ids = count(1)


class Wire:
    """Collects the events of one answer: `Wire().text("Hello", " there").calls(("get_quote", {…})).completed()`."""

    def __init__(self) -> None:
        self.id = f"resp_{next(_ids)}"
        self.events: list[Json] = []
        self.output: list[Json] = []
        self._add("response.created", response=self._response("in_progress"))
        self._add("response.in_progress", response=self._response("in_progress"))

    def text(self, *pieces: str) -> "Wire":
        index, item_id = len(self.output), f"msg_{next(_ids)}"
        place = {"output_index": index, "item_id": item_id, "content_index": 0}
        self._add("response.output_item.added", output_index=index, item=_message(item_id, "in_progress"))
        self._add("response.content_part.added", **place, part=_part(""))
        for piece in pieces:
            self._add("response.output_text.delta", **place, delta=piece, logprobs=[])
        whole = "".join(pieces)
        self._add("response.output_text.done", **place, text=whole, logprobs=[])
        self._add("response.content_part.done", **place, part=_part(whole))
        return self._finish(index, _message(item_id, "completed", whole))

    def refusal(self, words: str) -> "Wire":
        index, item_id = len(self.output), f"msg_{next(_ids)}"
        place = {"output_index": index, "item_id": item_id, "content_index": 0}
        self._add("response.output_item.added", output_index=index, item=_message(item_id, "in_progress"))
        self._add("response.refusal.delta", **place, delta=words)
        self._add("response.refusal.done", **place, refusal=words)
        message = _message(item_id, "completed")
        message["content"] = [{"type": "refusal", "refusal": words}]
        return self._finish(index, message)

    def reasoning(self) -> "Wire":
        item = {"type": "reasoning", "id": f"rs_{next(_ids)}", "summary": [], "encrypted_content": "sealed"}
        index = len(self.output)
        self._add("response.output_item.added", output_index=index, item=item)
        return self._finish(index, item)

    def calls(self, *calls: tuple[str, Json | str], call_ids: Sequence[str] = ()) -> "Wire":
        """Each call is a name with arguments, which may be broken text."""
        for number, (name, arguments) in enumerate(calls):
            written = arguments if isinstance(arguments, str) else json.dumps(arguments)
            index, item_id = len(self.output), f"fc_{next(_ids)}"
            item = {
                "type": "function_call",
                "id": item_id,
                "call_id": call_ids[number] if call_ids else f"call_{next(_ids)}",
                "name": name,
                "arguments": "",
                "status": "in_progress",
            }
            place = {"output_index": index, "item_id": item_id}
            self._add("response.output_item.added", output_index=index, item=item)
            self._add("response.function_call_arguments.delta", **place, delta=written)
            self._add("response.function_call_arguments.done", **place, arguments=written, name=name)
            self._finish(index, {**item, "arguments": written, "status": "completed"})
        return self

    def completed(self, **changes: Any) -> list[Json]:
        self._add("response.completed", response={**self._response("completed", usage=USAGE), **changes})
        return self.events

    def incomplete(self, reason: str) -> list[Json]:
        response = self._response("incomplete", usage=USAGE, incomplete_details={"reason": reason})
        self._add("response.incomplete", response=response)
        return self.events

    def failed(self, code: str) -> list[Json]:
        response = self._response("failed", error={"code": code, "message": "It went wrong."})
        self._add("response.failed", response=response)
        return self.events

    def error(self, code: str) -> list[Json]:
        self._add("error", code=code, message="It went wrong.", param=None)
        return self.events

    def unfinished(self) -> list[Json]:
        return self.events

    def _finish(self, index: int, item: Json) -> "Wire":
        self._add("response.output_item.done", output_index=index, item=item)
        self.output.append(item)
        return self

    def _add(self, kind: str, **fields: Any) -> None:
        self.events.append({"type": kind, "sequence_number": len(self.events), **fields})

    def _response(self, status: str, **changes: Any) -> Json:
        return {
            "id": self.id,
            "object": "response",
            "created_at": 1_790_000_000,
            "status": status,
            "model": MODEL,
            "output": list(self.output),
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "temperature": 1.0,
            "top_p": 1.0,
            "usage": None,
            **changes,
        }


def _message(item_id: str, status: str, text: str | None = None) -> Json:
    content = [] if text is None else [_part(text)]
    return {"type": "message", "id": item_id, "role": "assistant", "status": status, "content": content}


def _part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
