"""Providers that play a script, for the turns no real backend produces on demand."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from apps.core.threads import in_database_thread
from apps.providers.events import Done, Event, Text, ToolCall, ToolResult
from apps.providers.protocol import TurnRequest
from apps.providers.sidecar import Sidecar


@dataclass(frozen=True)
class UseTool:
    """Calls the turn's toolbox as a provider does, and emits the call and its result."""

    name: str
    arguments: dict[str, Any]
    call_id: str = "c1"


#: An event is emitted, an exception raised, a number waited for in seconds, a tool used, a function called in the
#: database's thread, an async function awaited.
Step: TypeAlias = Event | BaseException | float | UseTool | Callable[[], object]


@dataclass
class Script:
    """What each try plays, in order; the last is played again by any further try."""

    tries: Sequence[Sequence[Step]] = ((),)
    #: Whether a `Done` follows the steps by itself.
    ends: bool = True
    #: How long the provider clings to its connections when it is closed.
    closes_in_s: float = 0.0
    requests: list[TurnRequest] = field(default_factory=list)
    closed: bool = False


class ScriptedProvider:
    name = "analyst"
    script = Script()

    def why_unavailable(self) -> str | None:
        return None

    async def stream(self, request: TurnRequest) -> AsyncGenerator[Event]:
        script = type(self).script
        steps = script.tries[min(len(script.requests), len(script.tries) - 1)]
        script.requests.append(request)
        try:
            for step in steps:
                match step:
                    case float() | int():
                        await asyncio.sleep(step)
                    case BaseException():
                        raise step
                    case UseTool():
                        yield ToolCall(call_id=step.call_id, name=step.name, arguments=step.arguments)
                        outcome = await request.toolbox.call(step.name, step.arguments)
                        yield ToolResult(
                            call_id=step.call_id,
                            name=step.name,
                            ok=outcome.ok,
                            result=outcome.result,
                            latency_ms=outcome.latency_ms,
                        )
                    case _ if inspect.iscoroutinefunction(step):
                        await step()
                    case _ if callable(step):
                        await in_database_thread(step)
                    case _:
                        yield step
            if script.ends:
                yield Done(
                    request_id=str(request.request_id),
                    provider=self.name,
                    model="script-1",
                    sidecar=Sidecar(intent="quote", symbols=["AAPL"]).as_json(),
                )
        finally:
            if script.closes_in_s:
                await asyncio.sleep(script.closes_in_s)
            script.closed = True


class ScriptedResponses(ScriptedProvider):
    name = "responses"
    script = Script()


class ScriptedWorkflow(ScriptedProvider):
    name = "workflow"
    script = Script()


class ScriptedAgentsSdk(ScriptedProvider):
    name = "agents_sdk"
    script = Script()


SCRIPTED: dict[str, type[ScriptedProvider]] = {
    provider.name: provider for provider in (ScriptedProvider, ScriptedResponses, ScriptedWorkflow, ScriptedAgentsSdk)
}


def words(text: str) -> list[Event]:
    """The text as one event a word."""
    return [Text(content=f"{word} ") for word in text.split()]
