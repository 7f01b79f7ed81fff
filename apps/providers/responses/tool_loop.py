"""The tool calls of one round: read from what the model put out, run at once, answered one by one."""

import asyncio
from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass, field

from apps.market.tools.toolbox import Toolbox, ToolOutcome
from apps.providers.errors import ProviderProtocolError
from apps.providers.events import Json, ToolCall, ToolResult
from apps.providers.openai_api.model_text import NAME_CHARACTERS, clean_text
from apps.providers.openai_api.tool_calls import CallIds, refused_call
from apps.providers.openai_api.tool_specs import MOST_CALLS, for_model, parse_arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCall:
    """A call that a model makes. `call_id` is the model's own; `event` has one that is unique in the turn."""

    call_id: str
    name: str
    event: ToolCall
    #: Why it is answered without a tool: an error code, "" for a call that a tool answers.
    refusal: str


@dataclass(slots=True, kw_only=True)
class ToolLoop:
    """The calls of one turn, round by round. `offered` are the tools that the model was told of."""

    toolbox: Toolbox
    offered: Collection[str]
    _ids: CallIds = field(default_factory=CallIds)

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
        refusal = ""
        arguments: Json = {}
        if name not in self.offered:
            refusal = "unknown_tool"
        else:
            try:
                arguments = parse_arguments(written)
            except ValueError:
                refusal = "bad_arguments"
        event = ToolCall(call_id=self._ids.own(call_id), name=clean_text(name)[:NAME_CHARACTERS], arguments=arguments)
        return WantedCall(call_id=call_id, name=name, event=event, refusal=refusal)

    async def _answer(self, call: WantedCall) -> ToolResult:
        if call.refusal:
            outcome = ToolOutcome(ok=False, result=refused_call(call.refusal), latency_ms=0.0)
        else:
            outcome = await self.toolbox.call(call.name, call.event.arguments)
        return ToolResult(
            call_id=call.event.call_id,
            name=call.event.name,
            ok=outcome.ok,
            result=outcome.result,
            latency_ms=outcome.latency_ms,
            retries=outcome.retries,
        )
