"""Rules and turns of a given moment, written straight into the log."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from apps.metrics.alerts.look import look_at
from apps.metrics.models import Alert, AlertRule, Attempt, RequestLog, VoiceTurn

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
ALICE, BOB = "a1b2c3d4e5", "b0b0b0b0b0"


def make_rule(**values: Any) -> AlertRule:
    """A rule that fires at the first look and clears at the first good one; the shipped ones are taken away."""
    AlertRule.objects.all().delete()
    defaults: dict[str, Any] = {
        "name": "Failed turns",
        "measure": "visible_errors",
        "threshold": 5.0,
        "clear_at": 2.0,
        "min_samples": 10,
        "looks_to_fire": 1,
        "looks_to_clear": 1,
    }
    return AlertRule.objects.create(**(defaults | values))


def make_turns(
    n: int,
    *,
    provider: str = "workflow",
    at: datetime = NOW - timedelta(minutes=1),
    ok: bool = True,
    tries: int = 1,
    error: str = "cut",
    **values: Any,
) -> list[RequestLog]:
    """So many turns closed at that moment, ten seconds after they began, with a last try that ended as they did."""
    defaults: dict[str, Any] = {
        "created_at": at - timedelta(seconds=10),
        "finished_at": at,
        "status": "succeeded" if ok else "failed",
        "success": ok,
        "assigned_provider": provider,
        "provider": provider,
        "route_reason": "assignment",
        "attempts": tries,
        "ttft_ms": 500.0,
        "latency_ms": 4000.0,
        "cost_usd": Decimal("0.01"),
        "person_hash": ALICE,
        "trace_id": "0" * 32,
    }
    rows = [RequestLog(request_id=uuid4(), session_id=uuid4(), **(defaults | values)) for _ in range(n)]
    RequestLog.objects.bulk_create(rows)
    Attempt.objects.bulk_create(
        Attempt(
            request=row,
            number=number,
            provider=provider,
            outcome="succeeded" if ok and number == tries else "failed",
            error="" if ok and number == tries else error,
            had_visible_text=False,
            started_at=at,
            latency_ms=1.0,
        )
        for row in rows
        for number in range(1, tries + 1)
    )
    return rows


def make_speech(turn: RequestLog, *, cost_usd: str, at: datetime = NOW - timedelta(minutes=1)) -> None:
    VoiceTurn.objects.create(
        request=turn,
        session_id=turn.session_id,
        spoken_at=at,
        outcome="completed",
        asr_cost_usd=None,
        tts_cost_usd=Decimal(cost_usd),
    )


def look(rule: AlertRule, *, minutes: float = 0) -> list[str]:
    """A look so many minutes after NOW."""
    rule.refresh_from_db()
    return look_at(rule, now=NOW + timedelta(minutes=minutes))


def only_alert() -> Alert:
    return Alert.objects.get()
