"""How a turn ended, as the engine tells the log: the turn, its attempts, its tool calls. None means unknown."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.metrics.classifiers import Claims
from apps.metrics.models import Attempt, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallRecord:
    """One tool call of a turn; `error_code` is empty where `ok`."""

    call_id: str
    name: str
    ok: bool
    latency_ms: float
    started_at: datetime
    error_code: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    attempt: int = 1
    retries: int = 0
    was_reused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One provider's try. `ttft_ms` counts from its own start; `error` is empty unless it failed."""

    number: int
    provider: str
    outcome: Attempt.Outcome
    started_at: datetime
    latency_ms: float
    had_visible_text: bool
    model: str = ""
    error: str = ""
    ttft_ms: float | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None
    tokens_cached: int | None = None
    tokens_reasoning: int | None = None
    cost_usd: Decimal | None = None
    price_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRecord:
    """How a turn ended. `status` is succeeded, failed or interrupted. None means unknown, also for tokens and cost.

    `provider` and `route_reason` are those that held at the end; `error` is the class of what went wrong.
    """

    request_id: UUID
    status: Status
    provider: str
    route_reason: str
    latency_ms: float
    attempts: int = 1
    is_fallback: bool = False
    model: str = ""
    ttft_ms: float | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None
    tokens_cached: int | None = None
    tokens_reasoning: int | None = None
    cost_usd: Decimal | None = None
    price_version: str = ""
    error: str = ""
    read_as: str = ""
    response_text: str = ""
    #: What `classifiers.classify` reads in the text.
    claims: Claims = field(default_factory=Claims)
    tool_calls: tuple[ToolCallRecord, ...] = ()
    attempt_records: tuple[AttemptRecord, ...] = ()

    def __post_init__(self) -> None:
        if self.status not in SUCCESS_BY_STATUS:
            raise ValueError(f"a finished turn is succeeded, failed or interrupted, not {self.status}")


#: A turn that the person stopped is neither a success nor a failure.
SUCCESS_BY_STATUS = {Status.SUCCEEDED: True, Status.FAILED: False, Status.INTERRUPTED: None}
