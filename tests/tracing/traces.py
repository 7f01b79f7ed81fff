"""Finished turns as values, for the sinks."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from apps.tracing.turn_trace import AttemptTrace, ModelCallTrace, ToolCallTrace, TurnTrace

BEGAN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def after(ms: float) -> datetime:
    return BEGAN + timedelta(milliseconds=ms)


def make_trace(
    *, question: str = "", answer: str = "", tool_name: str = "get_quote", tool_text: str = "", **fields: Any
) -> TurnTrace:
    """A turn that `workflow` failed and `responses` answered, after a quote and a tool that failed."""
    failed = AttemptTrace(
        number=1,
        provider="workflow",
        outcome="failed",
        error="first_text_timeout",
        started_at=after(10),
        ended_at=after(400),
    )
    calls = (
        ModelCallTrace(
            model="gpt-5.6",
            started_at=after(400),
            ended_at=after(900),
            tokens_input=1000,
            tokens_output=100,
            tokens_cached=600,
            tokens_reasoning=40,
            cost_usd=0.25,
        ),
        ModelCallTrace(
            model="gpt-5.6",
            started_at=after(1000),
            ended_at=after(2000),
            first_text_at=after(1250),
            tokens_input=1200,
            tokens_output=200,
            output=answer,
        ),
    )
    tools = (
        ToolCallTrace(
            name="get_quote",
            ok=True,
            error_code="",
            started_at=after(900),
            ended_at=after(950),
            arguments={"symbol": tool_text},
            result={"text": tool_text},
        ),
        ToolCallTrace(
            name=tool_name,
            ok=False,
            error_code="unknown_tool",
            started_at=after(950),
            ended_at=after(1000),
            retries=1,
            arguments={"text": tool_text},
        ),
    )
    served = AttemptTrace(
        number=2,
        provider="responses",
        outcome="succeeded",
        error="",
        started_at=after(400),
        ended_at=after(2000),
        model="gpt-5.6",
        model_calls=calls,
        tool_calls=tools,
    )
    defaults: dict[str, Any] = {
        "request_id": UUID("7e900000-0000-4000-8000-000000000001"),
        "session_id": UUID("5e551011-0000-4000-8000-000000000003"),
        "trace_id": "0123456789abcdef0123456789abcdef",
        "person_hash": "hash-of-alice",
        "status": "succeeded",
        "error": "",
        "assigned_provider": "workflow",
        "provider": "responses",
        "route_reason": "assignment",
        "is_fallback": True,
        "is_voice": False,
        "model": "gpt-5.6",
        "intent": "research",
        "started_at": BEGAN,
        "ended_at": after(2010),
        "question": question,
        "answer": answer,
        "latency_ms": 2010.0,
        "ttft_ms": 1250.0,
        "attempts": (failed, served),
    }
    return TurnTrace(**(defaults | fields))
