"""A turn that has ended, as traces and counters get it: made of what its row is made of, so that both say the same."""

import logging

from apps.assistant.transcript import Attempt, CallMade, ModelCall, Transcript
from apps.assistant.turn_record import end_of, turn_record
from apps.assistant.turns import BegunTurn
from apps.metrics.models import MODEL_LENGTH, NAME_LENGTH, Status, trace_id_of
from apps.metrics.records import TurnRecord
from apps.providers.events import Error
from apps.routing.choose import Route
from apps.tracing import recorder
from apps.tracing.turn_trace import AttemptTrace, ModelCallTrace, ToolCallTrace, TurnTrace

logger = logging.getLogger(__name__)


def trace_turn(
    *,
    begun: BegunTurn,
    transcript: Transcript,
    status: str,
    error: Error | None,
    ended: float,
    record: TurnRecord | None = None,
) -> None:
    """Hands the turn over, where anybody wants to see it. Never raises.

    `ended` is a reading of the turn's clock; `record` is what its row was given, None where there is no such row.
    """
    try:
        if recorder.is_on():
            recorder.record_turn(
                traced_turn(begun=begun, transcript=transcript, status=status, error=error, ended=ended, record=record)
            )
    except Exception:  # the outermost edge: the turn has its row and its answer
        logger.exception("Turn not traced")


def traced_turn(
    *,
    begun: BegunTurn,
    transcript: Transcript,
    status: str,
    error: Error | None,
    ended: float,
    record: TurnRecord | None = None,
) -> TurnTrace:
    record = record or turn_record(
        request_id=begun.request_id,
        route=begun.route,
        transcript=transcript,
        status=Status(status),
        error_code=error.code if error else "",
        latency_ms=round((ended - transcript.started) * 1000, 2),
        ended=ended,
    )
    route = begun.route
    return TurnTrace(
        request_id=begun.request_id,
        session_id=begun.session_id,
        trace_id=trace_id_of(begun.request_id),
        person_hash=begun.person_hash,
        status=str(record.status),
        error=record.error,
        assigned_provider=route.assigned_provider if isinstance(route, Route) else route.provider or "",
        provider=record.provider,
        route_reason=str(record.route_reason),
        is_fallback=record.is_fallback,
        is_voice=begun.is_voice,
        model=record.model,
        intent=begun.intent,
        started_at=transcript.started_at,
        ended_at=transcript.moment(ended),
        question=begun.question,
        answer=record.response_text,
        latency_ms=record.latency_ms,
        ttft_ms=record.ttft_ms,
        tokens_input=record.tokens_input,
        tokens_output=record.tokens_output,
        tokens_cached=record.tokens_cached,
        tokens_reasoning=record.tokens_reasoning,
        cost_usd=None if record.cost_usd is None else float(record.cost_usd),
        claims={
            "has_risk_disclaimer": record.claims.has_risk_disclaimer,
            "mentions_stop_loss": record.claims.mentions_stop_loss,
            "has_entry_exit": record.claims.has_entry_exit,
        },
        attempts=tuple(_attempt(attempt, transcript, ended=ended) for attempt in transcript.attempts),
    )


def _attempt(attempt: Attempt, transcript: Transcript, *, ended: float) -> AttemptTrace:
    ended = end_of(attempt, ended=ended)
    return AttemptTrace(
        number=attempt.number,
        provider=attempt.provider,
        outcome=str(attempt.outcome),
        error=attempt.error_code[:NAME_LENGTH],
        started_at=transcript.moment(attempt.started),
        ended_at=transcript.moment(ended),
        model=attempt.model[:MODEL_LENGTH],
        model_calls=tuple(_model_call(call, attempt, transcript) for call in attempt.model_calls if _ran_a_model(call)),
        tool_calls=tuple(_tool_call(call, transcript, ended=ended) for call in attempt.tool_calls.values()),
    )


def _ran_a_model(call: ModelCall) -> bool:
    """Whether there was one: where none ran, a provider says so with a usage of nothing."""
    return bool(call.usage.model or call.usage.tokens_input or call.usage.tokens_output)


def _model_call(call: ModelCall, attempt: Attempt, transcript: Transcript) -> ModelCallTrace:
    usage = call.usage
    return ModelCallTrace(
        model=(usage.model or attempt.model)[:MODEL_LENGTH],
        started_at=transcript.moment(call.started),
        ended_at=transcript.moment(call.ended),
        first_text_at=None if call.first_text_at is None else transcript.moment(call.first_text_at),
        tokens_input=usage.tokens_input,
        tokens_output=usage.tokens_output,
        tokens_cached=usage.tokens_cached,
        tokens_reasoning=usage.tokens_reasoning,
        cost_usd=usage.cost_usd,
        output=call.text,
    )


def _tool_call(call: CallMade, transcript: Transcript, *, ended: float) -> ToolCallTrace:
    """It lasted as long as its row says; a call that was reused lasted as long as it was waited for."""
    if call.latency_ms is None:
        answered = ended
    elif call.was_reused and call.answered_at is not None:
        answered = call.answered_at
    else:
        answered = call.called_at + call.latency_ms / 1000
    return ToolCallTrace(
        name=call.name[:NAME_LENGTH],
        ok=call.ok,
        error_code=call.error_code[:NAME_LENGTH],
        started_at=transcript.moment(call.called_at),
        ended_at=transcript.moment(answered),
        retries=call.retries,
        was_reused=call.was_reused,
        arguments=call.arguments,
        result=call.result,
    )
