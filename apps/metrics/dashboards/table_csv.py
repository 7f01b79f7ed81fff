"""A table as CSV: the same figures in full, with units in the header and the bounds and n of each."""

import csv
import io

from apps.metrics.dashboards.figures import Unit
from apps.metrics.dashboards.panels import Table

#: A spreadsheet takes text that begins so for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
DECIMALS = 8


def table_csv(table: Table) -> str:
    """One line a row; empty where the page has no number. Bounds and n only where a column has them."""
    header = [table.first_key]
    for i, column in enumerate(table.columns):
        header.append(column.key)
        header += [f"{column.key}_{more}" for more in _more(table, i)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(map(safe, header))
    for row in table.rows:
        cells = [safe(row.name or row.label)]
        for i, cell in enumerate(row.cells):
            figure = cell.figure
            cells.append(_number(figure.value if figure else None))
            cells += [_number(getattr(figure, more, None)) for more in _more(table, i)]
        writer.writerow(cells)
    return out.getvalue()


def safe(text: str) -> str:
    """Text that no spreadsheet runs."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _more(table: Table, i: int) -> tuple[str, ...]:
    figures = [row.cells[i].figure for row in table.rows]
    bounds = ("low", "high") if any(figure and figure.bounds for figure in figures) else ()
    n = ("n",) if any(figure and figure.unit is not Unit.COUNT for figure in figures) else ()
    return (*bounds, *n)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    text = f"{value:.{DECIMALS}f}"
    return text.rstrip("0").rstrip(".")
