"""Builds one hour, one day or one week: reads what it consists of, and puts its rows in the place of those before.

Reading is done before the transaction, so that nobody waits for it.
"""

from typing import Any

from django.db import connection, transaction
from django.db.models import DateTimeField, DecimalField, JSONField

from apps.metrics.models import FINE, Grain, Rollup, ToolRollup, TurnRollup, VoiceRollup
from apps.metrics.rollups.from_log import Rows, Stretch, rows_from_log
from apps.metrics.rollups.margins import margins_of
from apps.metrics.rollups.sums import add_up

FINER = {Grain.DAY: Grain.HOUR, Grain.WEEK: Grain.DAY}
PREPARED = (DateTimeField, DecimalField, JSONField)


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
    _insert(model, rows)


def _insert(model: type[Rollup], rows: list[Any]) -> None:
    """As `bulk_create`, which takes longer to write the statement than the database to run it."""
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    # Numbers, texts and bytes are what the database takes.
    prepared = {field for field in fields if isinstance(field, PREPARED)}
    columns, marks = ", ".join(f'"{field.column}"' for field in fields), ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(
            f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({marks})',  # noqa: S608
            [
                [
                    field.get_db_prep_save(value, connection) if field in prepared else value
                    for field, value in ((field, getattr(row, field.attname)) for field in fields)
                ]
                for row in rows
            ],
        )
