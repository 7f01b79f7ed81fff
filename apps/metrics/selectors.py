"""What others may read of the log."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Count
from django.utils import timezone

from apps.metrics.models import Attempt, RequestLog, Status


def costs_usd(request_ids: Iterable[UUID]) -> dict[UUID, Decimal | None]:
    """The cost of each of these turns, in one query; None where it is unknown."""
    return dict(RequestLog.objects.filter(pk__in=list(request_ids)).values_list("pk", "cost_usd"))


def attempts_of(request_ids: Iterable[UUID]) -> dict[UUID, list[Attempt]]:
    """The attempts of each of these turns in their order, in one query; a turn that still runs has none yet."""
    found: dict[UUID, list[Attempt]] = {request_id: [] for request_id in request_ids}
    for attempt in Attempt.objects.filter(request_id__in=list(found)).order_by("number"):
        found[attempt.request_id].append(attempt)
    return found


def running_turns(*, newer_than_s: float, now: datetime | None = None) -> dict[str, int]:
    """How many answers each provider is giving now, in all processes; those with none are left out.

    A turn that began longer ago than `newer_than_s` has lost its process and is not counted.
    """
    earliest = (now or timezone.now()) - timedelta(seconds=newer_than_s)
    running = RequestLog.objects.filter(status=Status.STARTED, created_at__gte=earliest).exclude(provider="")
    return dict(running.order_by().values_list("provider").annotate(n=Count("pk")))
