"""A log line says what happened, for which turn, and nothing that people wrote."""

import contextvars
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.core.request_context import bind_ids
from gvses.logging import JsonFormatter, TextFormatter, stream_of


def record(message: str = "Provider failed", **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("apps.assistant.engine", logging.WARNING, __file__, 1, message, (), None)
    made.__dict__.update(extra)
    return made


def in_a_turn(write: Callable[[logging.LogRecord], str], made: logging.LogRecord) -> str:
    """What is written of a record while a turn runs, in a context of its own."""

    def run() -> str:
        bind_ids(session_id="s-1", request_id="r-1")
        return write(made)

    return contextvars.Context().run(run)


def test_a_line_for_machines_is_one_object_with_the_ids_and_the_extras() -> None:
    line = json.loads(in_a_turn(JsonFormatter().format, record(code="unavailable", attempts=2)))
    assert line.pop("time")
    assert line == {
        "level": "warning",
        "logger": "apps.assistant.engine",
        "message": "Provider failed",
        "session_id": "s-1",
        "request_id": "r-1",
        "code": "unavailable",
        "attempts": 2,
    }


def test_a_line_for_people_shows_the_same() -> None:
    line = in_a_turn(TextFormatter().format, record(code="unavailable"))
    assert line[9:] == ("WARNING apps.assistant.engine: Provider failed session_id=s-1 request_id=r-1 code=unavailable")


def test_outside_a_turn_there_are_no_ids() -> None:
    line = contextvars.Context().run(TextFormatter().format, record())
    assert "session_id" not in line


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_an_exception_stays_with_its_line(formatter: logging.Formatter) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        failed = record()
        failed.exc_info = sys.exc_info()
    assert "ValueError: broken" in formatter.format(failed)


def of_exception(write: Callable[[], object]) -> logging.LogRecord:
    try:
        write()
    except Exception:
        failed = record()
        failed.exc_info = sys.exc_info()
        return failed
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_an_exception_tells_where_and_what_and_quotes_nothing(formatter: logging.Formatter) -> None:
    refused = "value out of range\nLINE 1: … SET answer = 'Alice owns 300 shares'"
    illegal = "Illegal header value b'Bearer sk-alice-secret-1' for sk-alice-secret-2"

    def fail() -> None:
        try:
            raise LookupError(refused)
        except LookupError as error:
            raise ValueError(illegal) from error

    line = formatter.format(of_exception(fail))
    assert "LookupError: value out of range" in line
    assert "ValueError: Illegal header value b'[key]' for [key]" in line
    assert "in fail" in line
    assert "300 shares" not in line
    assert "secret" not in line


def test_an_exception_that_leads_to_itself_is_told_once() -> None:
    def fail() -> None:
        first, second = ValueError("first"), ValueError("second")
        first.__cause__, second.__cause__ = second, first
        raise first

    assert TextFormatter().format(of_exception(fail)).count("ValueError: first") == 1


@pytest.mark.parametrize("name", ["openai._base_client", "openai.agents", "httpx2", "httpcore2.http11"])
def test_no_level_makes_a_client_print_its_requests(name: str) -> None:
    handler = next(handler for handler in logging.getLogger().handlers if isinstance(handler.formatter, TextFormatter))
    told = logging.LogRecord(name, logging.DEBUG, __file__, 1, "Request options: %s", ("Alice's question",), None)
    assert not handler.filter(told)
    told.levelno = logging.WARNING
    assert handler.filter(told)
    assert handler.filter(logging.LogRecord("apps.chat", logging.DEBUG, __file__, 1, "Asked", (), None))


def test_a_librarys_further_lines_stay_out_of_the_machines_log() -> None:
    said = record("Task exception was never retrieved\nfuture: ValueError('Alice owns 300 shares')")
    assert json.loads(JsonFormatter().format(said))["message"] == "Task exception was never retrieved"


def test_a_message_that_quotes_is_for_a_developers_eyes_alone() -> None:
    def fail() -> None:
        raise ValueError(f"cannot take {'shares'!r}")

    assert "ValueError: cannot take 'shares'" in TextFormatter().format(of_exception(fail))
    assert json.loads(JsonFormatter().format(of_exception(fail)))["exception"].endswith("\nValueError")


def test_a_command_binds_its_name() -> None:
    environment = {"PATH": os.environ["PATH"], "GVSES_ENV_FILE": os.devnull, "SECRET_KEY": "k" * 60, "DEBUG": "True"}
    begin = "import manage, sys; from apps.core.request_context import current_ids; sys.argv = ['manage.py', 'check']"
    result = subprocess.run(
        [sys.executable, "-c", f"{begin}\nmanage.main()\nprint(current_ids())"],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stdout.splitlines()[-1] == "{'command': 'check'}", result.stderr


@pytest.mark.parametrize(
    ("command_line", "stream"),
    [
        ("manage.py serve --port 8000", "stdout"),
        ("/app/.venv/bin/uvicorn gvses.asgi:application", "stdout"),
        ("manage.py ask serve", "stderr"),
        ("manage.py watch", "stderr"),
        ("-c", "stderr"),
    ],
)
def test_a_server_logs_to_its_output_and_a_command_beside_it(command_line: str, stream: str) -> None:
    assert stream_of(command_line.split()) == f"ext://sys.{stream}"
