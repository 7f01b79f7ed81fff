"""A finished turn as one Sentry transaction, with a span for each attempt, model call and tool call.

Made afterwards from the turn's own moments. A transaction around the running stream would measure how fast its
reader reads, and one around a socket would last for the whole conversation. Tokens stay out of it: the row has them.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from apps.tracing.known_names import known_provider, known_tool
from apps.tracing.turn_trace import AttemptTrace, TurnTrace

if TYPE_CHECKING:
    from sentry_sdk.tracing import Span

TURN = "turn"
STATUS = {"succeeded": "ok", "failed": "internal_error", "interrupted": "cancelled"}


def send(trace: TurnTrace) -> None:
    import sentry_sdk
    from sentry_sdk.tracing import TransactionSource

    with sentry_sdk.isolation_scope() as scope:
        scope.clear()
        transaction: Any = sentry_sdk.start_transaction(
            op=TURN,
            name=f"turn {known_provider(trace.provider)}",
            source=TransactionSource.TASK,
            trace_id=trace.trace_id,
            start_timestamp=trace.started_at,
        )
        if not transaction.sampled:
            return
        for name, value in tags(trace).items():
            transaction.set_tag(name, value)
        for name, number in {"latency_ms": trace.latency_ms, "ttft_ms": trace.ttft_ms}.items():
            if number is not None:
                transaction.set_data(name, number)
        for attempt in trace.attempts:
            _add_attempt(transaction, attempt)
        transaction.set_status(STATUS[trace.status])
        transaction.finish(end_timestamp=trace.ended_at)


def tags(trace: TurnTrace) -> dict[str, str]:
    """By which turns are found and told apart."""
    return {
        "session_id": str(trace.session_id),
        "request_id": str(trace.request_id),
        "provider": known_provider(trace.provider),
        "assigned_provider": known_provider(trace.assigned_provider),
        "channel": "voice" if trace.is_voice else "text",
        "route_reason": trace.route_reason,
        "is_fallback": str(trace.is_fallback).lower(),
        "intent": trace.intent,
        "model": trace.model,
        "error": trace.error,
    }


def _add_attempt(transaction: "Span", attempt: AttemptTrace) -> None:
    span = _child(transaction, "turn.attempt", known_provider(attempt.provider), attempt.started_at)
    span.set_data("number", attempt.number)
    if attempt.error:
        span.set_data("error", attempt.error)
    for call in attempt.model_calls:
        child = _child(span, "turn.model_call", call.model, call.started_at)
        if call.first_text_at is not None:
            child.set_data("ttft_ms", (call.first_text_at - call.started_at).total_seconds() * 1000)
        _end(child, "ok", call.ended_at)
    for tool in attempt.tool_calls:
        child = _child(span, "turn.tool_call", known_tool(tool.name), tool.started_at)
        child.set_data("retries", tool.retries)
        child.set_data("was_reused", tool.was_reused)
        if tool.error_code:
            child.set_data("error", tool.error_code)
        _end(child, "ok" if tool.ok else "internal_error", tool.ended_at)
    _end(span, STATUS[attempt.outcome], attempt.ended_at)


def _child(parent: "Span", op: str, name: str, started_at: datetime) -> "Span":
    return parent.start_child(op=op, name=name, start_timestamp=started_at)


def _end(span: "Span", status: str, ended_at: datetime) -> None:
    span.set_status(status)
    span.finish(end_timestamp=ended_at)
