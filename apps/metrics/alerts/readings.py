"""What a rule measures now: the raw rows of its window, read through an index, one query a rule.

Turns count in the window in which they were closed. What began long before it was closed by a sweep and says nothing
of now, so it is left out of times and shares; whatever it cost counts.
"""

import math
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Aggregate, Count, F, FloatField, Model, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from apps.metrics.alerts.catalogue import KINDS
from apps.metrics.alerts.decision import Reading, p95_reading, share_reading
from apps.metrics.models import About, AlertRule, Attempt, Channel, Measure, RequestLog, Status, VoiceTurn
from apps.providers.openai_api.model_check import configured_models
from apps.providers.registry import PROVIDERS
from apps.providers.shutdown_dates import shutdown_of

M = TypeVar("M", bound=Model)
#: No turn runs longer; what is closed later was closed by a sweep.
LONGEST_TURN = timedelta(minutes=5)
#: Of an attempt that a stop cut, or nobody asked for: not the backend's failure.
NOT_THE_BACKEND = ("stopped", "not_configured")
#: Columns of the times whose p95 is measured.
TIMES = {Measure.TTFT_P95: "ttft_ms", Measure.LATENCY_P95: "latency_ms"}


class P95(Aggregate):
    """The smallest value that at least 95 % do not exceed. PostgreSQL alone has it."""

    function = "percentile_disc"
    template = "%(function)s(0.95) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def read(rule: AlertRule, *, now: datetime, known: Collection[str] = ()) -> Mapping[str, Reading | None]:
    """Subject → what is measured of it; one of `known` that is not among them has nothing to measure.

    A person who costs less than would clear the rule is left out, unless `known`.
    """
    match rule.measure:
        case Measure.TTFT_P95 | Measure.LATENCY_P95:
            found = _times(rule, TIMES[Measure(rule.measure)], now=now)
        case Measure.BACKEND_ERRORS:
            found = _backend_errors(rule, now=now)
        case Measure.VISIBLE_ERRORS:
            decided = _turns(rule, now=now).filter(success__isnull=False)
            found = _shares(rule, decided, key="provider", bad=Q(success=False))
        case Measure.COST_UNKNOWN:
            tried = _turns(rule, now=now).filter(attempts__gt=0)
            found = _shares(rule, tried, key="provider", bad=Q(cost_usd=None))
        case Measure.COST:
            found = _costs(rule, now=now, known=known)
        case Measure.MODEL_END:
            found = _model_ends(now=now)
        case _:
            raise ValueError(f"{rule.measure} is nothing that is measured")
    return {**{subject: nothing_found(rule) for subject in known}, **found}


def nothing_found(rule: AlertRule) -> Reading | None:
    """What the absence of a subject means: no cost, no such model in use any more; of all else, nothing to measure."""
    if not KINDS[rule.measure].is_exact:
        return None
    return Reading(value=math.inf if rule.measure == Measure.MODEL_END else 0.0, n=0, is_exact=True)


def window_of(rule: AlertRule, *, now: datetime) -> tuple[datetime, datetime]:
    return now - timedelta(minutes=rule.window_minutes), now


def _turns(rule: AlertRule, *, now: datetime) -> QuerySet[RequestLog]:
    """Turns closed in the window; those that staff sent to a provider for a test are no experience of anybody."""
    start, end = window_of(rule, now=now)
    turns = RequestLog.objects.order_by().filter(
        finished_at__gt=start, finished_at__lte=end, created_at__gt=start - LONGEST_TURN, is_overridden=False
    )
    if rule.provider:
        turns = turns.filter(provider=rule.provider)
    return _of_channel(turns, rule, "is_voice")


def _of_channel(rows: QuerySet[M], rule: AlertRule, name: str) -> QuerySet[M]:
    return rows.filter(**{name: rule.channel == Channel.VOICE}) if rule.channel else rows


def _grouped(rule: AlertRule, rows: QuerySet[M], key: str, **figures: Any) -> dict[str, dict[str, Any]]:
    """The figures by subject; of everything together the subject is empty."""
    if rule.about == About.EVERYTHING:
        return {"": rows.aggregate(**figures)}
    found = rows.values(subject=F(key)).annotate(**figures)
    return {row["subject"]: row for row in found if row["subject"]}


def _shares(rule: AlertRule, rows: QuerySet[M], *, key: str, bad: Q) -> dict[str, Reading | None]:
    found = _grouped(rule, rows, key, n=Count("pk"), n_bad=Count("pk", filter=bad))
    return {
        subject: share_reading(n_bad=row["n_bad"], n=row["n"], limit_percent=rule.threshold)
        for subject, row in found.items()
    }


