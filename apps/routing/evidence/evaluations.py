"""The rows of the evidence: each look is kept, the latest are shown, and old ones that say nothing new are deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max, Q, Window
from django.db.models.functions import Lag, RowNumber, TruncHour

from apps.routing.evidence.weighing import Verdict
from apps.routing.models import Evaluation, Rollout, RolloutChange

#: Younger ones are all kept.
KEPT_WHOLE = timedelta(days=7)


def record_evaluation(
    *,
    at: datetime,
    candidate: str,
    control: str,
    since: datetime,
    version: int,
    verdict: Verdict,
    summary: str,
    n_candidate: int,
    n_control: int,
    figures: Mapping[str, Any],
    took_ms: float,
) -> Evaluation:
    """Keeps one look. `figures` is plain JSON, shaped as `apps.metrics.evidence.guardrails` says."""
    return Evaluation.objects.create(
        at=at,
        candidate=candidate,
        control=control,
        since=since,
        version=version,
        verdict=verdict,
        summary=summary,
        n_candidate=n_candidate,
        n_control=n_control,
        figures=dict(figures),
        took_ms=took_ms,
    )


def latest_evaluation(candidate: str) -> Evaluation | None:
    return Evaluation.objects.filter(candidate=candidate).order_by("-id").first()


def latest_evaluations() -> dict[str, Evaluation]:
    """The latest look at each candidate that was ever looked at, by candidate."""
    latest = Evaluation.objects.order_by().values("candidate").annotate(latest=Max("id")).values("latest")
    return {row.candidate: row for row in Evaluation.objects.filter(pk__in=latest).order_by("candidate")}


def prune_evaluations(*, now: datetime) -> int:
    """Deletes old ones but the first of each hour and those at which a verdict changed; answers how many."""
    looks = Evaluation.objects.filter(at__lt=now - KEPT_WHOLE).order_by()
    placed = looks.annotate(
        before=Window(Lag("verdict"), partition_by=[F("candidate")], order_by=F("id").asc()),
        number_in_hour=Window(RowNumber(), partition_by=[F("candidate"), TruncHour("at")], order_by=F("id").asc()),
    )
    idle = placed.filter(Q(before=F("verdict")), number_in_hour__gt=1)
    return Evaluation.objects.filter(pk__in=list(idle.values_list("pk", flat=True))).delete()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time in which the kill switch held one of two providers; `until` is None while it holds."""

    since: datetime
    until: datetime | None


def spans_stopped(providers: Sequence[str], *, rollout: Rollout, since: datetime) -> list[Span]:
    """When any of them was stopped after `since`, from the audit log; the times of two providers may overlap."""
    return [span for provider in providers for span in _spans(provider, rollout=rollout, since=since)]


def _spans(provider: str, *, rollout: Rollout, since: datetime) -> list[Span]:
    changes = RolloutChange.objects.filter(
        provider=provider,
        action__in=[RolloutChange.Action.STOPPED, RolloutChange.Action.RESUMED],
        at__gte=since,
    )
    spans: list[Span] = []
    began: datetime | None = since
    for change in changes.order_by("id").only("action", "at"):
        if change.action == RolloutChange.Action.STOPPED:
            began = change.at
        elif began is not None:
            spans.append(Span(since=began, until=change.at))
            began = None
    if provider in rollout.killed and began is not None:
        spans.append(Span(since=began, until=None))
    return spans
