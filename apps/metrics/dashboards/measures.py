"""One measure, wherever it is shown: tiles, tables, pictures and CSV ask the same function for its figure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic

from apps.metrics.dashboards.figures import Figure, Unit
from apps.metrics.dashboards.panels import Cell, Change, Column, Point, Tile
from apps.metrics.dashboards.row_links import RowLinks
from apps.metrics.dashboards.sparklines import sparkline
from apps.metrics.rollups.read import F
from apps.metrics.rollups.scope import Scope

LOW, HIGH = "low", "high"
#: A growth beyond it is told in times.
MANY_TIMES = 9
#: The first so many tiles of a dashboard stand for it in the overview.
N_OVERVIEW = 4


def no_lookups(figure: Figure) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure(Generic[F]):
    """`better` is low, high, or empty where neither is; `lookups` narrow the request log to the rows that made it."""

    key: str
    label: str
    unit: Unit
    figure: Callable[[F], Figure]
    better: str = ""
    help: str = ""
    lookups: Callable[[Figure], dict[str, str]] = no_lookups

    @property
    def column(self) -> Column:
        unit = f", {self.unit.word}" if self.unit.word else ""
        return Column(
            key="_".join(filter(None, (self.key, self.unit.suffix))), label=f"{self.label}{unit}", help=self.help
        )

    def cell(self, figures: F, links: RowLinks, lookups: Mapping[str, str] | None = None) -> Cell:
        """Its figure, and the link to its rows among those that `lookups` name."""
        figure = self.figure(figures)
        return Cell(figure=figure, href=links({**(lookups or {}), **self.lookups(figure)}) if figure.n else "")


def point(figure: Figure | None) -> Point:
    """A figure as a picture draws it; None is a gap."""
    if figure is None:
        return Point()
    value = figure.rough if figure.value is None else figure.value
    is_few = figure.value is None and value is not None
    return Point(value=value, low=figure.low, high=figure.high, n=figure.n, is_few=is_few)


def tiles(measures: Sequence[Measure[F]], *, now: F, before: F, over_time: Sequence[F | None]) -> tuple[Tile, ...]:
    return tuple(tile(one, now=now, before=before, over_time=over_time) for one in measures)


def tile(
    measure: Measure[F],
    *,
    now: F,
    before: F,
    over_time: Sequence[F | None],
) -> Tile:
    figure = measure.figure(now)
    values = [point(None if figures is None else measure.figure(figures)).value for figures in over_time]
    return Tile(
        label=measure.label,
        figure=figure,
        help=measure.help,
        change=change(figure, measure.figure(before), better=measure.better),
        sparkline=sparkline(values),
    )


def change(now: Figure, before: Figure, *, better: str) -> Change | None:
    """None where either is too few to say. A verdict only where the two intervals lie apart.

    A count has no growth: the last step of this period still runs, and all of those before are whole.
    """
    if now.value is None:
        return None
    if now.unit is Unit.COUNT:
        return Change(text=f"{before.text} in the period before")
    if before.value is None:
        return Change(text=f"Too few {now.noun}s before to compare")
    detail = f"was {before.text} {before.unit.word}".rstrip()
    if now.unit is Unit.PERCENT:
        size, rounded = now.value - before.value, f"{abs(now.value - before.value):.1f} points"
    else:
        if not before.value:
            return Change(text="Was 0 before")
        size = now.value / before.value - 1
        rounded = f"{100 * abs(size):.0f} %" if size < MANY_TIMES else f"{size + 1:,.0f} times"
    if rounded.startswith(("0 ", "0.0 ")):
        return Change(text="No change", detail=detail)
    text = f"{'▲' if size > 0 else '▼'} {rounded}"
    return Change(text=text, verdict=_verdict(now, before, size, better), detail=detail)


def _verdict(now: Figure, before: Figure, size: float, better: str) -> str:
    if not better:
        return ""
    if now.bounds and before.bounds and now.bounds[0] <= before.bounds[1] and before.bounds[0] <= now.bounds[1]:
        return "may be chance"
    return "better" if (size < 0) == (better == LOW) else "worse"


def by_step(series: Mapping[tuple[datetime, str], F], steps: Sequence[datetime]) -> list[F | None]:
    """Each step with all keys together; None where there is nothing."""
    found: dict[datetime, list[F]] = {}
    for (start, _), figures in series.items():
        found.setdefault(start, []).append(figures)
    return [found[step][0].of(found[step]) if step in found else None for step in steps]


def overview_tiles(
    measures: Sequence[Measure[F]], *, series: Mapping[tuple[datetime, str], F], before: F, scope: Scope, nothing: F
) -> tuple[Tile, ...]:
    """Tiles alone, from figures that are told apart by nothing but time."""
    those = [nothing]
    those.extend(series.values())
    total = nothing.of(those)
    return tiles(measures, now=total, before=before, over_time=by_step(series, scope.steps))
