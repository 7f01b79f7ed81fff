"""`manage.py export_requests`: the same turns in three formats, whole or not at all."""

import csv
import io
import json
import os
import resource
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from apps.metrics.exports import parquet
from apps.metrics.exports.columns import REQUESTS, names
from tests.metrics.exports.turns import DAY, QUESTION, make_assignment, make_spoken, make_turn

pytestmark = pytest.mark.django_db

REQUEST_ID = UUID("0123456789abcdef0123456789abcdef")


def export(folder: Path, *options: str, form: str = "csv", since: str = "2026-11-01") -> bytes:
    file = folder / "turns"
    call_command("export_requests", "--since", since, "--format", form, "--output", str(file), *options)
    return file.read_bytes()


def as_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def as_json(content: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in content.splitlines()]


@pytest.fixture
def two_turns() -> None:
    """One turn with everything, and one with as little as can be."""
    row = make_turn(
        request_id=REQUEST_ID,
        query=QUESTION,
        is_voice=True,
        tools_used=["get_quote", "get_levels"],
        model='an "odd", name',
        tokens_input=1200,
        has_risk_disclaimer=True,
        has_entry_exit=False,
    )
    make_assignment(row.session_id)
    make_spoken(row)
    make_turn(
        at=DAY + timedelta(seconds=1, microseconds=120),
        status="started",
        success=None,
        finished_at=None,
        model="",
        latency_ms=None,
        ttft_ms=None,
        cost_usd=None,
    )


def test_csv_has_one_line_a_turn_in_the_documented_columns(two_turns: None, tmp_path: Path) -> None:
    content = export(tmp_path)
    assert content.decode().splitlines()[0].split(",") == names(REQUESTS)
    whole, started = as_csv(content)
    expected = {
        "request_id": str(REQUEST_ID),
        "created_at": "2026-11-04T09:30:00.000000Z",
        "day": "2026-11-04",
        "week": "2026-11-02",
        "model": 'an "odd", name',
        "tokens_input": "1200",
        "cost_usd": "0.01000000",
        "success": "true",
        "is_voice": "true",
        "has_risk_disclaimer": "true",
        "mentions_stop_loss": "",
        "has_entry_exit": "false",
        "bucket": "7",
        "voice_outcome": "completed",
        "was_barged_in": "false",
    }
    assert {name: whole[name] for name in expected} == expected
    assert json.loads(whole["tools_used"]) == ["get_quote", "get_levels"]
    assert (float(whole["ttft_ms"]), float(whole["latency_ms"])) == (500.5, 4000.0)
    unknown = (
        "finished_at",
        "success",
        "latency_ms",
        "ttft_ms",
        "cost_usd",
        "bucket",
        "voice_outcome",
        "was_barged_in",
    )
    assert {started[name] for name in unknown} == {""}
    assert started["created_at"] == "2026-11-04T09:30:01.000120Z"


def test_jsonl_has_numbers_booleans_lists_and_null(two_turns: None, tmp_path: Path) -> None:
    whole, started = as_json(export(tmp_path, form="jsonl"))
    assert list(whole) == names(REQUESTS)
    expected = {
        "request_id": str(REQUEST_ID),
        "created_at": "2026-11-04T09:30:00.000000Z",
        "week": "2026-11-02",
        "model": 'an "odd", name',
        "tools_used": ["get_quote", "get_levels"],
        "ttft_ms": 500.5,
        "cost_usd": 0.01,
        "success": True,
        "mentions_stop_loss": None,
        "bucket": 7,
    }
    assert {name: whole[name] for name in expected} == expected
    assert [started[name] for name in ("success", "cost_usd", "finished_at", "bucket", "model")] == [
        None,
        None,
        None,
        None,
        "",
    ]


