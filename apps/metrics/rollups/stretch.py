"""Builds one hour, one day or one week: reads what it consists of, and puts its rows in the place of those before.

Reading is done before the transaction, so that nobody waits for it.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from apps.metrics.models import Grain, ToolRollup, TurnRollup, VoiceRollup
from apps.metrics.rollups.hour import Rows, rows_of_hour
from apps.metrics.rollups.scope import LENGTH
from apps.metrics.rollups.sums import RollupModel, add_up

FINER = {Grain.DAY: Grain.HOUR, Grain.WEEK: Grain.DAY}
BATCH = 500


def read_stretch(grain: Grain, start: datetime) -> Rows:
    """An hour from the log, anything longer from the rows of the finer grain."""
    if grain is Grain.HOUR:
        return rows_of_hour(start)
    return Rows(
        turns=_added(TurnRollup, grain, start),
        tools=_added(ToolRollup, grain, start),
        voice=_added(VoiceRollup, grain, start),
    )


def _added(model: Any, grain: Grain, start: datetime) -> list[Any]:
    found = []
    period = {"grain": FINER[grain], "start__gte": start, "start__lt": start + LENGTH[grain]}
    for key, added in add_up(model.objects.filter(**period), by=model.DIMENSIONS).items():
        found.append(
            model(
                grain=grain,
                start=start,
                **dict(zip(model.DIMENSIONS, key, strict=True)),
                **added.sums,
                **added.counts,
                **{name: histogram.to_bytes() for name, histogram in added.histograms.items()},
            )
        )
    return found


def replace_stretch(grain: Grain, start: datetime, rows: Rows) -> None:
    """All of it or nothing."""
    with transaction.atomic():
        _replace(TurnRollup, grain, start, rows.turns)
        _replace(ToolRollup, grain, start, rows.tools)
        _replace(VoiceRollup, grain, start, rows.voice)


def _replace(model: RollupModel, grain: Grain, start: datetime, rows: list[Any]) -> None:
    model.objects.filter(grain=grain, start=start).delete()
    model.objects.bulk_create(rows, batch_size=BATCH)
