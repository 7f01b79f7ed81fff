"""A folder of the user's own files: what is right loads, what is wrong is named by file, line and reason."""

import os
from datetime import date
from pathlib import Path

import pytest

from apps.market.errors import NoData, SourceUnavailable
from apps.market.sources.csv_folder import CsvFolderSource
from apps.market.values import Bar, Kind

GOOD = "date,open,high,low,close,volume\n2026-11-18,10,12,9,11,1000\n2026-11-19,11,13,10,12,2000\n"


def folder_with(path: Path, **files: str) -> CsvFolderSource:
    for name, text in files.items():
        (path / f"{name}.csv").write_text(text)
    return CsvFolderSource(path)


def test_a_file_becomes_a_series_that_says_where_it_is_from(tmp_path: Path) -> None:
    series = folder_with(tmp_path, ACME=GOOD).bars("ACME")
    assert series.bars == (
        Bar(date(2026, 11, 18), 10, 12, 9, 11, 1000),
        Bar(date(2026, 11, 19), 11, 13, 10, 12, 2000),
    )
    assert series.provenance.source == "your file ACME.csv"
    assert series.provenance.kind is Kind.REAL
    assert series.provenance.as_of == date(2026, 11, 19)


@pytest.mark.parametrize(
    "text",
    [
        "Volume,CLOSE,adj close, Low ,HIGH,Open,Date\n1000,11,1,9,12,10,2026-11-18\n",
        "\ufeffDate,Open,High,Low,Close,Volume\r\n2026-11-18,10.0,12,9,11,1000.0\r\n\r\n",
        'date,open,high,low,close,volume\n"2026-11-18 00:00:00-05:00",10,12,9,11,1000\n',
    ],
    ids=["any order and case", "as a spreadsheet writes it", "with a time of day"],
)
def test_headers_and_dates_come_in_many_forms(tmp_path: Path, text: str) -> None:
    assert folder_with(tmp_path, acme=text).bars("ACME").bars == (Bar(date(2026, 11, 18), 10, 12, 9, 11, 1000),)


HEAD = "date,open,high,low,close,volume\n2026-11-18,10,12,9,11,1000\n"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (HEAD + "2026-11-19,11,13,ten,12,2000\n", 3, "low 'ten' is not a number"),
        (HEAD + "2026-11-19,11,13,,12,2000\n", 3, "low '' is not a number"),
        (HEAD + "2026-11-19,11,nan,10,12,2000\n", 3, "a price is not a positive number"),
        (HEAD + "2026-11-19,11,13,-10,12,2000\n", 3, "a price is not a positive number"),
        (HEAD + "2026-11-19,11,9,10,9,2000\n", 3, "high 9 is below low 10"),
        (HEAD + "2026-11-19,11,13,10,14,2000\n", 3, "close 14 is outside low to high (10 to 13)"),
        (HEAD + "2026-11-19,9,13,10,12,2000\n", 3, "open 9 is outside low to high (10 to 13)"),
        (HEAD + "2026-11-19,11,13,10,12,-1\n", 3, "volume '-1' is not a count"),
        (HEAD + "2026-11-19,11,13,10,12,inf\n", 3, "volume 'inf' is not a count"),
        (HEAD + "\n2026-11-17,11,13,10,12,1\n", 4, "2026-11-17 comes after 2026-11-18; dates must ascend"),
        (HEAD + "2026-11-18,11,13,10,12,1\n", 3, "2026-11-18 is there twice"),
        (HEAD + "11/19/2026,11,13,10,12,1\n", 3, "date '11/19/2026' is not of the form 2026-11-20"),
        (HEAD + "2026-11-19,11,13\n", 3, "the row has 3 values, too few for its header"),
        (HEAD + '2026-11-19,"11,13,10,12,1\n', 3, "the line is not CSV (unexpected end of data)"),
        ("date,open,high,close\n2026-11-18,1,1,1\n", 1, "column low, volume is missing"),
        ("date,open,high,low,close,volume\n", 1, "there is a header but no row"),
        ("", 1, "the file is empty"),
    ],
)
def test_a_bad_file_is_named_with_its_line_while_the_others_load(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, line: int, reason: str
) -> None:
    source = folder_with(tmp_path, BAD=text, ACME=GOOD)
    assert [str(problem) for problem in source.problems] == [f"BAD.csv, line {line}: {reason}"]
    assert source.symbols() == ("ACME",)
    with pytest.raises(NoData, match=r"BAD\.csv, line"):
        source.bars("BAD")
    record = next(record for record in caplog.records if record.message == "csv file not used")
    assert (record.file, record.line, record.why) == ("BAD.csv", line, reason)


def test_files_that_are_no_text_or_no_symbol_are_problems_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "BYTES.csv").write_bytes(b"\xff\xfe\x00\x01" * 50)
    (tmp_path / "my notes.csv").write_text(GOOD)
    (tmp_path / "readme.txt").write_text("not data")
    problems = {problem.file: problem.reason for problem in folder_with(tmp_path, ACME=GOOD).problems}
    assert problems == {
        "BYTES.csv": "the file is not UTF-8 text",
        "my notes.csv": "the file's name is no symbol, such as AAPL.csv",
    }


def test_two_files_of_one_symbol_do_not_both_count(tmp_path: Path) -> None:
    source = folder_with(tmp_path, ACME=GOOD, acme=GOOD)
    assert source.symbols() == ("ACME",)
    assert [str(problem) for problem in source.problems] == ["acme.csv: ACME is there twice"]


def test_a_mended_file_is_read_again(tmp_path: Path) -> None:
    source = folder_with(tmp_path, ACME="nonsense")
    assert source.symbols() == ()
    (tmp_path / "ACME.csv").write_text(GOOD)
    assert source.bars("ACME").last.close == 12
    assert source.problems == ()
    unchanged = source.bars("ACME")
    assert source.bars("ACME") is unchanged
    os.remove(tmp_path / "ACME.csv")
    with pytest.raises(NoData, match=r"no ACME\.csv"):
        source.bars("ACME")


def test_a_folder_that_is_gone_is_a_source_that_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="cannot be read"):
        CsvFolderSource(tmp_path / "gone").symbols()
