"""How long turns took, as quantiles for reading: p50, p95 and p99 of each arm with their intervals.

A latency is of a turn that nobody stopped, a time to first text of one that had any. PostgreSQL sorts the times itself;
SQLite cannot, so they are sorted here, one machine number each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from apps.metrics.evidence.scope import TURNS, Scope
from apps.routing.evidence.intervals import Interval, quantile_interval

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
TIMES = {
    "latency_ms": "CASE WHEN request.status <> 'interrupted' THEN request.latency_ms END",
    "ttft_ms": "request.ttft_ms",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """Of `n` turns; None where they are too few to say."""

    n: int
    at: Mapping[str, Interval | None]


def read_times(scope: Scope, *, turns: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, Quantiles]]:
    """Quantiles by name of the time and provider; `turns` says in the same way how many turns there are."""
    if connection.vendor == "postgresql":
        return _sorted_there(scope, turns)
    return _sorted_here(scope)


def _sorted_here(scope: Scope) -> dict[str, dict[str, Quantiles]]:
    columns = [f"COALESCE({column}, -1)" for column in TIMES.values()]
    which = "CASE WHEN session.provider = %(candidate)s THEN 0 ELSE 1 END"
    with connection.cursor() as cursor:
        cursor.execute(_select(which, *columns, scope=scope), scope.parameters())
        rows = np.fromiter(cursor, dtype=[("arm", "i1"), *((name, "f8") for name in TIMES)])
    found: dict[str, dict[str, Quantiles]] = {}
    for name in TIMES:
        found[name] = {}
        for arm, provider in enumerate(scope.arms):
            values = np.sort(rows[name][(rows["arm"] == arm) & (rows[name] >= 0)])
            found[name][provider] = Quantiles(
                n=len(values), at={label: quantile_interval(values, p) for label, p in QUANTILES.items()}
            )
    return found


def _sorted_there(scope: Scope, turns: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, Quantiles]]:
    """One pass over the turns for both times and both arms."""
    wanted = {(name, provider): _places(turns[name][provider]) for name in TIMES for provider in scope.arms}
    parameters, columns = scope.parameters(), []
    for i, ((name, provider), places) in enumerate(wanted.items()):
        said = [place for place in places.values() if place]
        n = turns[name][provider]
        parameters |= {
            f"arm_{i}": provider,
            f"values_{i}": [place.value / max(1, n - 1) for place in said],
            # The smallest value whose cumulative share is at least this one has exactly that rank.
            f"bounds_{i}": [(rank + 0.5) / n for place in said for rank in (place.low, place.high)],
        }
        for function, fractions in (("cont", "values"), ("disc", "bounds")):
            columns.append(
                f"percentile_{function}(CAST(%({fractions}_{i})s AS double precision[])) "
                f"WITHIN GROUP (ORDER BY {TIMES[name]}) FILTER (WHERE session.provider = %(arm_{i})s)"
            )
    with connection.cursor() as cursor:
        cursor.execute(_select(*columns, scope=scope), parameters)
        row = cursor.fetchone()
    found: dict[str, dict[str, Quantiles]] = {name: {} for name in TIMES}
    for i, ((name, provider), places) in enumerate(wanted.items()):
        n = turns[name][provider]
        found[name][provider] = Quantiles(n=n, at=_read(places, n, row[2 * i] or (), row[2 * i + 1] or ()))
    return found


def _select(*columns: str, scope: Scope) -> str:
    return " ".join(("SELECT", ", ".join(columns), "FROM", TURNS, "WHERE", scope.counted))


def _places(n: int) -> dict[str, Interval | None]:
    """Where the quantiles and their bounds stand among `n` ascending values, counted from 0: of the values 0, 1, 2 …
    each is its own place."""
    return {label: quantile_interval(range(n), p) for label, p in QUANTILES.items()}


def _read(places: Mapping[str, Interval | None], n: int, values: Any, bounds: Any) -> dict[str, Interval | None]:
    said = [label for label, place in places.items() if place]
    found: dict[str, Interval | None] = dict.fromkeys(places)
    if len(values) == len(said):
        for i, label in enumerate(said):
            found[label] = Interval(value=values[i], low=bounds[2 * i], high=bounds[2 * i + 1], n=n)
    return found
