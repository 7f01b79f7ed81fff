"""Adds up rollup rows in the database: numbers by SUM, histograms and counts by putting them one after the other."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Aggregate, BinaryField, QuerySet, Sum, TextField
from django.db.models.sql.compiler import SQLCompiler

from apps.metrics.large_reading import large_reading
from apps.metrics.models import Rollup
from apps.metrics.rollups.histogram import Histogram


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What rows add up to, by column."""

    sums: Mapping[str, Any]
    histograms: Mapping[str, Histogram]
    counts: Mapping[str, Mapping[str, int]]


class Histograms(Aggregate):
    """Stored histograms one after the other; SQLite can only put text together."""

    function = "STRING_AGG"
    template = "%(function)s(%(expressions)s, ''::bytea)"
    output_field = BinaryField()

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> tuple[str, Any]:
        return super().as_sql(compiler, connection, template="GROUP_CONCAT(HEX(%(expressions)s), '')", **context)


class CountTexts(Aggregate):
    """Stored counts that are not empty, as JSON with commas between them."""

    template = "STRING_AGG(NULLIF(%(expressions)s::text, '{}'), ',')"
    output_field = TextField()

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **context: Any) -> tuple[str, Any]:
        template = "GROUP_CONCAT(NULLIF(%(expressions)s, '{}'), ',')"
        return super().as_sql(compiler, connection, template=template, **context)


def add_up(rows: QuerySet[Any], *, by: Iterable[str], histograms: bool = True) -> dict[tuple[Any, ...], Added]:
    """What rows of one grain and one margin add up to, by the values of these columns. One query."""
    model: type[Rollup] = rows.model
    by = tuple(by)
    columns: dict[str, Aggregate] = {f"{name}_added": Sum(name) for name in model.SUMS}
    names = model.HISTOGRAMS if histograms else ()
    columns |= {f"{name}_added": Histograms(name) for name in names}
    columns |= {f"{name}_added": CountTexts(name) for name in model.COUNTS}
    found = {}
    with large_reading():
        # Without columns to group by, there is one row even of nothing.
        added = list(rows.order_by().values(*(by or ("grain",))).annotate(**columns))
    histograms_of = {name: Histogram.all_from_bytes([_bytes(row[f"{name}_added"]) for row in added]) for name in names}
    counts_of = {name: _all_counts([row[f"{name}_added"] for row in added]) for name in model.COUNTS}
    for i, row in enumerate(added):
        found[tuple(row[name] for name in by)] = Added(
            sums={name: row[f"{name}_added"] for name in model.SUMS},
            histograms={name: those[i] for name, those in histograms_of.items()},
            counts={name: those[i] for name, those in counts_of.items()},
        )
    return found


def _bytes(stored: Any) -> bytes:
    return bytes.fromhex(stored) if isinstance(stored, str) else bytes(stored or b"")


def _all_counts(joined: list[str | None]) -> list[dict[str, int]]:
    found = []
    for parts in json.loads(f"[{','.join(f'[{one}]' if one else '[]' for one in joined)}]"):
        together: dict[str, int] = {}
        for counts in parts:
            for name, n in counts.items():
                together[name] = together.get(name, 0) + n
        found.append(together)
    return found
