"""The same turns as a Parquet file, typed. pyarrow is an extra: `pip install -r requirements-parquet.txt`."""

from collections.abc import Iterator
from typing import IO, Any

from apps.metrics.exports.columns import Kind
from apps.metrics.exports.lines import Lines

#: Bytes of lines that become one row group.
GROUP_BYTES = 16 * 1024 * 1024


class ParquetMissing(Exception):
    """`str(error)` says how to get it."""


def write_parquet(lines: Lines, *, to: IO[bytes]) -> None:
    """Writes the turns as one file, a few ten thousand to a row group. Raises ParquetMissing.

    `lines` are CSV, and read back by pyarrow here: one text of each value, whatever the format.
    """
    arrow, csv, parquet = _pyarrow()
    types = {column.name: _type(column.kind, arrow) for column in lines.columns}
    schema = arrow.schema(list(types.items()))
    convert = csv.ConvertOptions(
        column_types=schema,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        true_values=["true"],
        false_values=["false"],
    )
    read = csv.ReadOptions(column_names=schema.names, use_threads=False)
    parse = csv.ParseOptions(newlines_in_values=lines.with_text)
    with parquet.ParquetWriter(to, schema, compression="zstd") as writer:
        for group in _groups(lines):
            writer.write_table(
                csv.read_csv(arrow.BufferReader(group), read_options=read, parse_options=parse, convert_options=convert)
            )


def require_parquet() -> None:
    """Raises ParquetMissing, before anything is written."""
    _pyarrow()


def _pyarrow() -> tuple[Any, Any, Any]:
    try:
        import pyarrow
        import pyarrow.csv
        import pyarrow.parquet
    except ImportError as error:
        raise ParquetMissing(
            "Parquet needs pyarrow, which is not installed. Run `pip install -r requirements-parquet.txt`, "
            "or take --format csv or jsonl."
        ) from error
    return pyarrow, pyarrow.csv, pyarrow.parquet


def _type(kind: Kind, arrow: Any) -> Any:
    match kind:
        case Kind.TIME:
            return arrow.timestamp("us", tz="UTC")
        case Kind.DATE:
            return arrow.date32()
        case Kind.BOOLEAN:
            return arrow.bool_()
        case Kind.COUNT:
            return arrow.int64()
        case Kind.FIGURE:
            return arrow.float64()
        case Kind.USD:
            return arrow.decimal128(14, 8)
    return arrow.string()


def _groups(lines: Lines) -> Iterator[bytes]:
    group = bytearray()
    for block in lines.blocks():
        group += block
        if len(group) >= GROUP_BYTES:
            yield bytes(group)
            group.clear()
    if group:
        yield bytes(group)
