"""Sums the log over an hour or a day: the turns that began in it and are closed, their tool calls, their speech.

The database counts and adds up; only times come here, a few machine numbers a turn, to be put into buckets.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from django.db import connection
from django.db.models import Count, Exists, F, FloatField, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Cast

from apps.metrics.models import (
    Attempt,
    Grain,
    RequestLog,
    Status,
    ToolRollup,
    TurnRollup,
    VoiceRollup,
    VoiceTurn,
)
from apps.metrics.rollups.histogram import Histogram
from apps.metrics.rollups.scope import LENGTH

CHUNK = 5_000
Times: TypeAlias = "array[float]"
#: Such a failed try says nothing of its provider, as in the evidence: a stop cut it, or nobody was asked.
SAYS_NOTHING = ("stopped", "not_configured")
TOKENS = Cast(F("tokens_input") + F("tokens_output"), FloatField())
COST = Cast("cost_usd", FloatField())

SUMS = {
    "turns": Count("pk"),
    "succeeded": Count("pk", filter=Q(success=True)),
    "failed": Count("pk", filter=Q(success=False)),
    "stopped": Count("pk", filter=Q(status=Status.INTERRUPTED, success=None)),
    "swept": Count("pk", filter=Q(status=Status.INTERRUPTED, success=False)),
    "fallbacks": Count("pk", filter=Q(is_fallback=True)),
    "attempts": Sum("attempts"),
    "tokens_known": Count(TOKENS),
    "tokens_input": Sum("tokens_input"),
    "tokens_output": Sum("tokens_output"),
    "tokens_cached": Sum("tokens_cached"),
    "tokens_reasoning": Sum("tokens_reasoning"),
    "tokens_sq": Sum(TOKENS * TOKENS),
    "cost_usd": Sum("cost_usd"),
    "cost_usd_sq": Sum(COST * COST),
    "cost_unknown": Count("pk", filter=Q(cost_usd=None)),
    "claims_read": Count("has_risk_disclaimer"),
    "disclaimer": Count("pk", filter=Q(has_risk_disclaimer=True)),
    "stop_loss": Count("pk", filter=Q(mentions_stop_loss=True)),
    "entry_exit": Count("pk", filter=Q(has_entry_exit=True)),
}
# Tools are called by an attempt; a row without its attempt is told by its turn.
TOOL_CALLS = """
    SELECT call.name, COALESCE(attempt.provider, request.provider), request.is_voice, request.intent,
           COALESCE(attempt.model, request.model), call.ok, call.error_code, call.was_reused, call.retries,
           call.latency_ms
    FROM metrics_requestlog AS request
    JOIN metrics_toolcall AS call ON call.request_id = request.request_id
    LEFT JOIN metrics_attempt AS attempt ON attempt.request_id = call.request_id AND attempt.number = call.attempt
    WHERE request.created_at >= %s AND request.created_at < %s AND request.status <> 'started'
