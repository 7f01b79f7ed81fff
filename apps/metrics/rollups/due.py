"""Which hours have to be built: those with turns that were closed lately, and those that somebody asks for.

What is due stands in a table, so that a process that dies leaves the rest to the next one.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import TruncHour

from apps.metrics.models import Grain, RequestLog, RollupDue, RollupState, Status
from apps.metrics.rollups.from_log import Stretch
from apps.metrics.rollups.scope import HOURS_KEPT, LENGTH, start_of

#: A turn may be seen so much later than it says it was closed: its transaction may last, and clocks differ. What is
#: noted of a spoken turn after its end is seen as well, if it comes within this time.
OVERLAP = timedelta(minutes=10)
RANK = {Grain.HOUR: 0, Grain.DAY: 1, Grain.WEEK: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A stretch to build; `token` tells this asking from another."""

    stretch: Stretch
    token: UUID

    @property
    def place(self) -> tuple[float, int]:
        """The latest day first: its hours, then itself; a week comes after the last of its days."""
        day = start_of(self.stretch.start, Grain.DAY)
        return -day.timestamp(), RANK[self.stretch.grain]


def find_touched(*, now: datetime) -> None:
    """Asks for the hours of turns that were closed since the last time; the first time, for all."""
    RollupState.objects.get_or_create(pk=RollupState.ONLY_ID)
    found_to = RollupState.objects.values_list("found_to", flat=True).get(pk=RollupState.ONLY_ID)
    hours = hours_with_turns() if found_to is None else _touched_since(found_to - OVERLAP)
    hours = list(hours)
    with transaction.atomic():
        state = RollupState.objects.select_for_update().get(pk=RollupState.ONLY_ID)
        ask_for_hours(hours, now=now)
        state.found_to = max(now, state.found_to or now)
        state.save(update_fields=["found_to"])


def ask_for(grain: Grain, starts: Iterable[datetime]) -> None:
    """Makes these due, also where they are being built at this moment."""
    # In one order, so that two processes cannot wait for one another.
    rows = [RollupDue(grain=grain, start=start, token=uuid4()) for start in sorted(set(starts))]
    RollupDue.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["grain", "start"], update_fields=["token"], batch_size=500
    )


def next_due(*, except_for: Container[Stretch] = ()) -> list[Due]:
    """What is to be built first: a day's hours, a day, or a week."""
    rows = RollupDue.objects.values_list("grain", "start", "token")
    due = [
        Due(stretch=Stretch(grain=Grain(grain), start=start), token=token)
        for grain, start, token in rows
        if Stretch(grain=Grain(grain), start=start) not in except_for
    ]
    if not due:
        return []
    first = min(one.place for one in due)
    return sorted((one for one in due if one.place == first), key=lambda one: one.stretch.start)


def hours_with_turns(*, start: datetime | None = None, end: datetime | None = None) -> Iterator[datetime]:
    """The hours in which any turn of the log began, found one after the other through the index."""
    log = RequestLog.objects.order_by("created_at").values_list("created_at", flat=True)
    if end is not None:
        log = log.filter(created_at__lt=end)
    later = log if start is None else log.filter(created_at__gte=start)
    while (moment := later.first()) is not None:
        hour = start_of(moment, Grain.HOUR)
        yield hour
        later = log.filter(created_at__gte=hour + LENGTH[Grain.HOUR])


def ask_for_hours(hours: Iterable[datetime], *, now: datetime) -> None:
    """Makes these hours due; of one whose like are not kept, its day, which is built from the log then."""
    kept_from = hours_kept_from(now=now)
    kept, days = set(), set()
    for hour in hours:
        if hour >= kept_from:
            kept.add(hour)
        else:
            days.add(start_of(hour, Grain.DAY))
    with transaction.atomic():
        ask_for(Grain.HOUR, kept)
        ask_for(Grain.DAY, days)


def hours_kept_from(*, now: datetime) -> datetime:
    """The first day whose hours are kept."""
    return start_of(now - HOURS_KEPT, Grain.DAY)


def _touched_since(moment: datetime) -> Iterable[datetime]:
    # A process of a version before `finished_at` leaves it empty; its turns are found by when they began.
    of_old = Q(finished_at=None, created_at__gt=moment)
    closed = RequestLog.objects.filter(Q(finished_at__gt=moment) | of_old & ~Q(status=Status.STARTED)).order_by()
    hours = closed.annotate(hour=TruncHour("created_at")).values_list("hour", flat=True).distinct()
    return [start_of(hour, Grain.HOUR) for hour in hours]
