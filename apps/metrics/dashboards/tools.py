"""What tools do for the answers: how often they succeed, how long they take, what goes wrong."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from apps.metrics.dashboards.drawing import Drawing, Line, table_of
from apps.metrics.dashboards.figures import Unit, plain, quantile, share
from apps.metrics.dashboards.filters import Filters
from apps.metrics.dashboards.measures import HIGH, LOW, N_OVERVIEW, Measure, by_step, overview_tiles, tiles
from apps.metrics.dashboards.panels import Cell, Column, Page, Row, Table, Tile
from apps.metrics.dashboards.row_links import RowLinks, row_links
from apps.metrics.rollups import read
from apps.metrics.rollups.figures import ToolFigures

Tools = Measure[ToolFigures]
#: Lines that a picture can hold; the table has every tool.
N_DRAWN = 5

CALLS: Tools = Measure(
    key="calls",
    label="Calls",
    unit=Unit.COUNT,
    figure=lambda f: plain(f.calls, unit=Unit.COUNT, n=f.calls, noun="call"),
    help="Every call of a tool in a turn that is over, those of attempts that were given up too.",
)
SUCCESS: Tools = Measure(
    key="success",
    label="Success",
    unit=Unit.PERCENT,
    figure=lambda f: share(f.ok, f.calls, noun="call"),
    better=HIGH,
    help="Calls that gave a result; a refusal, such as an unknown symbol, counts as a failure.",
)
TIMES: dict[float, Tools] = {
    p: Measure(
        key=f"latency_p{p * 100:.0f}",
        label=f"Latency p{p * 100:.0f}",
        unit=Unit.MS,
        figure=lambda f, p=p: quantile(f.latency, p, noun="run"),  # type: ignore[misc]
        better=LOW,
        help="Of calls that ran; one answered by an equal call before it took no time.",
    )
    for p in (0.5, 0.95)
}
RETRIED: Tools = Measure(
    key="retries_per_100_calls",
    label="Retries per 100 calls",
    unit=Unit.RATIO,
    figure=lambda f: plain(100 * f.retries / f.calls if f.calls else 0, unit=Unit.RATIO, n=f.calls, noun="call"),
    better=LOW,
    help="How often a tool was tried again within a call.",
)
REUSED: Tools = Measure(
    key="reused",
    label="Reused",
    unit=Unit.PERCENT,
    figure=lambda f: share(f.reused, f.calls, noun="call"),
    help="Answered by an equal call before it in the same turn, without a run.",
)
TILES = (SUCCESS, TIMES[0.5], TIMES[0.95], CALLS, RETRIED, REUSED)
PICTURES = (TIMES[0.95], TIMES[0.5], SUCCESS, CALLS, RETRIED)
COLUMNS = (CALLS, SUCCESS, TIMES[0.5], TIMES[0.95], RETRIED, REUSED)


def read_tools(filters: Filters) -> Page:
    """Two queries: the period step by step, and the one before it."""
    figures = read.tools(filters.scope, over_time=True)
    before = read.tools(filters.scope.before, by_tool=False).get("", ToolFigures())
    return tools_page(filters, figures=figures, before=before)


def tools_overview(filters: Filters) -> tuple[Tile, ...]:
    """The tiles for a page that shows no more of it."""
    scope = filters.scope
    return overview_tiles(
        TILES[:N_OVERVIEW],
        series=read.tools(scope, by_tool=False, over_time=True),
        before=read.tools(scope.before, by_tool=False).get("", ToolFigures()),
        scope=scope,
        nothing=ToolFigures(),
    )


def tools_page(filters: Filters, *, figures: Mapping[tuple[datetime, str], ToolFigures], before: ToolFigures) -> Page:
    # A call belongs to the attempt that made it, not to who served in the end.
    links = row_links(filters, provider_lookup="attempt_rows__provider")
    totals = read.add_over_time(figures)
    total = read.add_keys(totals, ToolFigures())
    names = sorted(totals, key=lambda name: (-totals[name].calls, name))
    # A tool keeps its colour while others come and go in rank: colours go by name.
    drawn = sorted(names[:N_DRAWN])
    slots = {name: slot for slot, name in enumerate(drawn, start=1)}
    lines = [Line(key=name, label=name, slot=slots.get(name, 0), column="tool") for name in names]
    note = f"The {N_DRAWN} most used tools of {len(names)}." if len(names) > N_DRAWN else ""
    picture, points = Drawing(
        scope=filters.scope,
        figures=figures,
        lines=[line for line in lines if line.slot],
        links=links,
        measures=PICTURES,
        chosen=filters.picture,
        by="tool",
        noun="call",
        note=note,
    ).drawn()
    return Page(
        n=total.calls,
        noun="call",
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
                COLUMNS,
                key="tools",
                title="Tools, most used first",
                first="Tool",
                first_key="tool",
                lines=lines,
                totals=totals,
                total=total,
                links=links,
            ),
            errors_table(totals, links),
        ),
        notes=("A provider here is the one whose attempt called the tool; turns that staff forced count too.",),
    )


def errors_table(totals: Mapping[str, ToolFigures], links: RowLinks) -> Table:
    """Errors by class and tool, most frequent first."""
    counts = Counter({(error, name): n for name, figures in totals.items() for error, n in figures.errors.items()})
    rows = []
    for (error, name), n in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        calls = totals[name].calls
        href = links({"tool": name, "tool_error": error})
        cells = (
            Cell(figure=plain(n, unit=Unit.COUNT, n=calls, noun="call"), href=href),
            Cell(figure=share(n, calls, noun="call"), href=href),
        )
        rows.append(Row(label=f"{error or 'no class'} · {name}", href=href, cells=cells))
    return Table(
        key="errors",
        title="Errors by class",
        first="Error · tool",
        first_key="error_and_tool",
        columns=(Column(key="calls", label="Calls"), Column(key="of_its_calls_percent", label="of its calls, %")),
        rows=tuple(rows),
        nothing="No tool failed in this period.",
    )
