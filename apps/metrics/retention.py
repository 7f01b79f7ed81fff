"""What the log keeps, and for how long: words for a month, figures for a year, and a person's own only while they wish.

Everything here deletes in small batches, each a short transaction of its own, so that turns go on meanwhile and a run
that dies has lost nothing: the next one goes on. A turn that still runs is never touched.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q, QuerySet

from apps.metrics.models import Alert, Attempt, RequestLog, RequestText, Retention, Status, ToolCall, VoiceTurn
from apps.routing.models import CircuitChange, Evaluation, Notification

BATCH_ROWS = 5_000
#: A whole turn is several rows in as many tables, and SQLite lets nobody else write meanwhile.
BATCH_TURNS = 1_000
#: An alert has some hundred figures.
BATCH_ALERTS = 100
BATCHES_A_LOOK = 3
#: Clocks of several hosts differ, and a turn may be closing while a run looks.
LATE_MARGIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """How many turns lost their text; how many turns went whole, and how many looks, changes, messages and alerts."""

    texts: int = 0
    turns: int = 0
    evaluations: int = 0
    circuit_changes: int = 0
    notifications: int = 0
    alerts: int = 0

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(**{name: getattr(self, name) + getattr(other, name) for name in Removed.__dataclass_fields__})

    @property
    def is_nothing(self) -> bool:
        return self == Removed()


def prune(*, now: datetime, text_days: int, row_days: int) -> Iterator[Removed]:
    """Removes what is too old, a batch at each step, and says what it was; 0 days keeps for ever."""
    if row_days:
        yield from _prune_rows(before=now - timedelta(days=row_days))
    if text_days:
        yield from _prune_texts(now=now, before=now - timedelta(days=text_days))


def prune_a_little(*, now: datetime) -> list[str]:
    """A step of a look: a few batches by the settings, so that a look stays short, and by the full hour.

    Nothing is said where nothing was removed.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    batches = prune(now=hour, text_days=settings.TEXT_RETENTION_DAYS, row_days=settings.ROW_RETENTION_DAYS)
    removed = sum(islice(batches, BATCHES_A_LOOK), start=Removed())
    return [] if removed.is_nothing else [in_words(removed)]


def too_old(*, now: datetime, text_days: int, row_days: int) -> Removed:
    """What a run would remove; nothing is changed."""
    found = Removed()
    if row_days:
        before = now - timedelta(days=row_days)
        found = Removed(
            turns=_closed(before).count(),
            evaluations=Evaluation.objects.filter(at__lt=before).count(),
            circuit_changes=CircuitChange.objects.filter(at__lt=before).count(),
            notifications=_told(before).count(),
            alerts=_ended(before).count(),
        )
    if text_days:
        before = now - timedelta(days=text_days)
        closed = _closed(before, since=_text_removed_before())
        found = replace(found, texts=RequestText.objects.filter(request__in=closed).count())
    return found


def in_words(removed: Removed) -> str:
    """For people: "Removed: the text of 1,200 turns, 30 whole turns"."""
    parts = (
        (removed.texts, "the text of {} turn{s}"),
        (removed.turns, "{} whole turn{s}"),
        (removed.evaluations, "{} evaluation{s}"),
        (removed.circuit_changes, "{} circuit change{s}"),
        (removed.notifications, "{} notification{s}"),
        (removed.alerts, "{} alert{s}"),
    )
    said = [words.format(f"{n:,}", s="" if n == 1 else "s") for n, words in parts if n]
    return f"Removed: {', '.join(said) or 'nothing'}."


@transaction.atomic
def remove_texts(requests: QuerySet[RequestLog]) -> int:
    """Takes the words of these turns out of the log, also of one that runs: question, answer, tool arguments.

    The figures stay. Where the text is gone, a turn that ends later brings none back.
    """
    ToolCall.objects.filter(request__in=requests.values("pk")).exclude(arguments={}).update(arguments={})
    n_texts, _ = RequestText.objects.filter(request__in=requests.values("pk")).delete()
    return n_texts


