"""A finished turn as the request log keeps it: the row's figures, its attempts, its tool calls."""

from hashlib import sha256
from uuid import UUID

from apps.assistant.transcript import Attempt, Transcript, cost_usd, price_version, tokens
from apps.metrics.classifiers import classify
from apps.metrics.models import CALL_ID_LENGTH, MODEL_LENGTH, NAME_LENGTH, Status
from apps.metrics.records import AttemptRecord, ToolCallRecord, TurnRecord
from apps.routing.choose import Route
from apps.routing.errors import NoProvider


def turn_record(
    *,
    request_id: UUID,
    route: Route | NoProvider,
    transcript: Transcript,
    status: Status,
    error_code: str,
    latency_ms: float,
    ended: float,
) -> TurnRecord:
    """The record; what an upstream named is cut to what a column holds. `ended` is a reading of the turn's clock.

    Tokens and cost are those of all attempts, model and answer of the one that served or tried last.
    """
    usages, done = transcript.usages, transcript.done
    return TurnRecord(
        request_id=request_id,
        status=status,
        provider=serving_provider(route, transcript),
        route_reason=_reason(route, transcript),
        attempts=len(transcript.attempts),
        is_fallback=isinstance(route, Route) and serving_provider(route, transcript) != route.provider,
        model=transcript.last.model[:MODEL_LENGTH] if transcript.last else "",
        latency_ms=latency_ms,
        ttft_ms=transcript.ttft_ms,
        tokens_input=tokens(usages, "input"),
        tokens_output=tokens(usages, "output"),
        tokens_cached=tokens(usages, "cached"),
        tokens_reasoning=tokens(usages, "reasoning"),
        cost_usd=cost_usd(usages),
        price_version=price_version(usages),
        error=error_code[:NAME_LENGTH],
        read_as=done.sidecar.get("intent", "") if done else "",
        response_text=transcript.answer,
        claims=classify(transcript.answer),
        tool_calls=_tool_calls(transcript, ended=ended),
        attempt_records=tuple(_attempt(attempt, transcript, ended=ended) for attempt in transcript.attempts),
    )


def serving_provider(route: Route | NoProvider, transcript: Transcript) -> str:
    """Who served, or tried last; the routed provider where nobody has tried yet; "" where nobody can serve."""
    if transcript.last is not None:
        return transcript.last.provider
    return route.provider if isinstance(route, Route) else ""


def _reason(route: Route | NoProvider, transcript: Transcript) -> str:
    match route:
        case NoProvider():
            return route.code
        case Route():
            return transcript.passed_over or route.reason


def _attempt(attempt: Attempt, transcript: Transcript, *, ended: float) -> AttemptRecord:
    usages = attempt.usages
    first_text_at = attempt.first_text_at
    return AttemptRecord(
        number=attempt.number,
        provider=attempt.provider,
        model=attempt.model[:MODEL_LENGTH],
        outcome=attempt.outcome,
        error=attempt.error_code[:NAME_LENGTH],
        had_visible_text=attempt.had_visible_text,
        started_at=transcript.moment(attempt.started),
        latency_ms=_ms(end_of(attempt, ended=ended) - attempt.started),
        ttft_ms=None if first_text_at is None else _ms(first_text_at - attempt.started),
        tokens_input=tokens(usages, "input"),
        tokens_output=tokens(usages, "output"),
        tokens_cached=tokens(usages, "cached"),
        tokens_reasoning=tokens(usages, "reasoning"),
        cost_usd=cost_usd(usages),
        price_version=price_version(usages),
    )


def _tool_calls(transcript: Transcript, *, ended: float) -> tuple[ToolCallRecord, ...]:
    """The calls of all attempts. Those of the last keep their ids, which its sidecar names; the others get a prefix.

    A call that never finished lasted until its attempt ended.
    """
    records: list[ToolCallRecord] = []
    taken: set[str] = set()
    for attempt in reversed(transcript.attempts):
        prefix = "" if attempt is transcript.last else f"attempt{attempt.number}:"
        for call in attempt.tool_calls.values():
            call_id = _unique_id(prefix + call.call_id, taken)
            taken.add(call_id)
            latency_ms = call.latency_ms
            if latency_ms is None:
                latency_ms = _ms(end_of(attempt, ended=ended) - call.called_at)
            records.append(
                ToolCallRecord(
                    call_id=call_id,
                    name=call.name[:NAME_LENGTH],
                    ok=call.ok,
                    error_code=call.error_code[:NAME_LENGTH],
                    arguments=call.arguments,
                    latency_ms=latency_ms,
                    started_at=transcript.moment(call.called_at),
                    attempt=attempt.number,
                    retries=call.retries,
                    was_reused=call.was_reused,
                )
            )
    return tuple(sorted(records, key=lambda record: record.started_at))


def _unique_id(wanted: str, taken: set[str]) -> str:
    """The id itself where it is free and fits, else its digest: upstream ids are not ours to trust."""
    while wanted in taken or len(wanted) > CALL_ID_LENGTH:
        wanted = sha256(wanted.encode()).hexdigest()
    return wanted


def end_of(attempt: Attempt, *, ended: float) -> float:
    """When it ended, by the turn's clock: with the turn where nobody ended it."""
    return ended if attempt.ended is None else attempt.ended


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
