"""What the watch rolled back for harm lately: for a day, trying again wants somebody's note."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from apps.routing.errors import ReasonMissing
from apps.routing.models import RolloutChange

COOL_DOWN = timedelta(hours=24)
#: Who the audit log names where nobody did it by hand.
WATCH = "watch"


def recent_harms(*, now: datetime) -> QuerySet[RolloutChange]:
    """The roll-backs of the last day that nobody ordered."""
    return RolloutChange.objects.filter(action=RolloutChange.Action.ROLLED_BACK, by=WATCH, at__gt=now - COOL_DOWN)


def wants_note(candidate: str, *, now: datetime) -> bool:
    return recent_harms(now=now).filter(provider=candidate).exists()


def require_note(before: Mapping[str, int], after: Mapping[str, int], *, note: str) -> None:
    """Raises ReasonMissing where a provider that was rolled back for harm gets a share again without a word."""
    if note.strip():
        return
    for name, share in after.items():
        if share and not before.get(name) and wants_note(name, now=timezone.now()):
            raise ReasonMissing(
                f"{name} was rolled back for harm less than a day ago: say what has changed since.", provider=name
            )
