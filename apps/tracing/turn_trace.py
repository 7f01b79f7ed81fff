"""A finished turn as traces and counters see it: values made from what the row is made from, so that both agree.

Everything is put together once the turn has ended and handed over; nothing of a trace happens while a person waits.
Moments are aware datetimes. Text is what people wrote and read: each sink decides what of it may leave.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCallTrace:
    """One call of a model. Tokens as the API counts them: `cached` within the input, `reasoning` within the output.

    `first_text_at` is the first text of the answer that people could read, None where this call wrote none.
    """

    model: str
    started_at: datetime
    ended_at: datetime
    first_text_at: datetime | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None
    tokens_cached: int | None = None
    tokens_reasoning: int | None = None
    cost_usd: float | None = None
    output: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallTrace:
    """One call of a tool; `error_code` is empty where `ok`."""

    name: str
    ok: bool
    error_code: str
    started_at: datetime
    ended_at: datetime
    retries: int = 0
    was_reused: bool = False
    arguments: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptTrace:
    """One provider's try; `outcome` is succeeded, failed or interrupted."""

    number: int
    provider: str
    outcome: str
    error: str
    started_at: datetime
    ended_at: datetime
    model: str = ""
    model_calls: tuple[ModelCallTrace, ...] = ()
    tool_calls: tuple[ToolCallTrace, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTrace:
    """The turn. `status` is succeeded, failed or interrupted; figures are those of its row, None where unknown."""

    request_id: UUID
    session_id: UUID
    trace_id: str
    person_hash: str
    status: str
    error: str
    assigned_provider: str
    provider: str
    route_reason: str
    is_fallback: bool
    is_voice: bool
    model: str
    intent: str
    started_at: datetime
    ended_at: datetime
    question: str
    answer: str
    latency_ms: float
    ttft_ms: float | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None
    tokens_cached: int | None = None
    tokens_reasoning: int | None = None
    cost_usd: float | None = None
    #: Classifiers by name: has_risk_disclaimer, mentions_stop_loss, has_entry_exit; None where there was no text.
    claims: dict[str, bool | None] = field(default_factory=dict)
    attempts: tuple[AttemptTrace, ...] = ()
