"""The toolbox over real market data: validates a call, runs it off the event loop, and turns failures into data."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, cached_property, partial
from typing import Any

from pydantic import ValidationError

from apps.market import calendar
from apps.market.errors import BadArguments, MarketError
from apps.market.knowledge.search import search_knowledge
from apps.market.repository import default_repository
from apps.market.symbols.instruments import instrument
from apps.market.tools.encoding import to_json
from apps.market.tools.market import Calendar, KnowledgeSearch, Market, Repository
from apps.market.tools.registry import TOOLS
from apps.market.tools.schema import strict_schema
from apps.market.tools.tool import Tool
from apps.market.tools.toolbox import ToolOutcome, elapsed_ms
from apps.market.values import Instrument

logger = logging.getLogger(__name__)

#: Of a call with many faults, a sentence names this many.
FAULTS_TOLD = 3


class MarketToolbox:
    """Implements `Toolbox`. Holds no state of a turn, so one serves all."""

    def __init__(
        self,
        *,
        repository: Repository,
        instruments: Callable[[str], Instrument],
        calendar: Calendar,
        knowledge: KnowledgeSearch,
        clock: Callable[[], datetime],
        tools: Mapping[str, Tool[Any]] = TOOLS,
    ) -> None:
        self.market = Market(
            repository=repository, instruments=instruments, calendar=calendar, knowledge=knowledge, clock=clock
        )
        self._tools = tools

    def schemas(self) -> list[dict[str, Any]]:
        """The same list each time: whoever changes one makes a copy."""
        return self._schemas

    @cached_property
    def _schemas(self) -> list[dict[str, Any]]:
        return [
            {"name": tool.name, "description": tool.description, "parameters": strict_schema(tool.arguments)}
            for tool in self._tools.values()
        ]

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        started = time.perf_counter()
        tool = self._tools.get(name)
        if tool is None:
            known = ", ".join(self._tools)
            result = _error("unknown_tool", f"There is no such tool. The tools are {known}.")
            return ToolOutcome(ok=False, result=result, latency_ms=elapsed_ms(started))
        try:
            result = await asyncio.to_thread(_run, tool, arguments, self.market)
            ok = True
        except MarketError as error:
            result, ok = _error(error.code, str(error), retryable=error.retryable, details=error.details), False
        except Exception:
            logger.exception("tool failed", extra={"tool": name})
            result, ok = _error("internal", "The tool failed for a reason of its own."), False
        return ToolOutcome(ok=ok, result=result, latency_ms=elapsed_ms(started))


@cache
def default_toolbox() -> MarketToolbox:
    """The toolbox over the configured source of bars."""
    repository = default_repository()
    return MarketToolbox(
        repository=repository,
        # A symbol of the user's own files is an instrument, whether the bundled list knows it or not.
        instruments=partial(instrument, also=repository.symbols() or ()),
        calendar=calendar,
        knowledge=search_knowledge,
        clock=lambda: datetime.now(UTC),
    )


def _run(tool: Tool[Any], arguments: Mapping[str, Any], market: Market) -> dict[str, Any]:
    try:
        valid = tool.arguments.model_validate(dict(arguments))
    except ValidationError as error:
        raise BadArguments(_sentence(error)) from error
    result: dict[str, Any] = to_json(tool.run(valid, market))
    return result


def _sentence(error: ValidationError) -> str:
    """The first faults, each with the argument's name; what was passed is not repeated."""
    faults = [
        f"{'.'.join(str(part) for part in fault['loc']) or 'arguments'}: {_reason(fault['type'], fault['msg'])}"
        for fault in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    more = f" (and {len(faults) - FAULTS_TOLD} more)" if len(faults) > FAULTS_TOLD else ""
    return f"The arguments do not fit. {'; '.join(faults[:FAULTS_TOLD])}{more}."


def _reason(kind: str, message: str) -> str:
    match kind:
        case "missing":
            return "is required"
        case "extra_forbidden":
            return "is not an argument of this tool"
        case _:
            return message[:1].lower() + message[1:]


def _error(
    code: str, message: str, *, retryable: bool = False, details: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    error = {**(details or {}), "code": code, "message": message, "retryable": retryable}
    return {"error": to_json(error)}