"""


def _no_times() -> Times:
    """Eight bytes each, when it fills."""
    return array("d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The fine rollup rows of one stretch of time, not saved."""

    turns: list[TurnRollup]
    tools: list[ToolRollup]
    voice: list[VoiceRollup]

    @property
    def n_turns(self) -> int:
        return sum(row.turns for row in self.turns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What one row of that grain, with this beginning, stands for."""

    grain: Grain
    start: datetime

    def __str__(self) -> str:
        return f"{self.grain} of {self.start:%Y-%m-%d %H:%M}"

    @property
    def end(self) -> datetime:
        return self.start + LENGTH[self.grain]


def rows_from_log(stretch: Stretch) -> Rows:
    """Some seven queries; in memory are two machine numbers a turn and one a call."""
    return Rows(turns=_turns(stretch), tools=_tools(stretch), voice=_voice(stretch))


def _closed(stretch: Stretch, through: str = "") -> Q:
    """Closed turns that began in it, seen through this relation."""
    began = Q(**{f"{through}created_at__gte": stretch.start, f"{through}created_at__lt": stretch.end})
    return began & ~Q(**{f"{through}status": Status.STARTED})


def _turns(stretch: Stretch) -> list[TurnRollup]:
    dimensions = TurnRollup.DIMENSIONS
    log = RequestLog.objects.filter(_closed(stretch)).order_by()
    sums = log.values(*dimensions).annotate(**{f"{name}_added": value for name, value in SUMS.items()})
    asked = _asked_first(stretch)
    times = _times(log)
    found = []
    for row in sums:
        key = tuple(row[name] for name in dimensions)
        latencies, first_texts = times[key]
        found.append(
            TurnRollup(
                grain=stretch.grain,
                start=stretch.start,
                **{name: row[name] for name in dimensions},
                **{name: row[f"{name}_added"] or 0 for name in SUMS},
                asked_first=asked[key][0],
                failed_first=asked[key][1],
                latency_hist=Histogram.of(latencies).to_bytes(),
                ttft_hist=Histogram.of(first_texts).to_bytes(),
            )
        )
    return found


def _asked_first(stretch: Stretch) -> dict[tuple[Any, ...], tuple[int, int]]:
    """How many first tries of the assigned provider say something of it, and how many of these failed."""
    dimensions = [f"request__{name}" for name in TurnRollup.DIMENSIONS]
    tries = Attempt.objects.filter(
        _closed(stretch, "request__"),
        Q(outcome=Attempt.Outcome.SUCCEEDED) | Q(outcome=Attempt.Outcome.FAILED) & ~Q(error__in=SAYS_NOTHING),
        number=1,
        provider=F("request__assigned_provider"),
    )
    counted = (
        tries.order_by()
        .values_list(*dimensions)
        .annotate(asked=Count("pk"), failures=Count("pk", filter=Q(outcome=Attempt.Outcome.FAILED)))
    )
    found: dict[tuple[Any, ...], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for *key, asked, failures in counted:
        found[tuple(key)] = (asked, failures)
    return found


def _times(log: QuerySet[RequestLog]) -> dict[tuple[Any, ...], tuple[Times, Times]]:
    """The latencies of turns that nobody stopped, and the times to first text, by the dimensions."""
    found: dict[tuple[Any, ...], tuple[Times, Times]] = defaultdict(lambda: (_no_times(), _no_times()))
    rows = log.values_list(*TurnRollup.DIMENSIONS, "status", "latency_ms", "ttft_ms")
    for *key, status, latency_ms, ttft_ms in rows.iterator(chunk_size=CHUNK):
        latencies, first_texts = found[tuple(key)]
        if latency_ms is not None and status != Status.INTERRUPTED:
            latencies.append(latency_ms)
        if ttft_ms is not None:
            first_texts.append(ttft_ms)
    return found


@dataclass(slots=True, kw_only=True)
class _Calls:
    calls: int = 0
    ok: int = 0
    reused: int = 0
    retries: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    times: Times = field(default_factory=_no_times)


def _tools(stretch: Stretch) -> list[ToolRollup]:
    found: dict[tuple[Any, ...], _Calls] = defaultdict(_Calls)
    for *key, ok, error_code, was_reused, retries, latency_ms in _tool_calls(stretch):
        calls = found[tuple(key)]
        calls.calls += 1
        calls.ok += bool(ok)
        calls.reused += bool(was_reused)
        calls.retries += retries
        if not ok:
            calls.errors[error_code] += 1
        if not was_reused:
            calls.times.append(latency_ms)
    return [
        ToolRollup(
            grain=stretch.grain,
            start=stretch.start,
            name=name,
            provider=provider,
            is_voice=bool(is_voice),
            intent=intent,
            model=model,
            calls=calls.calls,
            ok=calls.ok,
            reused=calls.reused,
            retries=calls.retries,
            errors=dict(calls.errors),
            latency_hist=Histogram.of(calls.times).to_bytes(),
        )
        for (name, provider, is_voice, intent, model), calls in found.items()
    ]


def _tool_calls(stretch: Stretch) -> Iterator[tuple[Any, ...]]:
    ends = [connection.ops.adapt_datetimefield_value(moment) for moment in (stretch.start, stretch.end)]
    connection.ensure_connection()
    with connection.chunked_cursor() as cursor:
        cursor.execute(TOOL_CALLS, ends)
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


@dataclass(slots=True, kw_only=True)
class _Spoken:
    utterances: int = 0
    barge_ins: int = 0
    sessions: int = 0
    asr_cost_usd: Decimal = Decimal(0)
    tts_cost_usd: Decimal = Decimal(0)
    outcomes: Counter[str] = field(default_factory=Counter)
    times: dict[str, Times] = field(default_factory=lambda: defaultdict(_no_times))


#: The columns of a spoken turn's times, by the column of their histogram.
SPOKEN_TIMES = {
    "first_token_hist": "first_token_ms",
    "asr_hist": "asr_ms",
    "tts_hist": "tts_ms",
    "voice_to_voice_hist": "voice_to_voice_ms",
}


def _voice(stretch: Stretch) -> list[VoiceRollup]:
    found: dict[tuple[str, str, str], _Spoken] = defaultdict(_Spoken)
    for row in _spoken_turns(stretch).iterator(chunk_size=CHUNK):
        spoken = found[row["request__provider"], row["request__intent"], row["request__model"]]
        spoken.utterances += 1
        spoken.barge_ins += row["was_barged_in"]
        spoken.sessions += not row["was_spoken_before"]
        spoken.asr_cost_usd += row["asr_cost_usd"] or 0
        spoken.tts_cost_usd += row["tts_cost_usd"] or 0
        spoken.outcomes[row["outcome"]] += 1
        for name, column in SPOKEN_TIMES.items():
            if row[column] is not None:
                spoken.times[name].append(row[column])
    return [
        VoiceRollup(
            grain=stretch.grain,
            start=stretch.start,
            provider=provider,
            intent=intent,
            model=model,
            utterances=spoken.utterances,
            barge_ins=spoken.barge_ins,
            sessions=spoken.sessions,
            asr_cost_usd=spoken.asr_cost_usd,
            tts_cost_usd=spoken.tts_cost_usd,
            outcomes=dict(spoken.outcomes),
            **{name: Histogram.of(spoken.times[name]).to_bytes() for name in SPOKEN_TIMES},
        )
        for (provider, intent, model), spoken in found.items()
    ]


def _spoken_turns(stretch: Stretch) -> QuerySet[VoiceTurn, dict[str, Any]]:
    earlier = VoiceTurn.objects.filter(session_id=OuterRef("session_id")).filter(
        Q(spoken_at__lt=OuterRef("spoken_at")) | Q(spoken_at=OuterRef("spoken_at"), pk__lt=OuterRef("pk"))
    )
    return (
        VoiceTurn.objects.filter(_closed(stretch, "request__"))
        .order_by()
        .annotate(was_spoken_before=Exists(earlier))
        .values(
            "request__provider",
            "request__intent",
            "request__model",
            "was_barged_in",
            "was_spoken_before",
            "asr_cost_usd",
            "tts_cost_usd",
            "outcome",
            *SPOKEN_TIMES.values(),
        )
    )