def test_parquet_has_types_and_tells_an_empty_text_from_none(two_turns: None, tmp_path: Path) -> None:
    from pyarrow.parquet import read_table

    export(tmp_path, form="parquet")
    table = read_table(tmp_path / "turns")
    assert table.column_names == names(REQUESTS)
    whole, started = table.to_pylist()
    expected = {
        "request_id": str(REQUEST_ID),
        "created_at": DAY,
        "day": date(2026, 11, 4),
        "model": 'an "odd", name',
        "tools_used": '["get_quote", "get_levels"]',
        "tokens_input": 1200,
        "ttft_ms": 500.5,
        "cost_usd": Decimal("0.01"),
        "success": True,
        "mentions_stop_loss": None,
        "error": "",
        "voice_outcome": "completed",
    }
    assert {name: whole[name] for name in expected} == expected
    assert [started[name] for name in ("success", "cost_usd", "voice_outcome", "model")] == [None, None, None, ""]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_an_export_of_nothing_is_a_whole_file(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = export(tmp_path, form=form)
    if form == "csv":
        assert content.decode().split() == [",".join(names(REQUESTS))]
    elif form == "jsonl":
        assert content == b""
    else:
        from pyarrow.parquet import read_table

        assert read_table(tmp_path / "turns").num_rows == 0
    assert "0 turns written" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_text_comes_only_where_it_is_asked_for(two_turns: None, form: str, tmp_path: Path) -> None:
    assert b"zanzibar" not in export(tmp_path, form=form)
    content = export(tmp_path, "--with-text", form=form)
    if form == "parquet":
        from pyarrow.parquet import read_table

        turns = read_table(tmp_path / "turns").to_pylist()
    else:
        turns = as_csv(content) if form == "csv" else as_json(content)
    assert [turn["query"] or "" for turn in turns] == [QUESTION, ""]
    assert turns[0]["response_text"] == f"About {QUESTION}"


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_text_of_any_shape_survives(form: str, tmp_path: Path) -> None:
    strange = 'Line one\nline "two", \\.\r\n\tthree; “é” 🂡 \\n \x02\x01'
    make_turn(query=strange)
    make_turn(at=DAY + timedelta(seconds=1), query="\\.")
    content = export(tmp_path, "--with-text", form=form)
    if form == "parquet":
        from pyarrow.parquet import read_table

        found = [turn["query"] for turn in read_table(tmp_path / "turns").to_pylist()]
    elif form == "csv":
        found = [turn["query"] for turn in csv.DictReader(io.StringIO(content.decode(), newline=""))]
    else:
        found = [turn["query"] for turn in as_json(content)]
    assert found == [strange, "\\."]


def test_a_spreadsheet_is_given_no_formula_and_a_program_is_given_the_name_itself(tmp_path: Path) -> None:
    for number, sign in enumerate("=+-@\t\r"):
        make_turn(at=DAY + timedelta(seconds=number), model=f"{sign}cmd()")
    content = export(tmp_path).decode()
    found = [turn["model"] for turn in csv.DictReader(io.StringIO(content, newline=""))]
    assert found == [f"'{sign}cmd()" for sign in "=+-@\t\r"]
    assert [turn["model"] for turn in as_json(export(tmp_path, form="jsonl"))] == [
        f"{sign}cmd()" for sign in "=+-@\t\r"
    ]
    export(tmp_path, form="parquet")
    from pyarrow.parquet import read_table

    assert read_table(tmp_path / "turns")["model"].to_pylist() == [f"{sign}cmd()" for sign in "=+-@\t\r"]


def test_turns_come_oldest_first_from_since_to_before_until(tmp_path: Path) -> None:
    for hours in (3, 1, 2, 0):
        make_turn(at=DAY + timedelta(hours=hours), ttft_ms=float(hours))
    turns = as_csv(export(tmp_path, "--until", "2026-11-04T12:30", since="2026-11-04T10:30"))
    assert [float(turn["ttft_ms"]) for turn in turns] == [1, 2]
    # With a zone: half past eleven in Berlin is half past ten in Greenwich.
    turns = as_csv(export(tmp_path, "--until", "2026-11-04T12:30Z", since="2026-11-04T11:30+01:00"))
    assert [float(turn["ttft_ms"]) for turn in turns] == [1, 2]


def test_more_turns_than_a_block_holds_all_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.metrics.exports.lines.BLOCK_ROWS", 3)
    monkeypatch.setattr("apps.metrics.exports.lines.BLOCK_BYTES", 100)
    monkeypatch.setattr("apps.metrics.exports.parquet.GROUP_BYTES", 2000)
    ids = [str(make_turn(at=DAY + timedelta(seconds=number)).pk) for number in range(10)]
    assert [turn["request_id"] for turn in as_csv(export(tmp_path))] == ids
    assert [turn["request_id"] for turn in as_json(export(tmp_path, form="jsonl"))] == ids
    export(tmp_path, form="parquet")
    from pyarrow.parquet import ParquetFile

    file = ParquetFile(tmp_path / "turns")
    assert file.read()["request_id"].to_pylist() == ids
    assert file.num_row_groups > 1


@pytest.mark.parametrize(
    ("since", "options", "words"),
    [
        ("yesterday", (), "'yesterday' is no date; write a day as 2026-11-23"),
        ("2026-02-30", (), "'2026-02-30' is no date"),
        ("2999-01-01", (), "lies in the future: no turn has begun since."),
        ("2026-11-04", ("--until", "2026-11-04"), "--until 2026-11-04 00:00 UTC is not after --since"),
        ("2026-11-04", ("--until", "soon"), "'soon' is no date"),
        ("0001-01-01T00:00+14:00", (), "'0001-01-01T00:00+14:00' is no date"),
    ],
)
def test_dates_that_make_no_sense_are_refused_in_a_sentence(
    since: str, options: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    with pytest.raises(CommandError) as refused:
        export(tmp_path, *options, since=since)
    assert words in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_without_pyarrow_parquet_is_refused_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CommandError, match=r"`pip install -r requirements-parquet\.txt`"):
        export(tmp_path, form="parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_fails_half_way_leaves_the_one_before_it(
    two_turns: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = export(tmp_path)

    def broken(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(parquet, "_groups", broken)
    with pytest.raises(KeyboardInterrupt):
        export(tmp_path, form="parquet")
    assert (tmp_path / "turns").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["turns"]


def test_a_file_is_for_its_owner_alone(two_turns: None, tmp_path: Path) -> None:
    export(tmp_path)
    assert (tmp_path / "turns").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_not_there_and_a_target_that_is_no_file_are_said(two_turns: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        export(tmp_path / "missing")
    with pytest.raises(CommandError, match="is no ordinary file"):
        call_command("export_requests", "--since", "2026-11-01", "--output", str(tmp_path))


# What follows is about processes: a database of their own, with more lines than a pipe holds.


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("export")
    variables = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder}/export.sqlite3",
        "DJANGO_SETTINGS_MODULE": "gvses.settings",
    }
    filled = subprocess.run(
        [sys.executable, "-m", "bench.export", "fill", "3000"], env=variables, capture_output=True, text=True
    )
    assert filled.returncode == 0, filled.stderr
    return variables


COMMAND = f"exec {sys.executable} manage.py export_requests --since 2026-01-01"


def shell(script: str, environment: dict[str, str], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        encoding="latin-1",  # half of a Parquet file is no text
        timeout=60,
        **options,
    )


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_full_disk_is_one_clear_sentence(form: str, environment: dict[str, str]) -> None:
    result = shell(f"{COMMAND} --format {form} > /dev/full", environment)
    assert result.returncode == 1
    assert result.stderr.strip().splitlines() == [
        "CommandError: Standard output cannot be written: there is no space left. Nothing was left behind."
    ]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_that_outgrows_its_space_is_taken_away(form: str, environment: dict[str, str], tmp_path: Path) -> None:
    def little_space() -> None:
        # SQLite keeps 32 kB beside its database.
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    file = tmp_path / "turns"
    file.write_text("from before")
    result = shell(f"{COMMAND} --format {form} --output {file}", environment, preexec_fn=little_space)
    assert result.returncode == 1
    assert result.stderr.strip().splitlines() == [
        f"CommandError: {file} cannot be written: there is no space left. Nothing was left behind."
    ]
    assert [found.name for found in tmp_path.iterdir()] == ["turns"]
    assert file.read_text() == "from before"


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_reader_that_leaves_ends_it_quietly(form: str, environment: dict[str, str]) -> None:
    result = shell(f"({COMMAND} --format {form}; echo unreachable) | head -c 10; exit ${{PIPESTATUS[0]}}", environment)
    assert (result.returncode, result.stderr) == (1, "")


def test_a_pipe_gets_every_line(environment: dict[str, str]) -> None:
    result = shell(f"{COMMAND} | wc -l", environment)
    assert result.stdout.strip() == "3001"
    assert "3,000 turns written to standard output" in result.stderr


def test_told_to_stop_it_takes_its_unfinished_file_away(environment: dict[str, str], tmp_path: Path) -> None:
    script = (
        "import os, signal, sys, django; django.setup();"
        "from django.core.management import call_command;"
        "from apps.metrics.exports.lines import Lines;"
        "Lines.blocks = lambda self: (os.kill(os.getpid(), signal.SIGTERM) or b'x' for _ in range(3));"
        f"call_command('export_requests', '--since', '2026-01-01', '--output', {str(tmp_path / 'turns')!r})"
    )
    result = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60)
    assert result.returncode == 143
    assert list(tmp_path.iterdir()) == []


def test_the_clock_of_the_tests_is_after_their_turns() -> None:
    """Else each `--since` above would lie in the future."""
    assert datetime.now(tz=UTC) > DAY + timedelta(days=1)
