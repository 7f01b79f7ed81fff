"""How fast new sessions come: what turns "so many more sessions" into days, and a rate into sessions a week."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count

from apps.metrics.evidence.scope import Scope
from apps.routing.models import SessionAssignment

#: The latest time that is counted, and the shortest that says anything of the next days.
LATEST = timedelta(days=7)
SHORTEST = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """New sessions of everybody a week and of the two arms a day, counted over the latest `days`."""

    days: float
    sessions_per_week: float
    arm_sessions_per_day: float


def pace(scope: Scope) -> Pace | None:
    """None while it is too early to say, or nobody came."""
    since = max(scope.since, scope.now - LATEST)
    if scope.now - since < SHORTEST:
        return None
    assigned = SessionAssignment.objects.filter(assigned_at__gte=since, assigned_at__lt=scope.now)
    by_provider = dict(assigned.order_by().values_list("provider").annotate(n=Count("pk")))
    if not by_provider:
        return None
    days = (scope.now - since) / DAY
    return Pace(
        days=days,
        sessions_per_week=7 * sum(by_provider.values()) / days,
        arm_sessions_per_day=sum(by_provider.get(name, 0) for name in scope.arms) / days,
    )
