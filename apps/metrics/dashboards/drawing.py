"""One measure over time, as the picture of a page and as the table of the same points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic

from apps.metrics.dashboards.figures import Figure
from apps.metrics.dashboards.measures import Measure, point
from apps.metrics.dashboards.panels import Cell, Column, Picture, Row, Series, Table
from apps.metrics.dashboards.periods import step_label
from apps.metrics.dashboards.row_links import RowLinks, named
from apps.metrics.models import Grain
from apps.metrics.rollups.read import F
from apps.metrics.rollups.scope import LENGTH, Scope

STEP_HEADINGS = {Grain.HOUR: "Hour, UTC", Grain.DAY: "Day, UTC", Grain.WEEK: "Week from, UTC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series: its key among the figures, its name for people, its colour and shape, the column its rows have."""

    key: str
    label: str
    slot: int
    column: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing(Generic[F]):
    """What is to be drawn: the figures of each (step, key), in the order of the lines.

    `measures` are what the picture can show, the first of them unless `chosen` names another.
    """

    scope: Scope
    figures: Mapping[tuple[datetime, str], F]
    lines: Sequence[Line]
    links: RowLinks
    measures: Sequence[Measure[F]]
    chosen: str
    by: str
    noun: str = "turn"
    bars: str = ""
    note: str = ""

    def drawn(self) -> tuple[Picture, Table]:
        """The picture, and the table of the same points, newest first."""
        measure = next((one for one in self.measures if one.key == self.chosen), self.measures[0])
        grain, steps = self.scope.grain, self.scope.steps
        title = f"{measure.label} by {self.by}"
        drawn = {line.key for line in self.lines}
        found = {at: measure.figure(figures) for at, figures in self.figures.items() if at[1] in drawn}
        picture = Picture(
            title=title,
            unit=measure.unit.word or f"{self.noun}s",
            noun=self.noun,
            steps=tuple(map(step_name, steps)),
            labels=tuple(step_label(step, grain) for step in steps),
            series=tuple(
                Series(
                    label=line.label,
                    slot=line.slot,
                    points=tuple(point(found.get((step, line.key))) for step in steps),
                )
                for line in self.lines
            ),
            kind="bars" if measure.key == self.bars else "line",
            note=self.note,
            choices=tuple((choice.key, choice.label) for choice in self.measures),
            chosen=measure.key,
        )
        table = Table(
            key="over_time",
            title=f"{title}: every point",
            first=STEP_HEADINGS[grain],
            first_key=f"{grain}_utc",
            columns=tuple(Column(key=f"{line.label}_{measure.column.key}", label=line.label) for line in self.lines),
            rows=tuple(
                Row(
                    label=step_label(step, grain),
                    name=step_name(step),
                    cells=tuple(self._cell(found.get((step, line.key)), line, step) for line in self.lines),
                )
                for step in reversed(steps)
                if any((step, line.key) in found for line in self.lines)
            ),
            is_folded=True,
        )
        return picture, table

    def _cell(self, figure: Figure | None, line: Line, step: datetime) -> Cell:
        if figure is None:
            return Cell(figure=None)
        narrowed = named(line.column, line.key) if line.column else {}
        return Cell(figure=figure, href=self.links(narrowed, start=step, end=step + LENGTH[self.scope.grain]))


def step_name(step: datetime) -> str:
    """When a step begins, as scripts and CSVs have it."""
    return f"{step:%Y-%m-%dT%H:%M:%SZ}"


def table_of(
    measures: Sequence[Measure[F]],
    *,
    key: str,
    title: str,
    first: str,
    first_key: str,
    lines: Sequence[Line],
    totals: Mapping[str, F],
    total: F | None,
    links: RowLinks,
    note: str = "",
) -> Table:
    """Measures side by side, a line each, and all of them together where there are several and `total` is given."""
    rows = []
    for line in lines:
        narrowed = named(line.column, line.key) if line.column else {}
        cells = tuple(one.cell(totals[line.key], links, narrowed) for one in measures)
        rows.append(Row(label=line.label, slot=line.slot, href=links(narrowed), cells=cells))
    if len(rows) > 1 and total is not None:
        rows.append(Row(label="all", href=links(), cells=tuple(one.cell(total, links) for one in measures)))
    return Table(
        key=key,
        title=title,
        first=first,
        first_key=first_key,
        columns=tuple(one.column for one in measures),
        rows=tuple(rows),
        note=note,
    )
