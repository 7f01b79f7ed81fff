"""The contract between a turn and a backend."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from apps.market.tools.toolbox import Toolbox
from apps.providers.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One earlier message of the conversation; `role` is `user` or `assistant`."""

    role: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRequest:
    """All a provider may know of a turn. `history` holds at most ten messages, oldest first, without the question."""

    request_id: UUID
    session_id: UUID
    question: str
    history: tuple[Message, ...]
    toolbox: Toolbox
    is_voice: bool = False
    #: A keyed hash of who asks, for upstream abuse reports; never an id or a name. Empty where nobody is known.
    person_hash: str = ""


class Provider(Protocol):
    """One backend. `stream` yields text and tool events, then exactly one `Done`, or raises a `ProviderError`.

    Tools are called through the request's toolbox alone. `AnswerNotes` makes the sidecar of `Done` from the events.
    """

    name: str

    def why_unavailable(self) -> str | None:
        """Why it cannot serve at all (no key, no server), or None; a cheap look at settings, no request."""
        ...

    def stream(self, request: TurnRequest) -> AsyncGenerator[Event]: ...
