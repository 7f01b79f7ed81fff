"""Ask the analyst one question and hold what it emitted; a toolbox whose failures are scripted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from apps.market import calendar
from apps.market.knowledge.search import search_knowledge
from apps.market.repository import BarsRepository
from apps.market.sources.sample import SampleSource
from apps.market.sources.simulated import SimulatedSource
from apps.market.symbols.instruments import instrument
from apps.market.tools.market_toolbox import MarketToolbox
from apps.market.tools.toolbox import Toolbox, ToolOutcome
from apps.providers.analyst.provider import Analyst
from apps.providers.events import Done, Event, Text, ToolCall, ToolResult
from apps.providers.protocol import Message, TurnRequest

SYMBOLS = ("AAPL", "META", "GOOG", "IBM", "MSFT", "TSLA", "NVDA", "AMZN", "SPY", "QQQ", "PLTR", "BTC-USD")
#: A Saturday: the simulated feed ends on the Friday before, and answers are the same whenever the tests run.
NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
SIMULATED = frozenset({"TSLA", "NVDA", "AMZN", "SPY", "QQQ", "PLTR", "BTC-USD"})


@cache
def toolbox_at_now() -> MarketToolbox:
    """The product's own tools and data, at a fixed time."""
    repository = BarsRepository([SampleSource(), SimulatedSource(lambda: NOW)], lambda: NOW)
    return MarketToolbox(
        repository=repository,
        instruments=instrument,
        calendar=calendar,
        knowledge=search_knowledge,
        clock=lambda: NOW,
    )


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
        toolbox=toolbox or toolbox_at_now(),
    )
    return Answer(question=question, events=[event async for event in Analyst().stream(request)])


class PatchedToolbox:
    """The real toolbox, except that the named tools answer what `patches` make of their real results."""

    def __init__(self, latency_ms: float = 1.0, **patches: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self.latency_ms = latency_ms
        self.patches = patches

    def schemas(self) -> list[dict[str, Any]]:
        return toolbox_at_now().schemas()

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        outcome = await toolbox_at_now().call(name, arguments)
        if name not in self.patches:
            return outcome
        result = self.patches[name](outcome.result)
        return ToolOutcome(ok="error" not in result, result=result, latency_ms=self.latency_ms)


def failing(code: str, message: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda result: {"error": {"code": code, "message": message, "retryable": code == "source_unavailable"}}


def changing(**values: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda result: {**result, **values}
