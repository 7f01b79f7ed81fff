"""What Langfuse is shown of a turn, as values: a tree of observations and the scores. Nothing here sends anything.

The turn holds its attempts; an attempt holds its model calls and tool calls. Unless text may leave, lengths stand in
its place, and every other word is one of ours: names, classes and reasons, never what somebody wrote.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from apps.tracing.turn_trace import AttemptTrace, ModelCallTrace, ToolCallTrace, TurnTrace

Attributes: TypeAlias = dict[str, str | bool | list[str]]

#: Langfuse's own words for what a span says, as its SDK sends them.
TYPE = "langfuse.observation.type"
INPUT = "langfuse.observation.input"
OUTPUT = "langfuse.observation.output"
LEVEL = "langfuse.observation.level"
STATUS_MESSAGE = "langfuse.observation.status_message"
MODEL = "langfuse.observation.model.name"
USAGE = "langfuse.observation.usage_details"
COST = "langfuse.observation.cost_details"
FIRST_TEXT = "langfuse.observation.completion_start_time"
METADATA = "langfuse.observation.metadata"
TRACE_NAME = "langfuse.trace.name"
TRACE_TAGS = "langfuse.trace.tags"
TRACE_METADATA = "langfuse.trace.metadata"
SESSION_ID = "session.id"
USER_ID = "user.id"

#: What a name of a tool looks like; a model can call anything by any name.
TOOL_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One span. Times are nanoseconds since 1970; `error` is the class of what went wrong, empty where nothing did."""

    name: str
    started_ns: int
    ended_ns: int
    attributes: Attributes
    error: str = ""
    children: tuple["Observation", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A claim about the answer. The same id is the same score, however often it is sent."""

    id: str
    name: str
    value: bool


def observations(trace: TurnTrace, *, with_text: bool) -> Observation:
    """The whole turn. Session, person and tags stand on every observation, so that each can be found by them."""
    shared = _shared(trace)
    return Observation(
        name="turn",
        started_ns=_ns(trace.started_at),
        ended_ns=_ns(trace.ended_at),
        attributes={
            **shared,
            TYPE: "span",
            INPUT: _words(trace.question, with_text=with_text),
            OUTPUT: _words(trace.answer, with_text=with_text),
            **_level(trace.status, trace.error),
            **_metadata(
                TRACE_METADATA,
                request_id=str(trace.request_id),
                route_reason=str(trace.route_reason),
                assigned_provider=trace.assigned_provider,
                is_fallback=trace.is_fallback,
            ),
            **_metadata(
                METADATA,
                status=trace.status,
                model=trace.model,
                attempts=len(trace.attempts),
                latency_ms=trace.latency_ms,
                ttft_ms=trace.ttft_ms,
            ),
        },
        error=_error(trace.status, trace.error),
        children=tuple(_attempt(attempt, shared, with_text=with_text) for attempt in trace.attempts),
    )


def scores(trace: TurnTrace) -> list[Score]:
    """The claims that could be judged, each under an id made of the turn's and its own name."""
    return [
        Score(id=f"{trace.trace_id}-{name}", name=name, value=claim)
        for name, claim in trace.claims.items()
        if claim is not None
    ]


def _shared(trace: TurnTrace) -> Attributes:
    tags = [f"provider:{trace.provider}"] if trace.provider else []
    tags.append("channel:voice" if trace.is_voice else "channel:text")
    if trace.intent:
        tags.append(f"intent:{trace.intent}")
    shared: Attributes = {
        TRACE_NAME: "turn",
        SESSION_ID: str(trace.session_id),
        TRACE_TAGS: tags,
    }
    return shared | ({USER_ID: trace.person_hash} if trace.person_hash else {})


def _attempt(attempt: AttemptTrace, shared: Attributes, *, with_text: bool) -> Observation:
    calls = [_model_call(call, shared, with_text=with_text) for call in attempt.model_calls]
    calls += [_tool_call(call, shared, with_text=with_text) for call in attempt.tool_calls]
    return Observation(
        name=attempt.provider,
        started_ns=_ns(attempt.started_at),
        ended_ns=_ns(attempt.ended_at),
        attributes={
            **shared,
            TYPE: "span",
            **_level(attempt.outcome, attempt.error),
            **_metadata(METADATA, number=attempt.number, outcome=attempt.outcome, model=attempt.model),
        },
        error=_error(attempt.outcome, attempt.error),
        children=tuple(sorted(calls, key=lambda call: call.started_ns)),
    )


def _model_call(call: ModelCallTrace, shared: Attributes, *, with_text: bool) -> Observation:
    attributes: Attributes = {
        **shared,
        TYPE: "generation",
        MODEL: call.model,
        OUTPUT: _words(call.output, with_text=with_text),
    }
    if usage := usage_details(call):
        attributes[USAGE] = json.dumps(usage)
    if call.cost_usd is not None:
        attributes[COST] = json.dumps({"total": call.cost_usd})
    if call.first_text_at is not None:
        attributes[FIRST_TEXT] = json.dumps(call.first_text_at.astimezone(UTC).isoformat())
    return Observation(
        name=call.model or "model",
        started_ns=_ns(call.started_at),
        ended_ns=_ns(call.ended_at),
        attributes=attributes,
    )


def usage_details(call: ModelCallTrace) -> dict[str, int]:
    """Tokens, each counted under one name only: Langfuse adds up whatever stands beside each other.

    The API counts cached tokens within the input and reasoning within the output.
    """
    if call.tokens_input is None or call.tokens_output is None:
        return {}
    cached, reasoning = call.tokens_cached or 0, call.tokens_reasoning or 0
    return {
        "input": max(0, call.tokens_input - cached),
        "input_cached_tokens": cached,
        "output": max(0, call.tokens_output - reasoning),
        "output_reasoning_tokens": reasoning,
        "total": call.tokens_input + call.tokens_output,
    }


def _tool_call(call: ToolCallTrace, shared: Attributes, *, with_text: bool) -> Observation:
    status, error = ("succeeded", "") if call.ok else ("failed", call.error_code)
    return Observation(
        name=call.name if with_text or TOOL_NAME.fullmatch(call.name) else "unknown",
        started_ns=_ns(call.started_at),
        ended_ns=_ns(call.ended_at),
        attributes={
            **shared,
            TYPE: "tool",
            INPUT: _values(call.arguments, with_text=with_text),
            OUTPUT: _values(call.result, with_text=with_text),
            **_level(status, error),
            **_metadata(METADATA, retries=call.retries, was_reused=call.was_reused),
        },
        error=_error(status, error),
    )


def _level(status: str, error: str) -> Attributes:
    if status == "succeeded":
        return {}
    level = "ERROR" if status == "failed" else "WARNING"
    return {LEVEL: level, STATUS_MESSAGE: error or status}


def _error(status: str, error: str) -> str:
    return (error or status) if status == "failed" else ""


def _words(text: str, *, with_text: bool) -> str:
    return text if with_text else json.dumps({"characters": len(text)})


def _values(values: dict[str, Any], *, with_text: bool) -> str:
    # Not even the names: a model may have put words there.
    return json.dumps(values, default=str, ensure_ascii=False) if with_text else json.dumps({"fields": len(values)})


def _metadata(prefix: str, **values: str | float | bool | None) -> Attributes:
    """Each value as JSON, by which Langfuse tells 1 from "1"; what is unknown is left out."""
    return {f"{prefix}.{name}": json.dumps(value) for name, value in values.items() if value not in (None, "")}


def _ns(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1_000
