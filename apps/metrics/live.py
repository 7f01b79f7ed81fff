"""What runs and lives now, from the log, for the pages of operations."""

from datetime import timedelta

from django.db.models import Count
from django.utils import timezone

from apps.metrics.models import RequestLog, Status
from apps.routing.live import Live

#: A session without a turn for so long has ended, as far as anybody can tell.
SESSION_IDLE = timedelta(minutes=30)
#: A started row older than this has lost its process; a sweep closes it.
RUNNING_AT_MOST = timedelta(minutes=2)


def read_live() -> Live:
    """Two counts over the last minutes, by index."""
    now = timezone.now()
    running = RequestLog.objects.filter(status=Status.STARTED, created_at__gt=now - RUNNING_AT_MOST)
    lately = RequestLog.objects.filter(created_at__gt=now - SESSION_IDLE).exclude(assigned_provider="")
    return Live(
        running=dict(running.order_by().values_list("provider").annotate(n=Count("pk"))),
        sessions=dict(
            lately.order_by().values_list("assigned_provider").annotate(n=Count("session_id", distinct=True))
        ),
    )
