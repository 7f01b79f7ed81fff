"""One measure over time, as the picture of a page and as the table of the same points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic

from apps.metrics.dashboards.measures import Measure
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
    """What is to be drawn: the figures of each (step, key), in the order of the lines."""

    scope: Scope
    figures: Mapping[tuple[datetime, str], F]
    lines: Sequence[Line]
    links: RowLinks
    noun: str = "turn"

    def picture(
        self, measure: Measure[F], *, title: str, choices: Sequence[Measure[F]] = (), kind: str = "line", note: str = ""
    ) -> Picture:
        grain, steps = self.scope.grain, self.scope.steps
        return Picture(
            title=title,
            unit=measure.unit.word or f"{self.noun}s",
            noun=self.noun,
            steps=tuple(map(step_name, steps)),
            labels=tuple(step_label(step, grain) for step in steps),
            series=tuple(
                Series(
                    label=line.label,
                    slot=line.slot,
                    points=tuple(measure.point(self.figures.get((step, line.key))) for step in steps),
                )
                for line in self.lines
            ),
            kind=kind,
            note=note,
            choices=tuple((choice.key, choice.label) for choice in choices),
            chosen=measure.key,
        )

    def table(self, measure: Measure[F], *, title: str) -> Table:
        """The points, newest first."""
        grain = self.scope.grain
        unit = measure.column.key
        return Table(
            key="over_time",
            title=title,
            first=STEP_HEADINGS[grain],
            first_key=f"{grain}_utc",
            columns=tuple(Column(key=f"{line.label}_{unit}", label=line.label) for line in self.lines),
            rows=tuple(
                Row(
                    label=step_label(step, grain),
                    name=step_name(step),
                    cells=tuple(self._cell(measure, line, step) for line in self.lines),
                )
                for step in reversed(self.scope.steps)
                if any((step, line.key) in self.figures for line in self.lines)
            ),
            is_folded=True,
        )

    def _cell(self, measure: Measure[F], line: Line, step: datetime) -> Cell:
        figures = self.figures.get((step, line.key))
        if figures is None:
            return Cell(figure=None)
        return Cell(figure=measure.figure(figures), href=self._href(line, step))

    def _href(self, line: Line, step: datetime) -> str:
        if (step, line.key) not in self.figures:
            return ""
        narrowed = named(line.column, line.key) if line.column else {}
        return self.links(narrowed, start=step, end=step + LENGTH[self.scope.grain])


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
