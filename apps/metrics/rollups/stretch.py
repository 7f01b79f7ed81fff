"""Builds one hour, one day or one week: reads what it consists of, and puts its rows in the place of those before.

Reading is done before the transaction, so that nobody waits for it.
"""

from typing import Any

from django.db import transaction

from apps.metrics.models import Grain, ToolRollup, TurnRollup, VoiceRollup
from apps.metrics.rollups.from_log import Rows, Stretch, rows_from_log
from apps.metrics.rollups.sums import RollupModel, add_up

FINER = {Grain.DAY: Grain.HOUR, Grain.WEEK: Grain.DAY}
BATCH = 500


def read_stretch(stretch: Stretch, *, from_log: bool) -> Rows:
    """From the log, or from the rows of the finer grain."""
    if from_log:
        return rows_from_log(stretch)
    return Rows(
        turns=_added(TurnRollup, stretch), tools=_added(ToolRollup, stretch), voice=_added(VoiceRollup, stretch)
    )


def _added(model: Any, stretch: Stretch) -> list[Any]:
    found = []
    period = {"grain": FINER[stretch.grain], "start__gte": stretch.start, "start__lt": stretch.end}
    for key, added in add_up(model.objects.filter(**period), by=model.DIMENSIONS).items():
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
    """All of it or nothing."""
    with transaction.atomic():
        _replace(TurnRollup, stretch, rows.turns)
        _replace(ToolRollup, stretch, rows.tools)
        _replace(VoiceRollup, stretch, rows.voice)


def _replace(model: RollupModel, stretch: Stretch, rows: list[Any]) -> None:
    model.objects.filter(grain=stretch.grain, start=stretch.start).delete()
    model.objects.bulk_create(rows, batch_size=BATCH)
