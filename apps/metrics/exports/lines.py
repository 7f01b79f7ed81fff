"""Turns as lines of CSV or JSON, made by the database itself and passed on as bytes.

A row that becomes Python objects on its way costs several times as much; here PostgreSQL's COPY, and on SQLite one
column of text, give whole lines. One block is in memory at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection

from apps.metrics.exports.analytics_views import REQUESTS_VIEW
from apps.metrics.exports.columns import REQUESTS, TEXTS, Column, Kind

#: Rows of SQLite in one block.
BLOCK_ROWS = 1000
#: Bytes of PostgreSQL's lines in one block, about.
BLOCK_BYTES = 256 * 1024
#: A cell that begins so is a formula to a spreadsheet; the quote before it makes it text.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Form(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"


@dataclass(slots=True, kw_only=True)
class Lines:
    """The turns that began from `since` to before `until`, oldest first; `n_rows` counts what has been given.

    `is_for_people` marks cells that a spreadsheet would run as text. Text columns stand last.
    """

    form: Form
    since: datetime
    until: datetime
    with_text: bool = False
    is_for_people: bool = True
    n_rows: int = field(default=0, init=False)

    @property
    def columns(self) -> tuple[Column, ...]:
        return (*REQUESTS, *TEXTS) if self.with_text else REQUESTS

    @property
    def header(self) -> bytes:
        if self.form is Form.JSONL:
            return b""
        return ",".join(column.name for column in self.columns).encode() + b"\n"

    def blocks(self) -> Iterator[bytes]:
        """Whole lines, many at a time, without the header."""
        return self._of_postgresql() if connection.vendor == "postgresql" else self._of_sqlite()

    def _of_postgresql(self) -> Iterator[bytes]:
        if self.form is Form.CSV:
            select, how = self._select(_cells_of_postgresql(self)), "FORMAT csv"
        else:
            # JSON escapes control characters, so neither of these is ever in a line, and COPY adds nothing to it.
            row = f"SELECT row_to_json(line) FROM ({self._select(_cells_of_postgresql(self))}) line"  # noqa: S608
            select, how = row, "FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02'"
        with connection.cursor() as cursor:
            with cursor.copy(f"COPY ({select}) TO STDOUT WITH ({how})", self._moments()) as copy:
                block = bytearray()
                for data in copy:
                    block += data
                    if len(block) >= BLOCK_BYTES:
                        yield bytes(block)
                        block.clear()
            self.n_rows = cursor.rowcount
            yield bytes(block)

    def _of_sqlite(self) -> Iterator[bytes]:
        with connection.cursor() as cursor:
            cursor.execute(self._select([_line_of_sqlite(self)]), self._moments())
            rows = iter(lambda: cursor.fetchmany(BLOCK_ROWS), [])
            for block in rows:
                self.n_rows += len(block)
                yield "".join([line for (line,) in block]).encode()

    def _select(self, cells: Sequence[str]) -> str:
        texts = "LEFT JOIN metrics_requesttext words ON words.request_id = turn.request_id" if self.with_text else ""
        return (
            f"SELECT {', '.join(cells)} FROM {REQUESTS_VIEW} turn {texts} "  # noqa: S608  names of models
            "WHERE turn.created_at >= %s AND turn.created_at < %s ORDER BY turn.created_at"
        )

    def _moments(self) -> list[Any]:
        return [connection.ops.adapt_datetimefield_value(moment) for moment in (self.since, self.until)]


def _source(column: Column) -> str:
    return column.source if column in TEXTS else f"turn.{column.name}"


def _cells_of_postgresql(lines: Lines) -> list[str]:
    return [f"{_cell_of_postgresql(column, lines)} AS {column.name}" for column in lines.columns]


def _cell_of_postgresql(column: Column, lines: Lines) -> str:
    source = _source(column)
    match column.kind:
        case Kind.TIME:
            return f"""to_char({source} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
        case Kind.BOOLEAN if lines.form is Form.CSV:
            return f"CAST({source} AS text)"
        case Kind.TEXT if lines.form is Form.CSV and lines.is_for_people and column.is_foreign:
            return _harmless(source, "left({}, 1)", "chr")
    return source


def _line_of_sqlite(lines: Lines) -> str:
    """One expression that gives the whole line, its end included; joining by || would copy its beginning each time."""
    if lines.form is Form.CSV:
        cells = [_csv_of_sqlite(column, lines) for column in lines.columns]
        pattern = ",".join(["%%s"] * len(cells))
    else:
        cells = [_json_of_sqlite(column) for column in lines.columns]
        pattern = "{" + ",".join(f'"{column.name}":%%s' for column in lines.columns) + "}"
    return f"printf('{pattern}', {', '.join(cells)}) || char(10)"


def _csv_of_sqlite(column: Column, lines: Lines) -> str:
    source = _source(column)
    match column.kind:
        case Kind.TEXT if not column.is_foreign:
            return f"""'"' || {source} || '"'"""
        case Kind.TEXT | Kind.JSON:
            if column.is_foreign and lines.is_for_people:
                source = _harmless(source, "substr({}, 1, 1)", "char")
            return f"""'"' || replace({source}, '"', '""') || '"'"""
        case Kind.BOOLEAN:
            return f"CASE {source} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"
    # NULL prints as nothing.
    return _plain_of_sqlite(column, source)


def _json_of_sqlite(column: Column) -> str:
    source = _source(column)
    match column.kind:
        case Kind.TEXT if column.is_foreign:
            return f"json_quote({source})"
        case Kind.TEXT:
            return f"""coalesce('"' || {source} || '"', 'null')"""
        case Kind.JSON:
            return f"coalesce({source}, 'null')"
        case Kind.BOOLEAN:
            return f"CASE {source} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END"
        case Kind.UUID | Kind.TIME | Kind.DATE:
            return f"""coalesce('"' || {_plain_of_sqlite(column, source)} || '"', 'null')"""
    return f"coalesce({_plain_of_sqlite(column, source)}, 'null')"


def _plain_of_sqlite(column: Column, source: str) -> str:
    match column.kind:
        case Kind.UUID:
            parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
            return " || '-' || ".join(f"substr({source}, {start}, {length})" for start, length in parts)
        case Kind.TIME:
            # Whole seconds stand there without a fraction.
            return f"substr({source}, 1, 10) || 'T' || substr({source} || '.000000', 12, 15) || 'Z'"
        case Kind.USD:
            return f"CASE WHEN {source} IS NOT NULL THEN printf('%%.8f', {source}) END"
    return source


def _harmless(source: str, first: str, character: str) -> str:
    beginnings = ", ".join(f"{character}({ord(sign)})" for sign in FORMULA)
    return f"CASE WHEN {first.format(source)} IN ({beginnings}) THEN '''' || {source} ELSE {source} END"
