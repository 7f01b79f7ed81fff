"""Builders of turns for tests of the log."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from apps.metrics.classifiers import classify, intent_of
from apps.metrics.models import Attempt, RequestLog, Status
from apps.metrics.records import AttemptRecord, ToolCallRecord, TurnRecord
from apps.metrics.services import finish_request, start_request

ANSWER = "If IBM closes above 202.91, enter at 203.10; the stop is 198.20. Not financial advice."


def make_started(*, query: str = "Where would you enter IBM?", created_at: datetime | None = None) -> UUID:
    request_id = uuid4()
    start_request(
        request_id=request_id,
        session_id=uuid4(),
        assigned_provider="workflow",
        provider="analyst",
        route_reason="kill_switch",
        query=query,
        intent=intent_of(query),
    )
    if created_at is not None:
        RequestLog.objects.filter(pk=request_id).update(created_at=created_at)
    return request_id


def make_tool_call(*, call_id: str, name: str, started_at: datetime, ok: bool = True) -> ToolCallRecord:
    return ToolCallRecord(
        call_id=call_id,
        name=name,
        ok=ok,
        error_code="" if ok else "unknown_symbol",
        latency_ms=1.25,
        arguments={"symbol": "IBM"},
        started_at=started_at,
    )


def make_attempt(*, number: int, provider: str, started_at: datetime, error: str = "") -> AttemptRecord:
    """An attempt that failed with `error`, or succeeded where there is none; only the latter reported its usage."""
    ok = not error
    return AttemptRecord(
        number=number,
        provider=provider,
        model="model-1" if ok else "",
        outcome=Attempt.Outcome.SUCCEEDED if ok else Attempt.Outcome.FAILED,
        error=error,
        had_visible_text=ok,
        started_at=started_at,
        latency_ms=1234.5,
        ttft_ms=400.0 if ok else None,
        tokens_input=1200 if ok else None,
        tokens_output=80 if ok else None,
        tokens_cached=0 if ok else None,
        tokens_reasoning=20 if ok else None,
        cost_usd=Decimal("0.00420000") if ok else None,
    )


def make_record(
    request_id: UUID,
    *,
    status: Status = Status.SUCCEEDED,
    response_text: str = ANSWER,
    error: str = "",
    cost_usd: Decimal | None = None,
    tool_calls: tuple[ToolCallRecord, ...] = (),
    attempt_records: tuple[AttemptRecord, ...] = (),
) -> TurnRecord:
    return TurnRecord(
        request_id=request_id,
        status=status,
        provider="analyst",
        route_reason="kill_switch",
        model="analyst-1",
        latency_ms=12.5,
        ttft_ms=4.25,
        cost_usd=cost_usd,
        read_as="plan",
        error=error,
        response_text=response_text,
        claims=classify(response_text),
        tool_calls=tool_calls,
        attempts=len(attempt_records) or 1,
        attempt_records=attempt_records,
    )


def make_finished(
    *,
    query: str = "Where would you enter IBM?",
    cost_usd: Decimal | None = None,
    tool_calls: tuple[ToolCallRecord, ...] = (),
) -> UUID:
    request_id = make_started(query=query)
    finish_request(make_record(request_id, cost_usd=cost_usd, tool_calls=tool_calls))
    return request_id
