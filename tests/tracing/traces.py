"""Builders of finished turns, for tests of what is made of them."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from apps.tracing.turn_trace import AttemptTrace, ModelCallTrace, ToolCallTrace, TurnTrace

BEGAN = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def make_model_call(**changes: Any) -> ModelCallTrace:
    values: dict[str, Any] = {
        "model": "script-1",
        "started_at": at(0.1),
        "ended_at": at(1.2),
        "first_text_at": at(0.7),
        "tokens_input": 100,
        "tokens_output": 50,
        "tokens_cached": 40,
        "tokens_reasoning": 20,
        "cost_usd": 0.0012,
        "output": "AAPL closed at 430.47.",
    }
    return ModelCallTrace(**(values | changes))


def make_tool_call(**changes: Any) -> ToolCallTrace:
    values: dict[str, Any] = {
        "name": "get_quote",
        "ok": True,
        "error_code": "",
        "started_at": at(0.2),
        "ended_at": at(0.3),
        "arguments": {"symbol": "AAPL"},
        "result": {"close": 430.47},
    }
    return ToolCallTrace(**(values | changes))


def make_attempt(**changes: Any) -> AttemptTrace:
    values: dict[str, Any] = {
        "number": 1,
        "provider": "responses",
        "outcome": "succeeded",
        "error": "",
        "started_at": at(0.1),
        "ended_at": at(1.5),
        "model": "script-1",
        "model_calls": (make_model_call(),),
        "tool_calls": (make_tool_call(),),
    }
    return AttemptTrace(**(values | changes))


def make_trace(**changes: Any) -> TurnTrace:
    """A turn that went well, of one attempt with one model call and one tool call."""
    values: dict[str, Any] = {
        "request_id": uuid.uuid4(),
        "session_id": uuid.uuid4(),
        "trace_id": uuid.uuid4().hex,
        "person_hash": "a1b2c3",
        "status": "succeeded",
        "error": "",
        "assigned_provider": "responses",
        "provider": "responses",
        "route_reason": "assignment",
        "is_fallback": False,
        "is_voice": False,
        "model": "script-1",
        "intent": "research",
        "started_at": at(0.0),
        "ended_at": at(1.6),
        "question": "Price of AAPL?",
        "answer": "AAPL closed at 430.47.",
        "latency_ms": 1600.0,
        "claims": {"has_risk_disclaimer": True, "mentions_stop_loss": False, "has_entry_exit": None},
        "attempts": (make_attempt(),),
    }
    return TurnTrace(**(values | changes))
