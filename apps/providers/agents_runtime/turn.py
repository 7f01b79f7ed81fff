"""One turn while agents work on it: what their tools and model calls need, and what they emit, in true order."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from apps.providers.events import Event, Text
from apps.providers.openai_api.tool_calls import CallIds
from apps.providers.protocol import TurnRequest

if TYPE_CHECKING:
    from apps.providers.notes.answer_notes import AnswerNotes

BLANK_LINE = "\n\n"


@dataclass(slots=True, kw_only=True)
class AgentTurn:
    """The `context` of every run of a turn: the SDK hands it to tools, hand-offs and guardrails.

    Tools and model calls emit here, from whichever task the SDK runs them in; `stream_agent` yields what they emitted.
    """

    request: TurnRequest
    notes: "AnswerNotes"
    #: The name by which the upstream and the log know the caller: "workflow", "agents_sdk".
    provider: str
    #: How many model calls were begun. A provider that makes one outside of a run counts it here.
    step: int = 0
    #: The model of the last finished call, as the server names it.
    model: str = ""
    #: What people have read so far, over all runs of the turn.
    text: str = ""
    call_ids: CallIds = field(default_factory=CallIds)
    _emitted: "asyncio.Queue[Event | None]" = field(default_factory=asyncio.Queue)

    def emit(self, event: Event) -> None:
        self.notes.add(event)
        self._emitted.put_nowait(event)

    def write(self, content: str, *, opens_block: bool) -> None:
        """Emits text. What another model call or message begins to write stands apart by a blank line."""
        if opens_block and self.text.strip():
            written = len(self.text) - len(self.text.rstrip("\n"))
            content = BLANK_LINE[written:] + content.lstrip("\n")
        self.text += content
        self.emit(Text(content=content))

    def close_run(self) -> None:
        """Says that the run which emits has ended."""
        self._emitted.put_nowait(None)

    async def next_event(self) -> Event | None:
        """The next event that was emitted, or None at the end of a run."""
        return await self._emitted.get()
