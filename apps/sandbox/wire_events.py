"""A thought as the Responses API tells it: one response object, and the events that build it up."""

import re
import secrets
import time
from collections.abc import Iterator
from typing import Any, TypeAlias

from apps.sandbox.response_request import ForcedFunction, ResponseRequest
from apps.sandbox.thinking import Thought, WantedCall
from apps.sandbox.usage_count import TOKEN, tokens, usage

Json: TypeAlias = dict[str, Any]

#: A word with the space after it.
PIECE = re.compile(r"\s*\S+\s*|\s+")
#: Arguments come in pieces of this many characters.
ARGUMENTS_PIECE = 16
TEXT_DELTA = "response.output_text.delta"
TEXT_DONE = "response.output_text.done"
FIRST_OUTPUT = frozenset({"response.output_item.added", "response.completed"})


class WireResponse:
    """One response in the making; each event carries the next sequence number."""

    def __init__(self, request: ResponseRequest) -> None:
        self._request = request
        self._id = f"resp_{secrets.token_hex(16)}"
        self._created_at = int(time.time())
        self._sequence = 0
        self._output: list[Json] = []

    def events(self, thought: Thought) -> Iterator[Json]:
        """Every event from `response.created` to the terminal one, whose `response` is the whole answer."""
        yield self._event("response.created", response=self._state("in_progress"))
        yield self._event("response.in_progress", response=self._state("in_progress"))
        for call in thought.calls:
            yield from self._call_events(call)
        text = self._cut_to_limit(thought.text)
        if text:
            yield from self._text_events(text, is_whole=text == thought.text)
        if text == thought.text:
            yield self._event("response.completed", response=self._state("completed"))
        else:
            yield self._event("response.incomplete", response=self._state("incomplete"))

    def failed(self, *, code: str, message: str) -> Json:
        error = {"code": code, "message": message}
        return self._event("response.failed", response=self._state("failed", error=error))

    def error(self, *, code: str, message: str) -> Json:
        return self._event("error", code=code, message=message, param=None)

    def whole(self, thought: Thought) -> Json:
        """The response of a request that wants no stream."""
        *_, last = self.events(thought)
        response: Json = last["response"]
        return response

    def _call_events(self, call: WantedCall) -> Iterator[Json]:
        index, item_id = len(self._output), f"fc_{secrets.token_hex(16)}"
        item = {"id": item_id, "type": "function_call", "call_id": call.call_id, "name": call.name}
        where = {"item_id": item_id, "output_index": index}
        yield self._event(
            "response.output_item.added", output_index=index, item={**item, "arguments": "", "status": "in_progress"}
        )
        for start in range(0, len(call.arguments), ARGUMENTS_PIECE):
            delta = call.arguments[start : start + ARGUMENTS_PIECE]
            yield self._event("response.function_call_arguments.delta", **where, delta=delta)
        yield self._event("response.function_call_arguments.done", **where, arguments=call.arguments)
        done = {**item, "arguments": call.arguments, "status": "completed"}
        self._output.append(done)
        yield self._event("response.output_item.done", output_index=index, item=done)

    def _text_events(self, text: str, *, is_whole: bool) -> Iterator[Json]:
        index, item_id = len(self._output), f"msg_{secrets.token_hex(16)}"
        item = {"id": item_id, "type": "message", "role": "assistant"}
        where = {"item_id": item_id, "output_index": index, "content_index": 0}
        yield self._event(
            "response.output_item.added", output_index=index, item={**item, "status": "in_progress", "content": []}
        )
        yield self._event("response.content_part.added", **where, part=text_part(""))
        for delta in PIECE.findall(text):
            yield self._event(TEXT_DELTA, **where, delta=delta, logprobs=[])
        yield self._event(TEXT_DONE, **where, text=text, logprobs=[])
        yield self._event("response.content_part.done", **where, part=text_part(text))
        done = {**item, "status": "completed" if is_whole else "incomplete", "content": [text_part(text)]}
        self._output.append(done)
        yield self._event("response.output_item.done", output_index=index, item=done)

    def _cut_to_limit(self, text: str) -> str:
        limit = self._request.max_output_tokens
        if limit is None:
            return text
        ends = [found.end() for found in TOKEN.finditer(text)]
        return text if len(ends) <= limit else text[: ends[limit - 1]]

    def _event(self, kind: str, **fields: Any) -> Json:
        event = {"type": kind, "sequence_number": self._sequence, **fields}
        self._sequence += 1
        return event

    def _state(self, status: str, *, error: Json | None = None) -> Json:
        request = self._request
        choice = request.tool_choice
        return {
            "id": self._id,
            "object": "response",
            "created_at": self._created_at,
            "completed_at": int(time.time()) if status == "completed" else None,
            "status": status,
            "background": False,
            "error": error,
            "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
            "instructions": request.instructions,
            "max_output_tokens": request.max_output_tokens,
            "max_tool_calls": request.max_tool_calls,
            "metadata": request.metadata or {},
            "model": f"sandbox/{request.model}",
            "output": list(self._output),
            "parallel_tool_calls": request.is_parallel,
            "previous_response_id": None,
            "prompt_cache_key": request.prompt_cache_key,
            "reasoning": request.reasoning.model_dump() if request.reasoning else {"effort": None, "summary": None},
            "safety_identifier": request.safety_identifier,
            "service_tier": "default",
            "temperature": request.temperature,
            "text": {"format": request.format.model_dump(by_alias=True)}
            | ({"verbosity": request.text.verbosity} if request.text and request.text.verbosity else {}),
            "tool_choice": choice.model_dump() if isinstance(choice, ForcedFunction) else choice or "auto",
            "tools": [tool.model_dump() for tool in request.tools or ()],
            "top_p": request.top_p,
            "truncation": "disabled",
            "usage": self._usage() if status in ("completed", "incomplete", "failed") else None,
            "user": None,
        }

    def _usage(self) -> Json:
        request = self._request
        asked = [request.instructions, request.input, request.format.model_dump(by_alias=True)]
        asked += [tool.model_dump(exclude_none=True) for tool in request.tools or ()]
        answered = [
            [item["name"], item["arguments"]] if item["type"] == "function_call" else item["content"][0]["text"]
            for item in self._output
        ]
        return usage(tokens_input=tokens(asked), tokens_output=tokens(answered))


def text_part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
