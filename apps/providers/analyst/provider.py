"""The analyst: an answer from tools alone, in process, without a model, a key or a network."""

import asyncio
from collections.abc import AsyncGenerator

from django.conf import settings

from apps.market.tools.toolbox import ToolOutcome
from apps.providers.analyst.composer import compose
from apps.providers.analyst.intents import read
from apps.providers.analyst.page import sidecar
from apps.providers.analyst.tool_plan import plan_calls
from apps.providers.analyst.turn import Called, Turn
from apps.providers.events import NOTHING_USED, Done, Event, Meta, Text, ToolCall, ToolResult
from apps.providers.protocol import TurnRequest
from apps.providers.sidecar_check import leaving

MODEL = "analyst-1"
#: A source that took this long to fail is not asked again in the same turn.
SLOW_FAILURE_MS = 1000


class Analyst:
    """Deterministic: the same question, history and bars give the same answer."""

    name = "analyst"

    def why_unavailable(self) -> str | None:
        return None

    async def stream(self, request: TurnRequest) -> AsyncGenerator[Event]:
        hopeless: set[str] = set()
        turn = Turn(reading=await asyncio.to_thread(read, request.question, request.history))
        yield Meta(data={"intent": turn.reading.intent, "symbols": list(turn.reading.symbols), "model": MODEL})
        # First, because it holds however far the answer comes.
        yield NOTHING_USED
        for index, planned in enumerate(plan_calls(turn.reading), start=1):
            if planned.arguments.get("symbol") in hopeless:
                continue
            call_id = f"call_{index}"
            yield ToolCall(call_id=call_id, name=planned.name, arguments=planned.arguments)
            outcome = await request.toolbox.call(planned.name, planned.arguments)
            turn.add(
                Called(call_id=call_id, name=planned.name, arguments=planned.arguments, ok=outcome.ok), outcome.result
            )
            if not outcome.ok and is_hopeless(outcome):
                hopeless.add(planned.arguments.get("symbol", ""))
            yield ToolResult(
                call_id=call_id,
                name=planned.name,
                ok=outcome.ok,
                result=outcome.result,
                latency_ms=outcome.latency_ms,
                retries=outcome.retries,
            )
        pace_s = settings.ANALYST_PACE_MS / 1000
        between = ""
        for paragraph in compose(turn):
            yield Text(content=between + paragraph)
            between = "\n\n"
            if pace_s:
                await asyncio.sleep(pace_s)
        yield Done(
            request_id=str(request.request_id),
            provider=self.name,
            model=MODEL,
            sidecar=leaving(lambda: sidecar(turn), intent=turn.reading.intent, call_ids=turn.ledger.results.keys()),
        )


def is_hopeless(outcome: ToolOutcome) -> bool:
    """Whether the other tools would fail for this symbol in the same way."""
    code = outcome.result.get("error", {}).get("code")
    slow = code == "source_unavailable" and outcome.latency_ms >= SLOW_FAILURE_MS
    return slow or code in ("no_data", "unknown_symbol")
