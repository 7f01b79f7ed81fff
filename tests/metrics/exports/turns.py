"""Turns written straight into the log, each figure known, and what a command said about them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from apps.metrics.models import Attempt, RequestLog, RequestText, ToolCall, VoiceTurn, trace_id_of
from apps.routing.models import SessionAssignment

#: A Wednesday.
DAY = datetime(2026, 11, 4, 9, 30, tzinfo=UTC)
QUESTION = "Where would Alice enter zanzibar?"


def make_turn(*, session_id: UUID | None = None, at: datetime = DAY, query: str = "", **values: Any) -> RequestLog:
    """A turn that `workflow` answered, unless `values` say otherwise; its text where there is a `query`."""
    request_id = values.pop("request_id", uuid4())
    defaults: dict[str, Any] = {
        "finished_at": at + timedelta(seconds=4),
        "status": "succeeded",
        "success": True,
        "assigned_provider": "workflow",
        "provider": "workflow",
        "route_reason": "assignment",
        "attempts": 1,
        "model": "model-1",
        "latency_ms": 4000.0,
        "ttft_ms": 500.5,
        "cost_usd": Decimal("0.01"),
        "trace_id": trace_id_of(request_id),
    }
    row = RequestLog.objects.create(
        request_id=request_id, session_id=session_id or uuid4(), created_at=at, **(defaults | values)
    )
    if query:
        RequestText.objects.create(request=row, query=query, response_text=f"About {query}")
    return row


def make_assignment(session_id: UUID, *, provider: str = "workflow", at: datetime = DAY, **values: Any) -> None:
    defaults: dict[str, Any] = {"bucket": 7, "share_at_assign": 2500, "reason": "bucket_map"}
    SessionAssignment.objects.create(session_id=session_id, provider=provider, assigned_at=at, **(defaults | values))


def make_attempt(row: RequestLog, *, number: int = 1, **values: Any) -> Attempt:
    defaults: dict[str, Any] = {
        "provider": row.provider,
        "outcome": "succeeded",
        "had_visible_text": True,
        "started_at": row.created_at,
        "latency_ms": 1000.0,
    }
    return Attempt.objects.create(request=row, number=number, **(defaults | values))


def make_call(row: RequestLog, *, name: str = "get_quote", number: int = 1, **values: Any) -> ToolCall:
    defaults: dict[str, Any] = {
        "ok": True,
        "latency_ms": 10.0,
        "arguments": {"symbol": "zanzibar"},
        "started_at": row.created_at,
    }
    return ToolCall.objects.create(request=row, call_id=f"c{number}", name=name, **(defaults | values))


def make_spoken(row: RequestLog, **values: Any) -> VoiceTurn:
    defaults: dict[str, Any] = {"outcome": "completed", "voice_to_voice_ms": 1400.0, "asr_ms": 300.0, "tts_ms": 200.0}
    return VoiceTurn.objects.create(
        request=row, session_id=row.session_id, spoken_at=row.created_at, **(defaults | values)
    )
