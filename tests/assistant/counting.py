"""A toolbox whose every run counts, as if each had an effect."""

import asyncio
from collections.abc import Mapping
from typing import Any

from apps.market.tools.toolbox import ToolOutcome


class CountingToolbox:
    """Answers with how many runs there have been. `failing` are the outcomes of its first runs, as error objects."""

    def __init__(self, *, takes_s: float = 0.0, failing: tuple[dict[str, Any], ...] = ()) -> None:
        self.takes_s = takes_s
        self.failing = list(failing)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.n_finished = 0
        self.has_begun = asyncio.Event()

    def schemas(self) -> list[dict[str, Any]]:
        return []

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        self.calls.append((name, dict(arguments)))
        self.has_begun.set()
        number = len(self.calls)
        await asyncio.sleep(self.takes_s)
        self.n_finished += 1
        if self.failing:
            return ToolOutcome(ok=False, result={"error": self.failing.pop(0)}, latency_ms=1.0)
        return ToolOutcome(ok=True, result={"run": number}, latency_ms=1.0)
