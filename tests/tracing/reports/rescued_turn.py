"""A finished turn with everything in it: one provider failed, another rescued it, with tools, one of them made up."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from apps.tracing.turn_trace import TurnTrace
from tests.tracing.traces import make_attempt, make_model_call, make_tool_call, make_trace

BEGAN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def after(ms: float) -> datetime:
    return BEGAN + timedelta(milliseconds=ms)


def make_rescued_turn(
    *, question: str = "", answer: str = "", tool_name: str = "get_quote", tool_text: str = "", **changes: Any
) -> TurnTrace:
    """`workflow` failed it and `responses` answered, after a quote and a tool that failed."""
    failed = make_attempt(
        provider="workflow",
        outcome="failed",
        error="first_text_timeout",
        started_at=after(10),
        ended_at=after(400),
        model="",
        model_calls=(),
        tool_calls=(),
    )
    first_call = make_model_call(
        model="gpt-5.6",
        started_at=after(400),
        ended_at=after(900),
        first_text_at=None,
        tokens_input=1000,
        tokens_output=100,
        tokens_cached=600,
        tokens_reasoning=40,
        cost_usd=0.25,
        output="",
    )
    second_call = make_model_call(
        model="gpt-5.6",
        started_at=after(1000),
        ended_at=after(2000),
        first_text_at=after(1250),
        tokens_input=1200,
        tokens_output=200,
        tokens_cached=None,
        tokens_reasoning=None,
        cost_usd=None,
        output=answer,
    )
    quote = make_tool_call(
        started_at=after(900), ended_at=after(950), arguments={"symbol": tool_text}, result={"text": tool_text}
    )
    made_up = make_tool_call(
        name=tool_name,
        ok=False,
        error_code="unknown_tool",
        started_at=after(950),
        ended_at=after(1000),
        retries=1,
        arguments={"text": tool_text},
        result={},
    )
    served = make_attempt(
        number=2,
        started_at=after(400),
        ended_at=after(2000),
        model="gpt-5.6",
        model_calls=(first_call, second_call),
        tool_calls=(quote, made_up),
    )
    values: dict[str, Any] = {
        "request_id": UUID("7e900000-0000-4000-8000-000000000001"),
        "session_id": UUID("5e551011-0000-4000-8000-000000000003"),
        "trace_id": "0123456789abcdef0123456789abcdef",
        "assigned_provider": "workflow",
        "is_fallback": True,
        "model": "gpt-5.6",
        "started_at": BEGAN,
        "ended_at": after(2010),
        "question": question,
        "answer": answer,
        "latency_ms": 2010.0,
        "ttft_ms": 1250.0,
        "attempts": (failed, served),
    }
    return make_trace(**(values | changes))
