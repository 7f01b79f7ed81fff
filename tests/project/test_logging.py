"""A log line says what happened, for which turn, and nothing that people wrote."""

import contextvars
import json
import logging
import sys

import pytest

from apps.core.request_context import bound_ids
from gvses.logging import JsonFormatter, TextFormatter


def record(message: str = "Provider failed", **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("apps.assistant.engine", logging.WARNING, __file__, 1, message, (), None)
    made.__dict__.update(extra)
    return made


def test_a_line_for_machines_is_one_object_with_the_ids_and_the_extras() -> None:
    with bound_ids(session_id="s-1", request_id="r-1"):
        line = json.loads(JsonFormatter().format(record(code="unavailable", attempts=2)))
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
    with bound_ids(session_id="s-1", request_id="r-1"):
        line = TextFormatter().format(record(code="unavailable"))
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
