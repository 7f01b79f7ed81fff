"""What one turn has said and done so far, attempt by attempt, gathered from its events while they pass."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.assistant.turn_toolbox import AttemptToolbox
from apps.metrics.models import PRICE_VERSION_LENGTH
from apps.metrics.models import Attempt as AttemptRow
from apps.providers.events import Done, Event, Meta, Text, ToolCall, ToolResult, Usage
from apps.providers.prices.costs import PLACES
from apps.routing.choose import Reason

Outcome = AttemptRow.Outcome
#: Behind the versions of prices that a column holds, where there are more.
CUT = ", …"
UNFINISHED = {"error": {"code": "unfinished", "message": "This call did not finish.", "retryable": True}}


@dataclass(slots=True, kw_only=True)
class CallMade:
    """One tool call of an attempt. `called_at` is a monotonic reading; `latency_ms` is None until it has answered."""

    call_id: str
    name: str
    arguments: dict[str, Any]
    called_at: float
    ok: bool = False
    result: dict[str, Any] = field(default_factory=lambda: UNFINISHED)
    latency_ms: float | None = None
    retries: int = 0
    was_reused: bool = False
    #: A monotonic reading; a call that is reused is answered sooner than its run took.
    answered_at: float | None = None

    @property
    def error_code(self) -> str:
        """The class of what went wrong; "" where nothing did."""
        return "" if self.ok else str(self.result.get("error", {}).get("code", "unknown"))

    def as_json(self) -> dict[str, Any]:
        """As the turn keeps it for the page."""
        return {
            "call_id": self.call_id,
            "name": self.name,
            "arguments": self.arguments,
            "ok": self.ok,
            "result": self.result,
            "latency_ms": self.latency_ms,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One call of a model, known once its usage is. It began with its attempt, or as the call or tool before it ended.

    The readings are of the turn's monotonic clock; `text` is what it wrote of the answer.
    """

    usage: Usage
    started: float
    ended: float
    first_text_at: float | None
    text: str


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One provider's try. The readings are of the turn's monotonic clock; `ended` is None while it runs."""

    number: int
    provider: str
    toolbox: AttemptToolbox
    started: float
    ended: float | None = None
    #: Of an attempt that nobody ended: the person left in its middle.
    outcome: Outcome = Outcome.INTERRUPTED
    error_code: str = ""
    text: list[str] = field(default_factory=list)
    n_characters: int = 0
    first_text_at: float | None = None
    tool_calls: dict[str, CallMade] = field(default_factory=dict)
    model_calls: list[ModelCall] = field(default_factory=list)
    done: Done | None = None
    #: What the provider said it asks, until the answer says which model it was.
    asked_model: str = ""
    #: Of the model call that runs, if one does: where it began, its first text, and which pieces of text precede it.
    _call_began: float = field(init=False)
    _call_first_text_at: float | None = None
    _n_pieces_before: int = 0

    def __post_init__(self) -> None:
        self._call_began = self.started

    def add(self, event: Event, *, now: float) -> None:
        """Takes note of one event. Raises KeyError for the result of a call that was never made."""
        match event:
            case Text():
                if self.first_text_at is None and event.content:
                    self.first_text_at = now
                if self._call_first_text_at is None and event.content:
                    self._call_first_text_at = now
                self.text.append(event.content)
                self.n_characters += len(event.content)
            case ToolCall():
                self.tool_calls[event.call_id] = CallMade(
                    call_id=event.call_id, name=event.name, arguments=event.arguments, called_at=now
                )
            case ToolResult():
                call = self.tool_calls[event.call_id]
                noted = self.toolbox.take_note(call.name, call.arguments)
                call.ok, call.result, call.latency_ms = event.ok, event.result, event.latency_ms
                call.retries = noted.retries if noted else event.retries
                call.was_reused = noted.was_reused if noted else False
                call.answered_at = self._call_began = now
            case Usage():
                self._note_model_call(event, now=now)
            case Meta():
                self.asked_model = str(event.data.get("model") or self.asked_model)
            case Done():
                self.done = event
            case _:
                pass

    def end(self, outcome: Outcome, *, now: float, error_code: str = "") -> None:
        self.outcome, self.ended, self.error_code = outcome, now, error_code

    def _note_model_call(self, usage: Usage, *, now: float) -> None:
        self.model_calls.append(
            ModelCall(
                usage=usage,
                started=self._call_began,
                ended=now,
                first_text_at=self._call_first_text_at,
                text="".join(self.text[self._n_pieces_before :]),
            )
        )
        self._call_began, self._call_first_text_at, self._n_pieces_before = now, None, len(self.text)

    @property
    def usages(self) -> list[Usage]:
        return [call.usage for call in self.model_calls]

    @property
    def answer(self) -> str:
        return "".join(self.text)

    @property
    def model(self) -> str:
        """The model that answered, or that was asked in vain; "" where none was."""
        used = self.usages[-1].model if self.usages else ""
        return self.done.model if self.done else self.asked_model or used

    @property
    def had_visible_text(self) -> bool:
        return self.first_text_at is not None

    @property
    def has_tool_running(self) -> bool:
        return any(call.latency_ms is None for call in self.tool_calls.values())

    @property
    def left_no_trace(self) -> bool:
        """It said, called and used nothing."""
        return not (self.text or self.tool_calls or self.model_calls)


@dataclass(slots=True, kw_only=True)
class Transcript:
    """`started` is a monotonic reading in seconds, taken at `started_at`; everything is timed against it.

    What the turn keeps is of the last attempt alone: it served, or it is what stood on the page when the turn ended.
    """

    started: float
    started_at: datetime
    attempts: list[Attempt] = field(default_factory=list)
    #: Why the provider that the turn was routed to was passed over without a try; None where it was not.
    passed_over: Reason | None = None

    def moment(self, reading: float) -> datetime:
        """When the turn's clock showed this."""
        return self.started_at + timedelta(seconds=reading - self.started)

    @property
    def last(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def answer(self) -> str:
        return self.last.answer if self.last else ""

    @property
    def done(self) -> Done | None:
        return self.last.done if self.last else None

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        return [call.as_json() for call in self.last.tool_calls.values()] if self.last else []

    @property
    def usages(self) -> list[Usage]:
        """Of all attempts: what was given up was used all the same."""
        return [usage for attempt in self.attempts for usage in attempt.usages]

    @property
    def ttft_ms(self) -> float | None:
        """To the first text that the person saw, whichever attempt wrote it."""
        seen = [attempt.first_text_at for attempt in self.attempts if attempt.first_text_at is not None]
        return round((min(seen) - self.started) * 1000, 2) if seen else None


def cost_usd(usages: Iterable[Usage]) -> Decimal | None:
    """The sum over model calls; None where none was reported or one of them has no known price.

    Each call is rounded to what the column holds and no sum is, so that the attempts add up to their turn exactly.
    """
    costs = [usage.cost_usd for usage in usages]
    if not costs or None in costs:
        return None
    return sum((Decimal(str(cost)).quantize(PLACES) for cost in costs), Decimal())


def price_version(usages: Iterable[Usage]) -> str:
    """The prices behind the cost, in order of first use: "override 7, free"; too many for the column end in "…"."""
    versions = list(dict.fromkeys(usage.price_version for usage in usages if usage.price_version))
    joined = ", ".join(versions)
    if len(joined) <= PRICE_VERSION_LENGTH:
        return joined
    while versions and len(", ".join(versions)) > PRICE_VERSION_LENGTH - len(CUT):
        versions.pop()
    return ", ".join(versions) + CUT


def tokens(usages: list[Usage], kind: str) -> int | None:
    """The sum of `input`, `output`, `cached` or `reasoning` tokens; None where no model call was reported."""
    return sum(getattr(usage, f"tokens_{kind}") for usage in usages) if usages else None
