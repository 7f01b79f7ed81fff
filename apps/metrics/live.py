"""What runs and lives now, from the log, for the pages of operations."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from apps.metrics.models import RequestLog
from apps.metrics.selectors import running_turns
from apps.routing.live import Live

#: A session without a turn for so long has ended, as far as anybody can tell.
SESSION_IDLE = timedelta(minutes=30)
#: A started row older than a turn may last, and this, has lost its process; a sweep closes it.
GRACE_S = 30


def read_live() -> Live:
    """Two counts over the last minutes, by index."""
    now = timezone.now()
    lately = RequestLog.objects.filter(created_at__gt=now - SESSION_IDLE).exclude(assigned_provider="")
    return Live(
        running=running_turns(newer_than_s=settings.TURN_DEADLINE_S + GRACE_S, now=now),
        sessions=dict(
            lately.order_by().values_list("assigned_provider").annotate(n=Count("session_id", distinct=True))
        ),
    )
