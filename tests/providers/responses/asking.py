"""Ask the provider over the wire and hold what it emitted; toolboxes that show when they are called."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.market.tools.toolbox import Toolbox, ToolOutcome
from apps.providers.errors import ProviderError
from apps.providers.events import Done, Event, Meta, Text, ToolCall, ToolResult, Usage
from apps.providers.openai_api.client import close_client
from apps.providers.protocol import Message, TurnRequest
from apps.providers.responses.provider import Responses
from tests.providers.asking import toolbox_at_now

REQUEST_ID = UUID(int=0xA11CE)


def turn(
    question: str = "What is the price of TSLA?",
    *history: Message,
    toolbox: Toolbox | None = None,
    is_voice: bool = False,
    person_hash: str = "",
) -> TurnRequest:
    return TurnRequest(
        request_id=REQUEST_ID,
        session_id=UUID(int=2),
        question=question,
        history=history,
        toolbox=toolbox or toolbox_at_now(),
        is_voice=is_voice,
        person_hash=person_hash,
    )


@dataclass
class Heard:
    """The events of a turn, and the error it ended with."""

    events: list[Event] = field(default_factory=list)
    error: ProviderError | None = None

    @property
    def text(self) -> str:
        return "".join(event.content for event in self.events if isinstance(event, Text))

    @property
    def kinds(self) -> list[type[Event]]:
        """Of the events in order, pieces of one text counted once: how it arrives is the wire's affair."""
        kinds = [type(event) for event in self.events]
        return [
            kind for kind, before in zip(kinds, [None, *kinds], strict=False) if not (kind is Text and before is Text)
        ]

    @property
    def calls(self) -> list[ToolCall]:
        return [event for event in self.events if isinstance(event, ToolCall)]

    @property
    def results(self) -> list[ToolResult]:
        return [event for event in self.events if isinstance(event, ToolResult)]

    @property
    def usages(self) -> list[Usage]:
        return [event for event in self.events if isinstance(event, Usage)]

    @property
    def meta(self) -> dict[str, Any]:
        assert isinstance(self.events[0], Meta)
        return self.events[0].data

    @property
    def done(self) -> Done:
        assert self.error is None, self.error
        assert isinstance(self.events[-1], Done)
        return self.events[-1]


async def hear(request: TurnRequest) -> Heard:
    """Reads the turn to its end, whatever that is."""
    heard = Heard()
    try:
        async with aclosing(Responses().stream(request)) as events:
            async for event in events:
                heard.events.append(event)
    except ProviderError as error:
        heard.error = error
    finally:
        await close_client()
    return heard


class MeetingToolbox:
    """Real answers, but no call ends before `together` of them run. Alone, a call would wait for ever."""

    def __init__(self, together: int) -> None:
        self._barrier = asyncio.Barrier(together)

    def schemas(self) -> list[dict[str, Any]]:
        return toolbox_at_now().schemas()

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        async with asyncio.timeout(20):
            await self._barrier.wait()
        return await toolbox_at_now().call(name, arguments)


class HoldingToolbox:
    """Holds each call until it is let go, by symbol; `stopped` are the calls that were cancelled."""

    def __init__(self) -> None:
        self.held: dict[str, asyncio.Event] = {}
        self.two_wait = asyncio.Event()
        self.stopped: list[str] = []

    def schemas(self) -> list[dict[str, Any]]:
        return toolbox_at_now().schemas()

    def let_go(self, symbol: str) -> None:
        self.held.setdefault(symbol, asyncio.Event()).set()

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        symbol = arguments["symbol"]
        try:
            held = self.held.setdefault(symbol, asyncio.Event())
            if len(self.held) == 2:
                self.two_wait.set()
            await held.wait()
        except asyncio.CancelledError:
            self.stopped.append(symbol)
            raise
        return ToolOutcome(ok=True, result={"symbol": symbol}, latency_ms=1.5, retries=1)
