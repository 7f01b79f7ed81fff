"""The columns that analysts and exports get, in their order: figures alone, named one by one.

What is not named here is in no view and no export, so a new column that holds text stays where it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a column holds; each has one form in an export, whichever database it comes from."""

    UUID = "uuid"
    TEXT = "text"
    TIME = "time"
    DATE = "date"
    BOOLEAN = "boolean"
    COUNT = "count"
    FIGURE = "figure"
    USD = "usd"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a view. `source` is SQL over the view's tables; one without is named so in the view's own table."""

    name: str
    kind: Kind
    source: str = ""

    @property
    def is_foreign(self) -> bool:
        """Others may have written it: a person, or an upstream that names its model. The rest are words of our own."""
        return self.kind is Kind.TEXT and self.name in FOREIGN


#: `error` is a class of ours, but also whatever code an upstream gave.
FOREIGN = {"model", "error", "price_version", "asr_model", "tts_model", "call_id", "query", "response_text"}


def _columns(kind: Kind, names: str, *, of: str = "") -> tuple[Column, ...]:
    return tuple(Column(name=name, kind=kind, source=f"{of}.{name}" if of else "") for name in names.split())


#: A turn that may be compared with those of another provider; the evidence of a rollout leaves out a little more.
COMPARABLE = (
    "request.status <> 'started' AND request.error <> 'abandoned' AND NOT request.is_overridden "
    "AND NOT request.met_open_circuit AND pin.session_id IS NULL "
    "AND request.route_reason IN ('bucket_map', 'assignment', 'default')"
)

#: Of `analytics_requests`: the turn, what follows from it, the session's assignment, the spoken turn.
REQUESTS: tuple[Column, ...] = (
    *_columns(Kind.UUID, "request_id session_id"),
    *_columns(Kind.TEXT, "person_hash"),
    *_columns(Kind.TIME, "created_at finished_at"),
    *_columns(Kind.DATE, "day week"),
    *_columns(Kind.TEXT, "status assigned_provider provider route_reason"),
    *_columns(Kind.BOOLEAN, "met_open_circuit is_fallback is_overridden"),
    *_columns(Kind.COUNT, "attempts"),
    *_columns(Kind.TEXT, "model"),
    *_columns(Kind.JSON, "tools_used"),
    *_columns(Kind.FIGURE, "latency_ms ttft_ms"),
    *_columns(Kind.COUNT, "tokens_input tokens_output tokens_cached tokens_reasoning"),
    *_columns(Kind.USD, "cost_usd"),
    *_columns(Kind.TEXT, "price_version"),
    *_columns(Kind.BOOLEAN, "success"),
    *_columns(Kind.TEXT, "error"),
    *_columns(Kind.BOOLEAN, "is_voice"),
    *_columns(Kind.TEXT, "intent read_as"),
    *_columns(Kind.BOOLEAN, "has_risk_disclaimer mentions_stop_loss has_entry_exit"),
    *_columns(Kind.COUNT, "classifier_version"),
    *_columns(Kind.TEXT, "trace_id"),
    Column(name="is_comparable", kind=Kind.BOOLEAN, source=COMPARABLE),
    Column(
        name="was_stopped",
        kind=Kind.BOOLEAN,
        source="request.status = 'interrupted' AND request.success IS NULL",
    ),
    *_columns(Kind.COUNT, "bucket share_at_assign", of="session"),
    Column(name="assignment_reason", kind=Kind.TEXT, source="session.reason"),
    *_columns(Kind.TIME, "assigned_at", of="session"),
    Column(name="voice_outcome", kind=Kind.TEXT, source="voice.outcome"),
    *_columns(Kind.BOOLEAN, "was_barged_in", of="voice"),
    *_columns(Kind.FIGURE, "speech_ms asr_ms first_token_ms tts_ms voice_to_voice_ms heard_ms", of="voice"),
    *_columns(Kind.TEXT, "asr_model tts_model", of="voice"),
    *_columns(Kind.FIGURE, "asr_seconds", of="voice"),
    *_columns(Kind.COUNT, "tts_characters", of="voice"),
    *_columns(Kind.USD, "asr_cost_usd tts_cost_usd", of="voice"),
)

#: Of `analytics_toolcalls`: all but the arguments, which repeat words of the question.
TOOL_CALLS: tuple[Column, ...] = (
    *_columns(Kind.COUNT, "id"),
    *_columns(Kind.UUID, "request_id"),
    *_columns(Kind.TEXT, "call_id name"),
    *_columns(Kind.BOOLEAN, "ok"),
    *_columns(Kind.TEXT, "error_code"),
    *_columns(Kind.FIGURE, "latency_ms"),
    *_columns(Kind.TIME, "started_at"),
    *_columns(Kind.DATE, "day"),
    *_columns(Kind.COUNT, "attempt retries"),
    *_columns(Kind.BOOLEAN, "was_reused"),
    *_columns(Kind.TEXT, "provider", of="attempt"),
)

#: What `--with-text` adds to an export; in no view.
TEXTS: tuple[Column, ...] = _columns(Kind.TEXT, "query response_text", of="words")


def names(columns: Sequence[Column]) -> list[str]:
    return [column.name for column in columns]
