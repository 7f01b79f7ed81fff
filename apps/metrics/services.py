"""The record of a turn: a row before its first byte, finished once after its last, closed by a sweep if nobody did."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.core import rows
from apps.metrics.classifiers import CLASSIFIER_VERSION
from apps.metrics.models import Attempt, RequestLog, RequestText, Status, ToolCall, trace_id_of
from apps.metrics.records import SUCCESS_BY_STATUS, TurnRecord

logger = logging.getLogger(__name__)

#: `error` of a row that a sweep closed: its process died, or lost it.
ABANDONED = "abandoned"


def start_request(
    *,
    request_id: UUID,
    session_id: UUID,
    assigned_provider: str,
    provider: str,
    route_reason: str,
    query: str,
    intent: str,
    person_hash: str = "",
    is_voice: bool = False,
    met_open_circuit: bool = False,
    is_overridden: bool = False,
) -> None:
    """The row and the question, in one transaction, before anything is sent to the person.

    `intent` is what `classifiers.intent_of` reads in the question alone: so a turn has one however it ends, and whoever
    serves it.
    """
    with transaction.atomic(savepoint=False):
        row = RequestLog(
            request_id=request_id,
            session_id=session_id,
            person_hash=person_hash,
            assigned_provider=assigned_provider,
            provider=provider,
            route_reason=route_reason,
            is_voice=is_voice,
            met_open_circuit=met_open_circuit,
            is_overridden=is_overridden,
            trace_id=trace_id_of(request_id),
            intent=intent,
            classifier_version=CLASSIFIER_VERSION,
        )
        rows.insert(row)
        rows.insert(RequestText(request=row, query=query))


def finish_request(record: TurnRecord) -> bool:
    """Closes the started row with its answer and all its children, in one transaction; False when it was closed before.

    A row is closed once. Whoever is late, such as a turn that ends after a sweep took it for dead, changes nothing:
    what reads the log may have counted the row already.
    """
    with transaction.atomic(savepoint=False):
        closed = rows.update(
            RequestLog,
            where={"request_id": record.request_id, "status": Status.STARTED},
            values={
                "finished_at": timezone.now(),
                "status": record.status,
                "success": SUCCESS_BY_STATUS[record.status],
                "provider": record.provider,
                "route_reason": record.route_reason,
                "is_fallback": record.is_fallback,
                "attempts": record.attempts,
                "model": record.model,
                "tools_used": _tools_used(record),
                "latency_ms": record.latency_ms,
                "ttft_ms": record.ttft_ms,
                "tokens_input": record.tokens_input,
                "tokens_output": record.tokens_output,
                "tokens_cached": record.tokens_cached,
                "tokens_reasoning": record.tokens_reasoning,
                "cost_usd": record.cost_usd,
                "price_version": record.price_version,
                "error": record.error,
                "read_as": record.read_as,
                "has_risk_disclaimer": record.claims.has_risk_disclaimer,
                "mentions_stop_loss": record.claims.mentions_stop_loss,
                "has_entry_exit": record.claims.has_entry_exit,
            },
        )
        if closed:
            has_text = rows.update(
                RequestText,
                where={"request_id": record.request_id},
                values={"response_text": record.response_text},
            )
            # Whoever had the text removed meanwhile, as by deleting the conversation, shall not find it here again.
            rows.insert_all(_attempts(record))
            rows.insert_all(_tool_calls(record, with_arguments=bool(has_text)))
    if not closed:
        logger.warning(
            "Request finished late or never started",
            extra={"request_id": str(record.request_id), "late_status": str(record.status)},
        )
    return bool(closed)


def note_switch(*, request_id: UUID, provider: str) -> None:
    """Says in a row that is still open that another provider serves now, so that whoever counts it counts it there."""
    rows.update(RequestLog, where={"request_id": request_id, "status": Status.STARTED}, values={"provider": provider})


def sweep(*, now: datetime | None = None, older_than_s: float) -> int:
    """Closes as interrupted what started more than `older_than_s` ago and never finished; how many there were.

    Such a turn failed for the person, unlike one the person stopped: its `success` is False.
    """
    latest = (now or timezone.now()) - timedelta(seconds=older_than_s)
    n_closed = _abandon(RequestLog.objects.filter(created_at__lt=latest))
    if n_closed:
        logger.warning("Stale requests closed", extra={"n_closed": n_closed, "older_than_s": older_than_s})
    return n_closed


def abandon_request(*, request_id: UUID) -> None:
    """Closes one row whose process is known to have died, as a sweep would; a closed one stays as it is."""
    _abandon(RequestLog.objects.filter(pk=request_id))


def _abandon(requests: QuerySet[RequestLog]) -> int:
    return requests.filter(status=Status.STARTED).update(
        status=Status.INTERRUPTED, success=False, error=ABANDONED, finished_at=timezone.now()
    )


def _tools_used(record: TurnRecord) -> list[str]:
    """Of the last attempt, whose answer the row describes; `metrics_toolcall` has those of all."""
    return list(dict.fromkeys(call.name for call in record.tool_calls if call.attempt == record.attempts))


def _attempts(record: TurnRecord) -> list[Attempt]:
    return [
        Attempt(
            request_id=record.request_id,
            number=attempt.number,
            provider=attempt.provider,
            model=attempt.model,
            outcome=attempt.outcome,
            error=attempt.error,
            had_visible_text=attempt.had_visible_text,
            started_at=attempt.started_at,
            latency_ms=attempt.latency_ms,
            ttft_ms=attempt.ttft_ms,
            tokens_input=attempt.tokens_input,
            tokens_output=attempt.tokens_output,
            tokens_cached=attempt.tokens_cached,
            tokens_reasoning=attempt.tokens_reasoning,
            cost_usd=attempt.cost_usd,
            price_version=attempt.price_version,
        )
        for attempt in record.attempt_records
    ]


def _tool_calls(record: TurnRecord, *, with_arguments: bool) -> list[ToolCall]:
    return [
        ToolCall(
            request_id=record.request_id,
            call_id=call.call_id,
            name=call.name,
            ok=call.ok,
            error_code=call.error_code,
            latency_ms=call.latency_ms,
            arguments=call.arguments if with_arguments else {},
            started_at=call.started_at,
            attempt=call.attempt,
            retries=call.retries,
            was_reused=call.was_reused,
        )
        for call in record.tool_calls
    ]
