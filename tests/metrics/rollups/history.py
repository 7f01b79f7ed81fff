"""Turns written straight into the log, at a moment and with figures that a test chooses."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from apps.metrics.models import Attempt, RequestLog, ToolCall, VoiceTurn, trace_id_of

#: A Wednesday.
AT = datetime(2026, 11, 18, 10, 20, tzinfo=UTC)
SUCCESS = {"succeeded": True, "failed": False, "interrupted": None, "started": None, "swept": False}


def make_turn(
    *,
    at: datetime = AT,
    finished_at: datetime | None = None,
    session_id: UUID | None = None,
    status: str = "succeeded",
    assigned: str = "workflow",
    tries: Sequence[tuple[str, str]] = (("workflow", ""),),
    model: str = "gpt-5",
    latency_ms: float | None = 4000.0,
    ttft_ms: float | None = 500.0,
    tokens: tuple[int | None, int | None] = (1000, 100),
    cost_usd: str | None = "0.01",
    claims: tuple[bool, bool, bool] | None = (True, False, False),
    **columns: Any,
) -> UUID:
    """A turn that ended `latency_ms` after it began; `tries` are (provider, error), `status` also "swept"."""
    request_id = uuid4()
    disclaimer, stop_loss, entry_exit = claims or (None, None, None)
    is_open = status == "started"
    values: dict[str, Any] = {
        "intent": "analysis",
        "is_fallback": len(tries) > 1,
        "attempts": len(tries),
        "route_reason": "assignment",
        **columns,
    }
    RequestLog.objects.create(
        request_id=request_id,
        session_id=session_id or uuid4(),
        created_at=at,
        finished_at=None if is_open else finished_at or at + timedelta(milliseconds=latency_ms or 0),
        status="interrupted" if status == "swept" else status,
        success=SUCCESS[status],
        error="abandoned" if status == "swept" else "",
        assigned_provider=assigned,
        provider=tries[-1][0],
        model=model,
        latency_ms=latency_ms,
        ttft_ms=ttft_ms,
        tokens_input=tokens[0],
        tokens_output=tokens[1],
        tokens_cached=None if tokens[0] is None else tokens[0] // 2,
        tokens_reasoning=None if tokens[1] is None else tokens[1] // 4,
        cost_usd=None if cost_usd is None else Decimal(cost_usd),
        has_risk_disclaimer=disclaimer,
        mentions_stop_loss=stop_loss,
        has_entry_exit=entry_exit,
        trace_id=trace_id_of(request_id),
        **values,
    )
    if not is_open and status != "swept":
        for number, (provider, error) in enumerate(tries, start=1):
            is_last = number == len(tries)
            outcome = {"failed": "failed", "interrupted": "interrupted"}.get(status) if is_last else None
            make_attempt(request_id, number=number, provider=provider, error=error, outcome=outcome, model=model, at=at)
    return request_id


def make_attempt(
    request_id: UUID, *, number: int, provider: str, error: str, outcome: str | None, model: str, at: datetime
) -> None:
    Attempt.objects.create(
        request_id=request_id,
        number=number,
        provider=provider,
        model="" if error else model,
        outcome=outcome or ("failed" if error else "succeeded"),
        error=error,
        had_visible_text=not error,
        started_at=at,
        latency_ms=1.0,
    )


def make_call(
    request_id: UUID,
    *,
    name: str = "get_quote",
    error_code: str = "",
    latency_ms: float = 12.5,
    attempt: int = 1,
    retries: int = 0,
    was_reused: bool = False,
) -> None:
    ToolCall.objects.create(
        request_id=request_id,
        call_id=uuid4().hex,
        name=name,
        ok=not error_code,
        error_code=error_code,
        latency_ms=latency_ms,
        started_at=AT,
        attempt=attempt,
        retries=retries,
        was_reused=was_reused,
    )


def make_speech(request_id: UUID, *, outcome: str = "completed", **columns: Any) -> None:
    turn = RequestLog.objects.get(pk=request_id)
    times = {"asr_ms": 300.0, "first_token_ms": 800.0, "tts_ms": 200.0, "voice_to_voice_ms": 1200.0}
    VoiceTurn.objects.create(
        request_id=request_id,
        session_id=turn.session_id,
        outcome=outcome,
        **{"spoken_at": turn.created_at, "asr_cost_usd": Decimal("0.001"), **times, **columns},
    )
