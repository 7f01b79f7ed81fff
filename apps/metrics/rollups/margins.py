"""Margins: the fine rows of a stretch added up without some of their dimensions, so that fewer rows are read."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from apps.metrics.models import Rollup
from apps.metrics.rollups.histogram import Histogram


def margins_of(rows: Iterable[Rollup]) -> list[Any]:
    """The rows of every margin, not saved, of fine rows of one model and one stretch; exact, in whatever order."""
    rows = list(rows)
    return [row for name in (rows[0].MARGINS if rows else ()) for row in _margin(rows, name)]


def _margin(rows: list[Rollup], name: str) -> list[Rollup]:
    model = type(rows[0])
    kept = model.MARGINS[name]
    groups: dict[tuple[Any, ...], list[Rollup]] = defaultdict(list)
    for row in rows:
        groups[tuple(getattr(row, dimension) for dimension in kept)].append(row)
    return [_added(model, name, group) for group in groups.values()]


def _added(model: type[Rollup], name: str, rows: list[Rollup]) -> Rollup:
    kept = model.MARGINS[name]
    dimensions = {
        one: getattr(rows[0], one) if one in kept else False if one.startswith("is_") else ""
        for one in model.DIMENSIONS
    }
    sums = {column: _sum([getattr(row, column) for row in rows]) for column in model.SUMS}
    histograms = {
        column: Histogram.from_bytes(b"".join(getattr(row, column) for row in rows)).to_bytes()
        for column in model.HISTOGRAMS
    }
    counts: dict[str, Counter[str]] = {column: Counter() for column in model.COUNTS}
    for column, counter in counts.items():
        for row in rows:
            counter.update(getattr(row, column))
    return model(
        grain=rows[0].grain,
        margin=name,
        start=rows[0].start,
        **dimensions,
        **sums,
        **histograms,
        **{column: dict(counter) for column, counter in counts.items()},
    )


def _sum(values: list[Any]) -> Any:
    """Floats as if without rounding, so that their order does not matter."""
    return math.fsum(values) if isinstance(values[0], float) else sum(values)
