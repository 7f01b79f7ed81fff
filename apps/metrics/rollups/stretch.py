"""Builds one hour, one day or one week: reads what it consists of, and puts its rows in the place of those before.

Reading is done before the transaction, so that nobody waits for it.
"""

from typing import Any

from django.db import transaction

from apps.metrics.models import FINE, Grain, Rollup, ToolRollup, TurnRollup, VoiceRollup
from apps.metrics.rollups.from_log import Rows, Stretch, rows_from_log
from apps.metrics.rollups.margins import margins_of
from apps.metrics.rollups.sums import add_up

FINER = {Grain.DAY: Grain.HOUR, Grain.WEEK: Grain.DAY}
BATCH = 500


def read_stretch(stretch: Stretch, *, from_log: bool) -> Rows:
    """From the log, or from the rows of the finer grain."""
    if from_log:
        return rows_from_log(stretch)
    return Rows(
        turns=_added(TurnRollup, stretch), tools=_added(ToolRollup, stretch), voice=_added(VoiceRollup, stretch)
    )


def _added(model: type[Rollup], stretch: Stretch) -> list[Any]:
    found = []
    period = {"grain": FINER[stretch.grain], "start__gte": stretch.start, "start__lt": stretch.end}
    for key, added in add_up(model.fine.filter(**period), by=model.DIMENSIONS).items():
        found.append(
            model(
                grain=stretch.grain,
                start=stretch.start,
                **dict(zip(model.DIMENSIONS, key, strict=True)),
                **added.sums,
                **added.counts,
                **{name: histogram.to_bytes() for name, histogram in added.histograms.items()},
            )
        )
    return found


def replace_stretch(stretch: Stretch, rows: Rows) -> None:
    """All of it or nothing, the margins with it."""
    new: list[tuple[Any, list[Any]]] = [
        (TurnRollup, [*rows.turns, *margins_of(rows.turns)]),
        (ToolRollup, [*rows.tools, *margins_of(rows.tools)]),
        (VoiceRollup, [*rows.voice, *margins_of(rows.voice)]),
    ]
    with transaction.atomic():
        for model, its in new:
            _replace(model, stretch, its)


def _replace(model: type[Rollup], stretch: Stretch, rows: list[Any]) -> None:
    # The index has the margin before the beginning.
    model.every.filter(grain=stretch.grain, margin__in=[FINE, *model.MARGINS], start=stretch.start).delete()
    model.every.bulk_create(rows, batch_size=BATCH)
