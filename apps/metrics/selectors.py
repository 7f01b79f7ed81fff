"""What others may read of the log."""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from apps.metrics.models import RequestLog


def costs_usd(request_ids: Iterable[UUID]) -> dict[UUID, Decimal | None]:
    """The cost of each of these turns, in one query; None where it is unknown."""
    return dict(RequestLog.objects.filter(pk__in=list(request_ids)).values_list("pk", "cost_usd"))
