"""The tool calls of one round: read from what the model put out, run at once, answered one by one."""

import asyncio
from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, field

from apps.market.tools.toolbox import Toolbox, ToolOutcome
from apps.providers.errors import ProviderProtocolError
from apps.providers.events import Json, ToolCall, ToolResult
from apps.providers.openai_api.model_text import clean_text
from apps.providers.openai_api.tool_specs import MOST_CALLS, for_model, parse_arguments

BAD_ARGUMENTS = "The arguments are no JSON object. Write them again."
UNKNOWN_TOOL = "You have no such tool."
#: As many characters as a row of the request log holds.
NAME_CHARACTERS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCall:
    """A call that a model makes. `call_id` is the model's own; `event` has one that is unique in the turn."""

    call_id: str
    name: str
    event: ToolCall
    #: Why it is answered without a tool: an error code and a sentence for the model.
    refusal: tuple[str, str] | None


@dataclass(slots=True, kw_only=True)
class ToolLoop:
    """The calls of one turn, round by round. `offered` are the tools that the model was told of."""

    toolbox: Toolbox
    offered: Collection[str]
    _ids: set[str] = field(default_factory=set)

    def wanted(self, output: list[Json]) -> list[WantedCall]:
        """The calls among what a round put out. Raises ProviderProtocolError for one that cannot be answered."""
        calls = [item for item in output if item.get("type") == "function_call"]
        if len(calls) > MOST_CALLS:
            raise ProviderProtocolError(code="tool_loop")
        return [self._wanted(item) for item in calls]

    async def run(self, calls: list[WantedCall], answers: list[Json]) -> AsyncGenerator[ToolCall | ToolResult]:
        """Runs all calls at once; yields each call, then each result as it is there.

        Adds to `answers` what the model is to read, in the order of the calls. Closing it stops the calls.
        """
        for call in calls:
            yield call.event
        tasks = [asyncio.create_task(self._answer(call)) for call in calls]
        try:
            for next_done in asyncio.as_completed(tasks):
                yield await next_done
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        answers += [
            {
                "type": "function_call_output",
                "call_id": call.call_id,
                "output": for_model(call.name, task.result().result),
            }
            for call, task in zip(calls, tasks, strict=True)
        ]

    def _wanted(self, item: Json) -> WantedCall:
        match item:
            case {"call_id": str(call_id), "name": str(name), "arguments": str(written)}:
                pass
            case _:
                raise ProviderProtocolError(code="malformed")
        refusal = None
        arguments: Json = {}
        if name not in self.offered:
            refusal = ("unknown_tool", UNKNOWN_TOOL)
        else:
            try:
                arguments = parse_arguments(written)
            except ValueError:
                refusal = ("bad_arguments", BAD_ARGUMENTS)
        event = ToolCall(call_id=self._event_id(call_id), name=clean_text(name)[:NAME_CHARACTERS], arguments=arguments)
        return WantedCall(call_id=call_id, name=name, event=event, refusal=refusal)

    def _event_id(self, call_id: str) -> str:
        """The model's id, or one of our own: some servers begin to count again each round."""
        call_id = clean_text(call_id)
        own = call_id if 0 < len(call_id) <= NAME_CHARACTERS else "call"
        number = 1
        unique = own
        while unique in self._ids:
            number += 1
            unique = f"{own}_{number}"
        self._ids.add(unique)
        return unique

    async def _answer(self, call: WantedCall) -> ToolResult:
        if call.refusal is None:
            outcome = await self.toolbox.call(call.name, call.event.arguments)
        else:
            code, message = call.refusal
            error = {"code": code, "message": message, "retryable": False}
            outcome = ToolOutcome(ok=False, result={"error": error}, latency_ms=0.0)
        return ToolResult(
            call_id=call.event.call_id,
            name=call.event.name,
            ok=outcome.ok,
            result=outcome.result,
            latency_ms=outcome.latency_ms,
            retries=outcome.retries,
        )