def _closed(before: datetime, *, since: datetime | None = None) -> QuerySet[RequestLog]:
    closed = RequestLog.objects.filter(created_at__lt=before).exclude(status=Status.STARTED)
    return closed if since is None else closed.filter(created_at__gte=since)


def _prune_rows(*, before: datetime) -> Iterator[Removed]:
    while ids := list(_closed(before).order_by("created_at").values_list("pk", flat=True)[:BATCH_TURNS]):
        yield _remove_turns(ids)
        if len(ids) < BATCH_TURNS:
            break
    for name, rows, size in (
        ("evaluations", Evaluation.objects.filter(at__lt=before).order_by("at"), BATCH_ROWS),
        ("circuit_changes", CircuitChange.objects.filter(at__lt=before).order_by("at"), BATCH_ROWS),
        ("notifications", _told(before).order_by("at"), BATCH_ROWS),
        ("alerts", _ended(before).order_by("began_at"), BATCH_ALERTS),
    ):
        while n := _remove_some(rows, size=size):
            yield Removed(**{name: n})


@transaction.atomic
def _remove_turns(ids: list[UUID]) -> Removed:
    for model in (Attempt, ToolCall, VoiceTurn):
        model._default_manager.filter(request_id__in=ids).delete()
    n_texts, _ = RequestText.objects.filter(pk__in=ids).delete()
    # Nothing of ours points at the turns any more, so nothing has to be looked for.
    n_turns = RequestLog.objects.filter(pk__in=ids)._raw_delete(using=DEFAULT_DB_ALIAS)
    return Removed(turns=n_turns, texts=n_texts)


def _told(before: datetime) -> QuerySet[Notification]:
    """Messages that wait for nobody any more."""
    waits = Notification.objects.filter(deliveries__next_try_at__isnull=False)
    return Notification.objects.filter(at__lt=before).exclude(pk__in=waits.values("pk"))


def _ended(before: datetime) -> QuerySet[Alert]:
    """With an alert go its figures; one that still fires stays."""
    return Alert.objects.filter(ended_at__lt=before)


@transaction.atomic
def _remove_some(rows: QuerySet[Any], *, size: int) -> int:
    ids = list(rows.values_list("pk", flat=True)[:size])
    rows.model._default_manager.filter(pk__in=ids).delete()
    return len(ids)


def _prune_texts(*, now: datetime, before: datetime) -> Iterator[Removed]:
    """Walks on from where the last run ended, by the index on the time."""
    state = Retention.objects.filter(pk=Retention.ONLY_ID).first() or Retention()
    since = state.text_removed_before
    if since is not None and since >= before and state.ran_at == now:
        return
    if since is not None and state.ran_at is not None:
        yield _remove_texts_of_late(before=since, closed_since=state.ran_at - LATE_MARGIN)
    while since is None or since < before:
        end = _batch_end(since, before=before)
        removed = Removed(texts=remove_texts(_closed(end, since=since)))
        since = end
        _note(text_removed_before=end)
        yield removed
    _note(ran_at=now)


def _remove_texts_of_late(*, before: datetime, closed_since: datetime) -> Removed:
    """Of turns that were still open when a run passed them, and have been closed since."""
    late = _closed(before).filter(finished_at__gte=closed_since)
    return Removed(texts=remove_texts(late))


def _note(**values: datetime) -> None:
    Retention.objects.update_or_create(pk=Retention.ONLY_ID, defaults=values)


def _batch_end(since: datetime | None, *, before: datetime) -> datetime:
    """The end of the stretch that begins at `since` and has a batch of turns, or `before` where fewer are left."""
    later = Q() if since is None else Q(created_at__gte=since)
    turns = RequestLog.objects.filter(later, created_at__lt=before).order_by("created_at")
    end = turns.values_list("created_at", flat=True)[BATCH_ROWS : BATCH_ROWS + 1].first()
    if end is not None and end == since:
        # Of one moment there are more turns than a batch holds.
        return end + timedelta(microseconds=1)
    return end or before


def _text_removed_before() -> datetime | None:
    return Retention.objects.values_list("text_removed_before", flat=True).first()
