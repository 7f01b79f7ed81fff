"""The approval node: shows what would be done, asks for a plain yes, and ends the turn. It executes nothing.

The approval is stored last, after the person can have read the whole preview: a turn that ends before leaves none. One
that is stored although its turn fell back to another provider is worth nothing, because its preview is not what stands
in the conversation (`apps.providers.workflow.approvals`).
"""

from collections.abc import AsyncGenerator

from django.utils import timezone

from apps.core.threads import in_database_thread
from apps.providers.analyst.answers import phrases, talk
from apps.providers.analyst.turn import Called, Turn
from apps.providers.events import Event, Meta, ToolCall, ToolResult
from apps.providers.workflow.approvals import ASK, SPOKEN_PREVIEW, Pending
from apps.providers.workflow.graph import ApprovalNode
from apps.providers.workflow.order_preview import Incomplete, in_words, read_preview
from apps.providers.workflow.run import Leads, Run
from apps.providers.workflow.versions import set_pending

NO_ORDERS = "I can preview an order; I place, change and cancel none."


async def enter(node_id: str, node: ApprovalNode, run: Run) -> AsyncGenerator[Event | Leads]:
    reading = run.notes.reading
    preview = read_preview(reading)
    if isinstance(preview, Incomplete):
        yield run.text(f"{NO_ORDERS} {explain(preview)}")
        if reading.unknown:
            yield run.text(talk.unknown_symbols(reading.unknown))
        yield Leads(to=None)
        return
    yield Meta(data={"node": node_id, "preview": preview.as_json()})
    turn = Turn(reading=reading)
    call = Called(call_id=run.next_call_id(), name="get_quote", arguments={"symbol": preview.symbol}, ok=True)
    yield run.noted(ToolCall(call_id=call.call_id, name=call.name, arguments={"symbol": preview.symbol}))
    outcome = await run.request.toolbox.call(call.name, call.arguments)
    yield run.noted(
        ToolResult(
            call_id=call.call_id,
            name=call.name,
            ok=outcome.ok,
            result=outcome.result,
            latency_ms=outcome.latency_ms,
            retries=outcome.retries,
        )
    )
    if outcome.ok:
        turn.add(call, outcome.result)
    shown = "\n\n".join((in_words(preview), *last_price(turn)))
    yield run.text(shown)
    if run.request.is_voice:
        yield run.text(SPOKEN_PREVIEW)
        yield Leads(to=None)
        return
    yield run.text(node.question(symbol=preview.symbol))
    yield run.text(ASK)
    pending = Pending(
        node=node_id,
        workflow_version=run.version.number,
        asked_at=timezone.now(),
        question=run.request.question,
        preview=preview.as_json(),
        shown=shown,
    )
    await in_database_thread(set_pending, run.request.session_id, pending.as_json)
    yield Leads(to=None)


def explain(preview: Incomplete) -> str:
    if preview.why:
        return preview.why
    return f"For a preview I still need {' and '.join(preview.lacks)}."


def last_price(turn: Turn) -> list[str]:
    """What the symbol stands at, beside the prices that the person named; nothing where it could not be had."""
    quote = turn.result("get_quote")
    if quote is None:
        return []
    return [f"Its {phrases.last_close(quote)} is {quote.price('close')} {phrases.stamp(quote)}. {phrases.age(quote)}"]
