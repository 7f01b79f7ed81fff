"""The tools of one turn, shared by its attempts: the same call runs once, whoever asks for it and however often.

An attempt that takes over from one that failed finds what was fetched already, also while it is still being
fetched, and nothing a tool does happens twice because of a switch.
"""

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from pydantic import ValidationError

from apps.market.tools.registry import TOOLS
from apps.market.tools.toolbox import Toolbox, ToolOutcome, elapsed_ms

logger = logging.getLogger(__name__)

#: Of a call that timed out, or whose failure says that asking again may help: how often it is repeated.
MAX_RETRIES = 1
#: A tool that is late is a source that is late: the answer then says so, and asks no more of the same symbol.
TIMED_OUT = "source_unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNote:
    """What the log says of one call beside its outcome. The retries of a run belong to the call that started it."""

    retries: int
    was_reused: bool


class TurnToolbox:
    """Runs the calls, each once.

    A repeat after a timeout may run beside the first try, whose late result is dropped; tools only read.
    """

    def __init__(self, inner: Toolbox) -> None:
        self._inner = inner
        self._runs: dict[tuple[str, str], asyncio.Task[ToolOutcome]] = {}

    def for_attempt(self) -> "AttemptToolbox":
        """The toolbox as one attempt sees it."""
        return AttemptToolbox(self)

    def schemas(self) -> list[dict[str, Any]]:
        return self._inner.schemas()

    def run(self, name: str, arguments: Mapping[str, Any]) -> tuple[asyncio.Task[ToolOutcome], bool]:
        """The one run of this call, and whether it was there before."""
        key = (name, canonical(name, arguments))
        known = self._runs.get(key)
        if known is not None:
            return known, True
        self._runs[key] = task = asyncio.create_task(self._call(name, arguments))
        return task, False

    async def close(self) -> None:
        """Ends what still runs; nobody is left to hear of it."""
        for task in self._runs.values():
            task.cancel()
        await asyncio.gather(*self._runs.values(), return_exceptions=True)

    async def _call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        started = time.perf_counter()
        retries = 0
        while True:
            outcome = await self._try(name, arguments)
            if outcome.ok or not _is_retryable(outcome) or retries == MAX_RETRIES:
                return replace(outcome, retries=retries, latency_ms=elapsed_ms(started))
            retries += 1

    async def _try(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(settings.TOOL_DEADLINE_S) as limit:
                return await self._inner.call(name, arguments)
        except TimeoutError:
            if not limit.expired():
                raise
        logger.warning("Tool timed out", extra={"tool": name, "deadline_s": settings.TOOL_DEADLINE_S})
        result = error_result(TIMED_OUT, f"The data did not arrive within {settings.TOOL_DEADLINE_S:g} s.")
        return ToolOutcome(ok=False, result=result, latency_ms=elapsed_ms(started))


@dataclass(slots=True)
class AttemptToolbox:
    """Implements `Toolbox` for one attempt; once that is given up, it starts nothing more.

    A call that is reused gets the outcome of its run unchanged: the time it took says how slow the source is.
    """

    turn: TurnToolbox
    is_closed: bool = False
    _notes: dict[tuple[str, str], deque[CallNote]] = field(default_factory=dict)

    def schemas(self) -> list[dict[str, Any]]:
        return self.turn.schemas()

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        if self.is_closed:
            return ToolOutcome(ok=False, result=error_result("closed", "This attempt is over."), latency_ms=0.0)
        run, was_reused = self.turn.run(name, arguments)
        # Shielded: the attempt may be given up while another waits for the same run.
        outcome = await asyncio.shield(run)
        note = CallNote(retries=0 if was_reused else outcome.retries, was_reused=was_reused)
        self._notes.setdefault((name, canonical(name, arguments)), deque()).append(note)
        return outcome

    def take_note(self, name: str, arguments: Mapping[str, Any]) -> CallNote | None:
        """What is to be said of the oldest answered call that nobody has asked about; None where there is none."""
        notes = self._notes.get((name, canonical(name, arguments)))
        return notes.popleft() if notes else None


def canonical(name: str, arguments: Mapping[str, Any]) -> str:
    """The arguments as one text that is equal for equal calls, whether a default is spelled out or left out."""
    tool = TOOLS.get(name)
    if tool is not None:
        try:
            valid: str = tool.arguments.model_validate(dict(arguments)).model_dump_json()
            return valid
        except ValidationError:
            pass  # the tool itself says what is wrong with them
    return json.dumps(dict(arguments), sort_keys=True, default=str)


def error_result(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "retryable": code == TIMED_OUT}}


def _is_retryable(outcome: ToolOutcome) -> bool:
    return bool(outcome.result.get("error", {}).get("retryable"))
