"""What a dashboard page is made of, as values: tiles, one picture, tables. Templates and CSV print the same values."""

from dataclasses import dataclass

from apps.metrics.dashboards.figures import Figure, counted
from apps.metrics.dashboards.sparklines import Sparkline


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Against the period before. `verdict` is better, worse, or empty where it may be chance or is neither."""

    text: str
    verdict: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One figure at a glance; `help` says in one sentence what is counted."""

    label: str
    figure: Figure
    help: str = ""
    change: Change | None = None
    sparkline: Sparkline | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A figure in a table, None where there is nothing, and where its rows are."""

    figure: Figure | None
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`key` with its unit is the column's name in a CSV."""

    key: str
    label: str
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`name` is the label as a CSV has it; `slot` the place of the row's colour, 0 where it has none."""

    label: str
    cells: tuple[Cell, ...]
    name: str = ""
    href: str = ""
    slot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`key` names it in the address of its CSV; `first` heads the rows' own names, and `first_key` does in a CSV."""

    key: str
    title: str
    first: str
    first_key: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""
    is_folded: bool = False
    nothing: str = "Nothing in this period."

    @property
    def width(self) -> int:
        return len(self.columns) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One slot of one series; `value` None is a gap, `is_few` one that is too few to say."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    is_few: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """`slot` is its colour, dash and marker: no colour alone tells two apart."""

    label: str
    slot: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture over time. `kind` is line or bars (stacked); `steps` are the names of the rows of its table."""

    title: str
    unit: str
    noun: str
    steps: tuple[str, ...]
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    kind: str = "line"
    note: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    chosen: str = ""

    @property
    def is_empty(self) -> bool:
        return not any(point.value is not None for series in self.series for point in series.points)

    @property
    def has_few(self) -> bool:
        return self.kind == "line" and any(point.is_few for series in self.series for point in series.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A whole dashboard; `notes` are sentences on what is counted and what is left out."""

    tiles: tuple[Tile, ...]
    picture: Picture | None = None
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    n: int = 0
    noun: str = "turn"
    nothing: str = "Nothing is over in this period. Choose a longer one, or ask a question: its turn is counted here."

    @property
    def n_words(self) -> str:
        return counted(self.n, self.noun)

    def table(self, key: str) -> Table | None:
        return next((table for table in self.tables if table.key == key), None)
