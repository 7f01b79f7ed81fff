"""What is asked and what the answers carry: intents, disclaimers, stops, levels, and the cost of each intent."""

from collections.abc import Callable, Mapping
from datetime import datetime

from apps.metrics.classifiers.quality import quality
from apps.metrics.dashboards import turn_measures as m
from apps.metrics.dashboards.classifier_table import classifier_table
from apps.metrics.dashboards.drawing import Drawing, Line, table_of
from apps.metrics.dashboards.figures import Unit, share
from apps.metrics.dashboards.filters import Filters
from apps.metrics.dashboards.looks import INTENT_SLOTS, UNREAD, by_slot, intent_slot
from apps.metrics.dashboards.measures import HIGH, N_OVERVIEW, Measure, by_step, overview_tiles, tiles
from apps.metrics.dashboards.panels import Page, Tile
from apps.metrics.dashboards.row_links import row_links
from apps.metrics.rollups import read
from apps.metrics.rollups.figures import TurnFigures
from apps.metrics.rollups.scope import By


def _claim(key: str, label: str, of: Callable[[TurnFigures], int], help: str, column: str, better: str = "") -> m.Turns:
    return Measure(
        key=key,
        label=label,
        unit=Unit.PERCENT,
        figure=lambda f: share(of(f), f.claims_read, noun="answer"),
        better=better,
        help=help,
        lookups=lambda _: {f"{column}__exact": "1"},
    )


DISCLAIMER = _claim(
    "disclaimer",
    "Risk disclaimer",
    lambda f: f.disclaimer,
    "The answer says that it is no advice, or that money can be lost.",
    "has_risk_disclaimer",
    HIGH,
)
STOP_LOSS = _claim(
    "stop_loss", "Stop-loss", lambda f: f.stop_loss, "The answer speaks of a protective stop.", "mentions_stop_loss"
)
ENTRY_EXIT = _claim(
    "entry_exit",
    "Entry and exit",
    lambda f: f.entry_exit,
    "The answer gives a price to get in and a price to get out.",
    "has_entry_exit",
)
TILES = (m.TURNS, DISCLAIMER, STOP_LOSS, ENTRY_EXIT, m.COST, m.COST_UNKNOWN)
PICTURES = (m.TURNS, DISCLAIMER, STOP_LOSS, ENTRY_EXIT, m.COST)
CARRIED = (DISCLAIMER, STOP_LOSS, ENTRY_EXIT, m.COST, m.COST_TOTAL, m.COST_UNKNOWN)


def share_of_all(n_turns: int) -> m.Turns:
    """What part of all turns an intent is."""
    return Measure(
        key="share_of_turns",
        label="Share of turns",
        unit=Unit.PERCENT,
        figure=lambda f: share(f.turns, n_turns),
    )


def read_trading(filters: Filters) -> Page:
    """Two queries: the period step by step, and the one before it."""
    figures = read.turns(filters.scope, by=By.INTENT, over_time=True)
    before = read.turns(filters.scope.before, by=By.NOTHING).get("", TurnFigures())
    return trading_page(filters, figures=figures, before=before)


def trading_overview(filters: Filters) -> tuple[Tile, ...]:
    """The tiles for a page that shows no more of it."""
    scope = filters.scope
    return overview_tiles(
        TILES[:N_OVERVIEW],
        series=read.turns(scope, by=By.NOTHING, over_time=True),
        before=read.turns(scope.before, by=By.NOTHING).get("", TurnFigures()),
        scope=scope,
        nothing=TurnFigures(),
    )


def trading_page(filters: Filters, *, figures: Mapping[tuple[datetime, str], TurnFigures], before: TurnFigures) -> Page:
    links = row_links(filters)
    totals = read.add_over_time(figures)
    total = read.add_keys(totals, TurnFigures())
    lines = [
        Line(key=intent, label=intent or UNREAD, slot=intent_slot(intent), column="intent")
        for intent in by_slot(totals, INTENT_SLOTS)
    ]
    picture, points = Drawing(
        scope=filters.scope,
        figures=figures,
        lines=lines,
        links=links,
        measures=PICTURES,
        chosen=filters.picture,
        by="intent",
        bars=m.TURNS.key,
    ).drawn()
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
            table_of(
                (m.TURNS, share_of_all(total.turns), *CARRIED),
                key="intents",
                title="Intents, and what their answers carry",
                first="Intent",
                first_key="intent",
                lines=lines,
                totals=totals,
                total=total,
                links=links,
                note="Shares are of answers that the classifiers have read; others have no text to read.",
            ),
            classifier_table(quality()),
        ),
        notes=("Turns that staff forced count too.",),
    )
