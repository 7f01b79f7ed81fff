"""A table as CSV: units in the header, nothing a spreadsheet would run."""

import csv
import io

import pytest

from apps.metrics.dashboards.figures import Unit, few, plain, share
from apps.metrics.dashboards.panels import Cell, Column, Row, Table
from apps.metrics.dashboards.table_csv import safe, table_csv


def table(*rows: Row) -> Table:
    columns = (Column(key="turns", label="Turns"), Column(key="errors_percent", label="Errors, %"))
    return Table(key="t", title="T", first="Provider", first_key="provider", columns=columns, rows=rows)


def row(label: str, k: int, n: int) -> Row:
    figures = (plain(n, unit=Unit.COUNT, n=n), share(k, n))
    return Row(label=label, cells=tuple(Cell(figure=figure) for figure in figures))


def test_a_line_has_the_figure_its_bounds_and_its_n_and_nothing_where_too_few() -> None:
    lines = list(csv.DictReader(io.StringIO(table_csv(table(row("workflow", 10, 1000), row("analyst", 1, 3))))))
    assert lines[0]["errors_percent"] == "1"
    assert float(lines[0]["errors_percent_low"]) == pytest.approx(0.545, abs=0.001)
    assert lines[0]["errors_percent_n"] == "1000"
    assert (lines[1]["turns"], lines[1]["errors_percent"], lines[1]["errors_percent_n"]) == ("3", "", "3")


def test_a_cell_of_nothing_is_empty() -> None:
    text = table_csv(table(Row(label="x", cells=(Cell(figure=None), Cell(figure=few(0, "turn", Unit.PERCENT))))))
    assert text.splitlines()[1] == "x,,,0"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_text_that_a_spreadsheet_would_run_is_made_text(text: str) -> None:
    assert safe(text) == f"'{text}"
    assert next(iter(csv.reader(io.StringIO(table_csv(table(row(text, 0, 10)))).readlines()[1:])))[0].startswith("'")


def test_figures_keep_their_decimals_without_an_exponent() -> None:
    tiny = Row(label="x", cells=(Cell(figure=plain(0.0000001, unit=Unit.USD, n=1)), Cell(figure=None)))
    assert "0.0000001" in table_csv(table(tiny))
