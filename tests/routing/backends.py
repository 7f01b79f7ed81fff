"""Backends for tests of routing: they stand in the registry and are never asked to answer."""

from collections.abc import AsyncIterator

from apps.providers.events import Event
from apps.providers.protocol import TurnRequest


class Backend:
    name = "test"

    def why_unavailable(self) -> str | None:
        return None

    def stream(self, request: TurnRequest) -> AsyncIterator[Event]:
        raise AssertionError("routing does not ask for answers")


class WithoutKey(Backend):
    def why_unavailable(self) -> str | None:
        return "has no key"
