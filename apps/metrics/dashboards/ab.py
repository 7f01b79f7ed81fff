"""The comparison of providers: what people wait for, what fails, what it takes and costs, with n and intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from apps.metrics.dashboards import turn_measures as m
from apps.metrics.dashboards.drawing import Drawing, Line, table_of
from apps.metrics.dashboards.filters import Filters
from apps.metrics.dashboards.looks import NOBODY, PROVIDER_SLOTS, by_slot, provider_slot
from apps.metrics.dashboards.measures import N_OVERVIEW, by_step, overview_tiles, tiles
from apps.metrics.dashboards.panels import Page, Table, Tile
from apps.metrics.dashboards.row_links import provider_column, row_links
from apps.metrics.rollups import read
from apps.metrics.rollups.figures import TurnFigures
from apps.metrics.rollups.scope import By

TILES = (m.TTFT[0.95], m.LATENCY[0.95], m.BACKEND_ERRORS, m.SEEN_ERRORS, m.TOKENS, m.COST)
PICTURES = (
    m.TTFT[0.95], m.TTFT[0.5], m.TTFT[0.99], m.LATENCY[0.95], m.LATENCY[0.5], m.LATENCY[0.99],
    m.BACKEND_ERRORS, m.SEEN_ERRORS, m.TOKENS, m.COST, m.TURNS,
)  # fmt: skip
WAITING = (m.TURNS, *(m.TTFT[p] for p in (0.5, 0.95, 0.99)), *(m.LATENCY[p] for p in (0.5, 0.95, 0.99)))
ERRORS = {
    "assigned": (m.TURNS, m.BACKEND_ERRORS, m.SEEN_ERRORS, m.RESCUED, m.STOPPED),
    # Whose first try failed is no property of who served in the end.
    "served": (m.TURNS, m.SEEN_ERRORS, m.RESCUED, m.STOPPED),
}
COSTS = (
    m.TURNS, m.TOKENS_INPUT, m.TOKENS_CACHED, m.TOKENS_OUTPUT, m.TOKENS_REASONING,
    m.COST, m.COST_TOTAL, m.COST_UNKNOWN,
)  # fmt: skip
NOTES = {
    "assigned": "By the provider a session was assigned, whoever answered in the end.",
    "served": "By the provider that answered; a provider that fails and is rescued looks better here than it is.",
}
FORCED = "Turns for which staff chose the provider are left out."


def read_ab(filters: Filters) -> Page:
    """Two queries: the period step by step, and the one before it."""
    scope = replace(filters.scope, include_overridden=False)
    figures = read.turns(scope, by=By.ASSIGNED if filters.side == "assigned" else By.SERVED, over_time=True)
    before = read.turns(scope.before, by=By.NOTHING).get("", TurnFigures())
    return ab_page(filters, figures=figures, before=before)


def ab_overview(filters: Filters) -> tuple[Tile, ...]:
    """The tiles for a page that shows no more of it."""
    scope = replace(filters.scope, include_overridden=False)
    return overview_tiles(
        TILES[:N_OVERVIEW],
        series=read.turns(scope, by=By.NOTHING, over_time=True),
        before=read.turns(scope.before, by=By.NOTHING).get("", TurnFigures()),
        scope=scope,
        nothing=TurnFigures(),
    )


def ab_page(filters: Filters, *, figures: Mapping[tuple[datetime, str], TurnFigures], before: TurnFigures) -> Page:
    scope, column = filters.scope, provider_column(filters)
    links = row_links(filters, always={"is_overridden__exact": "0"})
    totals = read.add_over_time(figures)
    total = read.add_keys(totals, TurnFigures())
    names = by_slot(totals, PROVIDER_SLOTS)
    lines = [Line(key=name, label=name or NOBODY, slot=provider_slot(name), column=column) for name in names]
    picture, points = Drawing(
        scope=scope,
        figures=figures,
        lines=lines,
        links=links,
        measures=PICTURES,
        chosen=filters.picture,
        by=f"{filters.side} provider",
    ).drawn()

    def table(key: str, title: str, measures: Sequence[m.Turns]) -> Table:
        first = f"{filters.side.capitalize()} provider"
        return table_of(
            measures,
            key=key,
            title=title,
            first=first,
            first_key=f"{filters.side}_provider",
            lines=lines,
            totals=totals,
            total=total,
            links=links,
        )

    return Page(
        n=total.turns,
        tiles=tiles(
            TILES,
            now=total,
            before=before,
            over_time=by_step(figures, filters.scope.steps),
        ),
        picture=picture,
        tables=(
            points,
            table("waiting", "Waiting", WAITING),
            table("errors", "Errors", ERRORS[filters.side]),
            table("costs", "Tokens and cost, per turn", COSTS),
        ),
        notes=(NOTES[filters.side], FORCED),
    )
