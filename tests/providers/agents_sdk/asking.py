"""Ask the provider over the wire and hold what it emitted."""

from contextlib import aclosing
from dataclasses import dataclass, field

from apps.providers.agents_sdk.provider import AgentsSdk
from apps.providers.errors import ProviderError
from apps.providers.events import Done, Event, Json, Meta, Text, ToolCall, ToolResult
from apps.providers.protocol import TurnRequest


@dataclass
class Heard:
    """The events of a turn, and the error it ended with."""

    events: list[Event] = field(default_factory=list)
    error: ProviderError | None = None

    @property
    def text(self) -> str:
        return "".join(event.content for event in self.events if isinstance(event, Text))

    @property
    def kinds(self) -> list[str]:
        return [event.type for event in self.events]

    @property
    def metas(self) -> list[Json]:
        return [event.data for event in self.events if isinstance(event, Meta)]

    @property
    def calls(self) -> list[ToolCall]:
        return [event for event in self.events if isinstance(event, ToolCall)]

    @property
    def results(self) -> list[ToolResult]:
        return [event for event in self.events if isinstance(event, ToolResult)]

    @property
    def done(self) -> Done:
        assert self.error is None, self.error
        assert isinstance(self.events[-1], Done)
        assert self.kinds.count("done") == 1
        return self.events[-1]


async def hear(request: TurnRequest) -> Heard:
    """Reads the turn to its end, whatever that is."""
    heard = Heard()
    try:
        async with aclosing(AgentsSdk().stream(request)) as events:
            async for event in events:
                heard.events.append(event)
    except ProviderError as error:
        heard.error = error
    return heard
