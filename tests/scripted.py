"""A provider that plays a script, for the turns no real backend produces on demand."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from apps.providers.events import Done, Event, Text
from apps.providers.protocol import TurnRequest
from apps.providers.sidecar import Sidecar


@dataclass
class Script:
    """Steps played in order: an event is emitted, an exception raised, a number waited for in seconds."""

    steps: Sequence[Event | BaseException | float]
    #: Whether a `Done` follows the steps by itself.
    ends: bool = True
    requests: list[TurnRequest] = field(default_factory=list)
    closed: bool = False


class ScriptedProvider:
    name = "analyst"
    script = Script(steps=[])

    def why_unavailable(self) -> str | None:
        return None

    async def stream(self, request: TurnRequest) -> AsyncGenerator[Event]:
        script = ScriptedProvider.script
        script.requests.append(request)
        try:
            for step in script.steps:
                match step:
                    case float() | int():
                        await asyncio.sleep(step)
                    case BaseException():
                        raise step
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
            script.closed = True


def words(text: str) -> list[Event]:
    """The text as one event a word."""
    return [Text(content=f"{word} ") for word in text.split()]
