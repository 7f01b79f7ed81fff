"""Closed rows read again by the present rules, where their text is still kept; the others keep their version."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.metrics.classifiers.claims import classify
from apps.metrics.classifiers.intent import intent_of
from apps.metrics.classifiers.version import CLASSIFIER_VERSION
from apps.metrics.models import RequestLog, Status

BATCH = 500
#: Hours this close to each other are rebuilt in one go: rebuilding one in between changes nothing.
CLOSE_H = 24
READ = ("intent", "has_risk_disclaimer", "mentions_stop_loss", "has_entry_exit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclassified:
    """How many rows were read again, were found to be other than they said, and have no text any more.

    `hours` are those of the rows that changed, in order: what was summed of them is out of date.
    """

    n_read: int
    n_changed: int
    n_without_text: int
    hours: tuple[datetime, ...]

    @property
    def stretches(self) -> list[tuple[datetime, datetime]]:
        """From and to, the end left out, such that they hold all `hours`."""
        found: list[tuple[datetime, datetime]] = []
        for hour in self.hours:
            end = hour + timedelta(hours=1)
            if found and hour - found[-1][1] <= timedelta(hours=CLOSE_H):
                found[-1] = (found[-1][0], end)
            else:
                found.append((hour, end))
        return found


def reclassify(*, since: datetime, until: datetime, batch: int = BATCH) -> Reclassified:
    """Reads the rows created from `since` to before `until` again that an earlier version read.

    A batch is one short transaction, and what it did is done: a run that was stopped goes on where it was. When a row
    was closed does not change.
    """
    n_read = n_changed = n_without_text = 0
    hours: set[datetime] = set()
    for stored in _batches(since=since, until=until, size=batch):
        ids_by_reading: dict[tuple[object, ...], list[UUID]] = defaultdict(list)
        for row in stored:
            if not row["text__query"]:
                n_without_text += 1
                continue
            reading = _reading(row["text__query"], row["text__response_text"])
            ids_by_reading[reading].append(row["request_id"])
            n_read += 1
            if reading != tuple(row[name] for name in READ):
                n_changed += 1
                hours.add(row["created_at"].replace(minute=0, second=0, microsecond=0))
        with transaction.atomic():
            for reading, ids in ids_by_reading.items():
                values = dict(zip(READ, reading, strict=True))
                _outdated().filter(pk__in=ids).update(**values, classifier_version=CLASSIFIER_VERSION)
    return Reclassified(n_read=n_read, n_changed=n_changed, n_without_text=n_without_text, hours=tuple(sorted(hours)))


def _outdated() -> QuerySet[RequestLog]:
    """Closed rows of an earlier version; an open one is about to be written by the process that serves it."""
    is_older = Q(classifier_version=None) | Q(classifier_version__lt=CLASSIFIER_VERSION)
    return RequestLog.objects.filter(is_older).exclude(status=Status.STARTED)


def _batches(*, since: datetime, until: datetime, size: int) -> Iterator[list[dict[str, Any]]]:
    """In order of time, each after the last of the one before, so that rows that stay as they are come once."""
    after = Q(created_at__gte=since)
    while True:
        rows: list[dict[str, Any]] = list(
            _outdated()
            .filter(after, created_at__lt=until)
            .order_by("created_at", "request_id")
            .values("request_id", "created_at", "text__query", "text__response_text", *READ)[:size]
        )
        if not rows:
            return
        yield rows
        at, request_id = rows[-1]["created_at"], rows[-1]["request_id"]
        # The lower bound by itself lets the index of the time find where to go on.
        after = Q(created_at__gte=at) & (Q(created_at__gt=at) | Q(request_id__gt=request_id))


def _reading(query: str, response_text: str) -> tuple[object, ...]:
    values = {"intent": intent_of(query).value, **asdict(classify(response_text))}
    return tuple(values[name] for name in READ)
