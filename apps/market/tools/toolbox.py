"""The tools of one turn: their schemas for a model, and the one way to call them.

A tool never raises towards its caller: an error is data, so that a model, the analyst and the page all read the
same sentence.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOutcome:
    """What a call gave. With `ok` false, `result` is `{"error": {"code", "message", "retryable", …details}}`."""

    ok: bool
    result: dict[str, Any]
    latency_ms: float
    retries: int = 0


class Toolbox(Protocol):
    """What a provider sees of the tools."""

    def schemas(self) -> list[dict[str, Any]]:
        """Strict JSON schemas: `{"name", "description", "parameters"}` a tool."""
        ...

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome: ...


def elapsed_ms(since: float) -> float:
    """Milliseconds since a `time.perf_counter()` reading, to two places."""
    return round((time.perf_counter() - since) * 1000, 2)
