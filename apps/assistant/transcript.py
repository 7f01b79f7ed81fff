"""What one turn has said and done so far, gathered from its events while they pass."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.metrics.records import ToolCallRecord
from apps.providers.events import Done, Event, Text, ToolCall, ToolResult, Usage

UNFINISHED = {"error": {"code": "unfinished", "message": "This call did not finish.", "retryable": True}}


@dataclass(slots=True, kw_only=True)
class Transcript:
    """`started` is a monotonic reading in seconds, taken at `started_at`; everything is timed against it."""

    started: float
    started_at: datetime
    text: list[str] = field(default_factory=list)
    #: By call id: `{"call_id", "name", "arguments", "ok", "result", "latency_ms"}`.
    tool_calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    usages: list[Usage] = field(default_factory=list)
    done: Done | None = None
    ttft_ms: float | None = None
    _called_at: dict[str, float] = field(default_factory=dict)

    def add(self, event: Event, *, now: float) -> None:
        """Takes note of one event; `now` is the same clock as `started`."""
        match event:
            case Text():
                if self.ttft_ms is None and event.content:
                    self.ttft_ms = round((now - self.started) * 1000, 2)
                self.text.append(event.content)
            case ToolCall():
                self._called_at[event.call_id] = now
                self.tool_calls[event.call_id] = {
                    "call_id": event.call_id,
                    "name": event.name,
                    "arguments": event.arguments,
                    "ok": False,
                    "result": UNFINISHED,
                    "latency_ms": None,
                }
            case ToolResult():
                self.tool_calls[event.call_id] |= {
                    "ok": event.ok,
                    "result": event.result,
                    "latency_ms": event.latency_ms,
                }
            case Usage():
                self.usages.append(event)
            case Done():
                self.done = event
            case _:
                pass

    @property
    def answer(self) -> str:
        return "".join(self.text)

    @property
    def cost_usd(self) -> Decimal | None:
        """The sum over all model calls; None where no call was reported or one of them has no known price."""
        costs = [usage.cost_usd for usage in self.usages]
        if not costs or None in costs:
            return None
        return sum((Decimal(str(cost)) for cost in costs), Decimal())

    def tokens(self, kind: str) -> int | None:
        """The sum of `input`, `output`, `cached` or `reasoning` tokens; None where no model call was reported."""
        return sum(getattr(usage, f"tokens_{kind}") for usage in self.usages) if self.usages else None

    def tool_call_records(self, *, now: float) -> tuple[ToolCallRecord, ...]:
        """The calls for the log; one that never finished lasted until `now`."""
        return tuple(
            ToolCallRecord(
                call_id=call_id,
                name=call["name"],
                ok=call["ok"],
                error_code="" if call["ok"] else str(call["result"].get("error", {}).get("code", "unknown")),
                arguments=call["arguments"],
                latency_ms=call["latency_ms"]
                if call["latency_ms"] is not None
                else round((now - self._called_at[call_id]) * 1000, 2),
                started_at=self.started_at + timedelta(seconds=self._called_at[call_id] - self.started),
            )
            for call_id, call in self.tool_calls.items()
        )
