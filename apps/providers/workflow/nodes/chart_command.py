"""The chart node: carries a command out with the analyst's own tools and words. No model is asked."""

import asyncio
from collections.abc import AsyncGenerator

from apps.providers.analyst.composer import compose
from apps.providers.analyst.page import sidecar
from apps.providers.analyst.provider import is_hopeless
from apps.providers.analyst.tool_plan import plan_calls
from apps.providers.analyst.turn import Called, Turn
from apps.providers.events import Event, ToolCall, ToolResult
from apps.providers.sidecar_check import leaving
from apps.providers.workflow.chart_commands import read_command
from apps.providers.workflow.graph import ChartCommandNode
from apps.providers.workflow.run import Leads, Run


async def enter(node: ChartCommandNode, run: Run) -> AsyncGenerator[Event | Leads]:
    by_model = run.classification is not None and run.classification.by != "rules"
    command = await asyncio.to_thread(read_command, run.request.question, run.request.history, is_surely_chart=by_model)
    if command is None or not command.does <= set(node.commands):
        yield Leads(to=node.otherwise)
        return
    turn = Turn(reading=command.reading)
    hopeless: set[str] = set()
    for planned in plan_calls(command.reading):
        if planned.arguments["symbol"] in hopeless:
            continue
        call_id = run.next_call_id()
        yield run.noted(ToolCall(call_id=call_id, name=planned.name, arguments=planned.arguments))
        outcome = await run.request.toolbox.call(planned.name, planned.arguments)
        turn.add(Called(call_id=call_id, name=planned.name, arguments=planned.arguments, ok=outcome.ok), outcome.result)
        if not outcome.ok and is_hopeless(outcome):
            hopeless.add(planned.arguments["symbol"])
        yield run.noted(
            ToolResult(
                call_id=call_id,
                name=planned.name,
                ok=outcome.ok,
                result=outcome.result,
                latency_ms=outcome.latency_ms,
                retries=outcome.retries,
            )
        )
    for paragraph in compose(turn):
        yield run.text(paragraph)
    run.notes.reading = command.reading
    if node.next is None:
        # Composed by our own rules, the answer knows which value each of its numbers repeats.
        run.sidecar = leaving(lambda: sidecar(turn), intent="chart", call_ids=[called.call_id for called in turn.calls])
    yield Leads(to=node.next)