def _backend_errors(rule: AlertRule, *, now: datetime) -> dict[str, Reading | None]:
    """Each try counts for who tried, rescued or not; one that the person cut short says nothing."""
    start, end = window_of(rule, now=now)
    # Naming the providers lets the index on provider and time be used.
    tries = (
        Attempt.objects.order_by()
        .filter(
            provider__in=[rule.provider] if rule.provider else list(PROVIDERS),
            started_at__gt=start,
            started_at__lte=end,
            outcome__in=(Attempt.Outcome.SUCCEEDED, Attempt.Outcome.FAILED),
        )
        .exclude(error__in=NOT_THE_BACKEND)
    )
    # Sets of turns, read once: looking up the turn of each try costs twenty times as much.
    turns = RequestLog.objects.order_by().filter(created_at__gt=start - LONGEST_TURN, created_at__lte=end)
    tries = tries.exclude(request__in=turns.filter(is_overridden=True).values("pk"))
    if rule.channel:
        tries = tries.filter(request__in=_of_channel(turns, rule, "is_voice").values("pk"))
    return _shares(rule, tries, key="provider", bad=Q(outcome=Attempt.Outcome.FAILED))


def _times(rule: AlertRule, column: str, *, now: datetime) -> dict[str, Reading | None]:
    timed = _turns(rule, now=now).filter(**{f"{column}__isnull": False})
    if column == TIMES[Measure.LATENCY_P95]:
        # Whoever stopped an answer did not wait for the whole of it: the same as in the evidence and the dashboards.
        timed = timed.exclude(status=Status.INTERRUPTED)
    beyond = Q(**{f"{column}__gt": rule.threshold})
    if connection.vendor == "postgresql":
        found = _grouped(rule, timed, "provider", n=Count("pk"), n_beyond=Count("pk", filter=beyond), p95=P95(column))
        return {
            subject: p95_reading(value=row["p95"], n=row["n"], n_beyond=row["n_beyond"])
            for subject, row in found.items()
        }
    times: dict[str, list[float]] = {}
    for provider, ms in timed.values_list("provider", column):
        times.setdefault(provider if rule.about == About.EACH_PROVIDER else "", []).append(ms)
    return {subject: p95_of(values, threshold=rule.threshold) for subject, values in times.items()}


def p95_of(values: list[float], *, threshold: float) -> Reading | None:
    """The p95 of these times, by the same definition as `P95`."""
    value = sorted(values)[math.ceil(0.95 * len(values)) - 1] if values else None
    return p95_reading(value=value, n=len(values), n_beyond=sum(ms > threshold for ms in values))


def _costs(rule: AlertRule, *, now: datetime, known: Collection[str]) -> dict[str, Reading | None]:
    """Of models and of speech. Turns of staff cost money as well."""
    start, end = window_of(rule, now=now)
    turns = RequestLog.objects.order_by().filter(finished_at__gt=start, finished_at__lte=end)
    speech = VoiceTurn.objects.order_by().filter(spoken_at__gt=start, spoken_at__lte=end)
    if rule.provider:
        turns, speech = turns.filter(provider=rule.provider), speech.filter(request__provider=rule.provider)
    turns, speech = _of_channel(turns, rule, "is_voice"), _of_channel(speech, rule, "request__is_voice")
    key = "person_hash" if rule.about == About.EACH_PERSON else "provider"
    spoken = {
        subject: row["cost"] or Decimal(0)
        for subject, row in _grouped(rule, speech, f"request__{key}", cost=_speech_cost()).items()
    }
    figures = {"n": Count("pk"), "n_known": Count("cost_usd"), "cost": Sum("cost_usd")}
    if rule.about == About.EACH_PERSON:
        # Of many thousand people few are near the limit; the others are not worth a row.
        of_interest = Q(total__gt=Decimal(str(rule.clear_at))) | Q(subject__in=[*known, *spoken])
        people = turns.exclude(person_hash="").values(subject=F("person_hash")).annotate(total=Sum("cost_usd"))
        rows = {row["subject"]: row for row in people.filter(of_interest).annotate(**figures)}
    else:
        rows = _grouped(rule, turns, key, **figures)
    readings: dict[str, Reading | None] = {}
    for subject in {*rows, *spoken}:
        row = rows.get(subject, {"n": 0, "n_known": 0, "cost": None})
        total = (row["cost"] or Decimal(0)) + spoken.get(subject, Decimal(0))
        unknown = row["n"] - row["n_known"]
        readings[subject] = Reading(value=float(total), n=row["n"], is_exact=True, n_unknown=unknown)
    return readings


def _speech_cost() -> Any:
    return Sum(Coalesce("asr_cost_usd", Decimal(0)) + Coalesce("tts_cost_usd", Decimal(0)))


def _model_ends(*, now: datetime) -> dict[str, Reading | None]:
    """Days left, by the bundled table, of each configured model whose end is announced."""
    today = now.astimezone(UTC).date()
    return {
        model: Reading(value=(shutdown.on - today).days, n=len(users), is_exact=True)
        for model, users in configured_models().items()
        if (shutdown := shutdown_of(model))
    }
