"""What others may read of the log."""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from apps.metrics.models import Attempt, RequestLog


def costs_usd(request_ids: Iterable[UUID]) -> dict[UUID, Decimal | None]:
    """The cost of each of these turns, in one query; None where it is unknown."""
    return dict(RequestLog.objects.filter(pk__in=list(request_ids)).values_list("pk", "cost_usd"))


def attempts_of(request_ids: Iterable[UUID]) -> dict[UUID, list[Attempt]]:
    """The attempts of each of these turns in their order, in one query; a turn that still runs has none yet."""
    found: dict[UUID, list[Attempt]] = {request_id: [] for request_id in request_ids}
    for attempt in Attempt.objects.filter(request_id__in=list(found)).order_by("number"):
        found[attempt.request_id].append(attempt)
    return found
