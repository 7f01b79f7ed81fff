"""Ask the analyst one question and hold what it emitted; a toolbox whose failures are scripted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.market.tools.market_toolbox import default_toolbox
from apps.market.tools.toolbox import Toolbox, ToolOutcome
from apps.providers.analyst.provider import Analyst
from apps.providers.events import Done, Event, Text, ToolCall, ToolResult
from apps.providers.protocol import Message, TurnRequest

SYMBOLS = ("AAPL", "META", "GOOG", "IBM", "MSFT", "TSLA", "NVDA", "AMZN", "SPY", "QQQ", "PLTR", "BTC-USD")
SIMULATED = frozenset({"TSLA", "NVDA", "AMZN", "SPY", "QQQ", "PLTR", "BTC-USD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    question: str
    events: list[Event]

    @property
    def text(self) -> str:
        return "".join(event.content for event in self.events if isinstance(event, Text))

    @property
    def calls(self) -> list[ToolCall]:
        return [event for event in self.events if isinstance(event, ToolCall)]

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """Results by call id."""
        return {event.call_id: event.result for event in self.events if isinstance(event, ToolResult)}

    @property
    def sidecar(self) -> dict[str, Any]:
        done = self.events[-1]
        assert isinstance(done, Done)
        return done.sidecar


async def ask(question: str, *history: str, toolbox: Toolbox | None = None) -> Answer:
    """`history` are the person's earlier questions; each was followed by some answer."""
    messages = [
        message
        for earlier in history
        for message in (
            Message(role="user", content=earlier),
            Message(role="assistant", content="Some answer on NFLX."),
        )
    ]
    request = TurnRequest(
        request_id=UUID(int=1),
        session_id=UUID(int=2),
        question=question,
        history=tuple(messages),
        toolbox=toolbox or default_toolbox(),
    )
    return Answer(question=question, events=[event async for event in Analyst().stream(request)])


class PatchedToolbox:
    """The real toolbox, except that the named tools answer what `patches` make of their real results."""

    def __init__(self, latency_ms: float = 1.0, **patches: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self.latency_ms = latency_ms
        self.patches = patches

    def schemas(self) -> list[dict[str, Any]]:
        return default_toolbox().schemas()

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        outcome = await default_toolbox().call(name, arguments)
        if name not in self.patches:
            return outcome
        result = self.patches[name](outcome.result)
        return ToolOutcome(ok="error" not in result, result=result, latency_ms=self.latency_ms)


def failing(code: str, message: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda result: {"error": {"code": code, "message": message, "retryable": code == "source_unavailable"}}


def changing(**values: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda result: {**result, **values}
