"""Sessions and turns of a rollout, written straight into the log, and what the evidence says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from apps.metrics.evidence.guardrails import evaluate
from apps.metrics.models import Attempt, RequestLog, ToolCall, trace_id_of
from apps.metrics.records import SUCCESS_BY_STATUS
from apps.routing.ledger import current_rollout
from apps.routing.models import Rollout, SessionAssignment

BEGIN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NOW = BEGIN + timedelta(days=5)
QUARTER = {"responses": 7500, "workflow": 2500}


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """An attempt of a turn; it failed where there is an `error`, and the person left in its middle where `is_cut`."""

    provider: str
    error: str = ""
    is_cut: bool = False

    @property
    def outcome(self) -> str:
        return "failed" if self.error else "interrupted" if self.is_cut else "succeeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A tool call of the turn's attempt of that number."""

    error_code: str = ""
    attempt: int = 1


def make_rollout(*, shares: Mapping[str, int] = QUARTER, since: datetime = BEGIN) -> None:
    current_rollout()
    Rollout.objects.update(shares=shares, evidence_since=dict.fromkeys(shares, since.isoformat()))


def make_session(
    provider: str = "workflow",
    *,
    shares: Mapping[str, int] | None = QUARTER,
    at: datetime = BEGIN + timedelta(hours=1),
    reason: str = "bucket_map",
) -> UUID:
    row = SessionAssignment.objects.create(
        session_id=uuid4(),
        provider=provider,
        bucket=1,
        share_at_assign=(shares or {}).get(provider, 0),
        shares_at_assign=shares,
        reason=reason,
        assigned_at=at,
    )
    return row.session_id


def make_turn(
    session_id: UUID,
    *,
    status: str = "succeeded",
    reason: str = "assignment",
    error: str = "",
    tries: Sequence[Try] = (),
    calls: Sequence[Call] = (),
    at: datetime | None = None,
    ttft_ms: float | None = 500.0,
    latency_ms: float | None = 4000.0,
    cost_usd: str | None = "0.01",
    tokens: int | None = 1000,
    met_open_circuit: bool = False,
) -> UUID:
    """A turn of the session; without `tries` its provider answered at the first."""
    assignment = SessionAssignment.objects.get(pk=session_id)
    tries = tries or [Try(provider=assignment.provider)]
    at = at or assignment.assigned_at + timedelta(seconds=1)
    request_id = uuid4()
    RequestLog.objects.create(
        request_id=request_id,
        session_id=session_id,
        created_at=at,
        status=status,
        is_overridden=reason == "override",
        met_open_circuit=met_open_circuit or reason == "circuit_open",
        success=None if status == "started" else False if error == "abandoned" else SUCCESS_BY_STATUS[status],
        assigned_provider=assignment.provider,
        provider=tries[-1].provider,
        route_reason=reason,
        attempts=len(tries),
        ttft_ms=ttft_ms,
        latency_ms=latency_ms,
        tokens_input=tokens,
        tokens_output=None if tokens is None else 0,
        cost_usd=None if cost_usd is None else Decimal(cost_usd),
        error=error,
        trace_id=trace_id_of(request_id),
    )
    for number, one in enumerate(tries, start=1):
        Attempt.objects.create(
            request_id=request_id,
            number=number,
            provider=one.provider,
            outcome=one.outcome,
            error=one.error,
            had_visible_text=False,
            started_at=at,
            latency_ms=1.0,
        )
    for number, call in enumerate(calls):
        ToolCall.objects.create(
            request_id=request_id,
            call_id=f"c{number}",
            name="get_quote",
            ok=not call.error_code,
            error_code=call.error_code,
            latency_ms=1.0,
            started_at=at,
            attempt=call.attempt,
        )
    return request_id


def make_sessions(n: int, provider: str = "workflow", *, bad: int = 0, **of_session: Any) -> list[UUID]:
    """So many sessions of one turn; in the first `bad` of them the provider failed and another answered."""
    session_ids = [make_session(provider, **of_session) for _ in range(n)]
    for number, session_id in enumerate(session_ids):
        make_turn(session_id, tries=[Try(provider=provider, error="cut"), RESCUE] if number < bad else [])
    return session_ids


RESCUE = Try(provider="analyst")


def figures(*, now: datetime = NOW) -> dict[str, Any]:
    """What a look at workflow says."""
    found: dict[str, Any] = evaluate(candidate="workflow", now=now).figures
    return found


def counted(name: str, *, now: datetime = NOW) -> tuple[tuple[int, int], tuple[int, int]]:
    """How many sessions were bad of how many, for workflow and for responses."""
    judgement = figures(now=now)["guardrails"][name]
    return (
        (judgement["bad_candidate"], judgement["n_candidate"]),
        (judgement["bad_control"], judgement["n_control"]),
    )
