"""Brings the rollups up to date, a stretch at a time: the same figures whoever runs it, how often, and where it stops.

Each stretch is built in a transaction of its own, in which it also ceases to be due. A process that is killed leaves
what is due; two at once build some of it twice and keep one.
"""

import logging
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from apps.metrics.models import Grain, RollupDue, RollupState, ToolRollup, TurnRollup, VoiceRollup
from apps.metrics.rollups.due import Due, ask_for, find_touched, hours_kept_from, next_due
from apps.metrics.rollups.from_log import Rows, Stretch
from apps.metrics.rollups.scope import start_of
from apps.metrics.rollups.stretch import read_stretch, replace_stretch

logger = logging.getLogger(__name__)

COARSER = {Grain.HOUR: Grain.DAY, Grain.DAY: Grain.WEEK}
#: So many stretches that cannot be built end a run: what fails then is not they.
FAULTS_AT_MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run did: how many stretches of each grain it built, how many are left, what went wrong by class."""

    built: dict[Grain, int]
    turns: int
    left: int
    faults: tuple[str, ...]
    took_ms: float


def roll_up(*, now: datetime | None = None, at_most_s: float | None = None) -> Ran:
    """Finds what is due and builds it, but begins nothing after `at_most_s` seconds.

    A stretch that cannot be built is logged, stays due, and stops no other.
    """
    now, began = now or timezone.now(), time.monotonic()
    find_touched(now=now)
    built: Counter[Grain] = Counter()
    faults: dict[Stretch, str] = {}
    turns = 0
    while len(faults) < FAULTS_AT_MOST and not _is_over(began, at_most_s):
        todo = next_due(except_for=faults)
        if not todo:
            break
        for due in todo:
            if _is_over(began, at_most_s):
                break
            try:
                n = build(due, now=now)
            except Exception as error:
                logger.exception("A rollup failed", extra={"stretch": str(due.stretch)})
                faults[due.stretch] = type(error).__name__
                if len(faults) == FAULTS_AT_MOST:
                    break
                continue
            if n is not None:
                built[due.stretch.grain] += 1
                turns += n if is_from_log(due.stretch, now=now) else 0
    drop_old_hours(now=now)
    took_ms = (time.monotonic() - began) * 1000
    left = RollupDue.objects.count()
    _note(now=now, took_ms=took_ms, is_complete=not left, error=next(iter(faults.values()), ""))
    return Ran(built=dict(built), turns=turns, left=left, faults=tuple(faults.values()), took_ms=took_ms)


def build(due: Due, *, now: datetime) -> int | None:
    """Builds one stretch; how many turns it has. None where another process built it, or it was asked for again."""
    stretch = due.stretch
    rows = read_stretch(stretch, from_log=is_from_log(stretch, now=now))
    with transaction.atomic():
        mine, _ = RollupDue.objects.filter(grain=stretch.grain, start=stretch.start, token=due.token).delete()
        if not mine:
            return None
        if _is_whole(stretch, rows):
            replace_stretch(stretch, rows)
            if coarser := COARSER.get(stretch.grain):
                ask_for(coarser, [start_of(stretch.start, coarser)])
    return rows.n_turns


def is_from_log(stretch: Stretch, *, now: datetime) -> bool:
    """Whether it is built from the log: an hour, and a day whose hours are not kept."""
    return stretch.grain is Grain.HOUR or (stretch.grain is Grain.DAY and stretch.start < hours_kept_from(now=now))


def drop_old_hours(*, now: datetime) -> None:
    """From then on their days are built from the log."""
    for model in (TurnRollup, ToolRollup, VoiceRollup):
        model.every.filter(grain=Grain.HOUR, start__lt=hours_kept_from(now=now)).delete()


def _is_whole(stretch: Stretch, rows: Rows) -> bool:
    """False where the rollup has more turns than are left: rows of the log were pruned since, and it is what remains of
    them. Closed turns do not vanish otherwise."""
    stored = TurnRollup.fine.filter(grain=stretch.grain, start=stretch.start).aggregate(n=Sum("turns"))["n"] or 0
    return rows.n_turns >= int(stored)


def _note(*, now: datetime, took_ms: float, is_complete: bool, error: str) -> None:
    with transaction.atomic():
        state = RollupState.objects.select_for_update().get(pk=RollupState.ONLY_ID)
        state.run_at, state.took_ms, state.error = now, took_ms, error
        if is_complete:
            state.complete_to = max(now, state.complete_to or now)
        state.save(update_fields=["run_at", "took_ms", "error", "complete_to"])


def _is_over(began: float, at_most_s: float | None) -> bool:
    return at_most_s is not None and time.monotonic() - began > at_most_s
