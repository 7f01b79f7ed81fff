"""The log of turns as production prints it: one object a line, each with the ids of what it is about, and no text."""

import json
from typing import Any

import pytest

from tests.tracing.reports.conftest import Session
from tests.tracing.reports.faulty import planted
from tests.tracing.reports.faulty.names import SESSION

#: What the faults write into lines of their own, and an address that somebody typed.
SAID_BY_THE_FAULTS = {"EXTRA", "ARGUMENT", "LIBRARY", "PATH"}


def lines(session: Session) -> list[dict[str, Any]]:
    return [json.loads(line) for line in session.log.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("name", sorted(set(planted.ALL) - SAID_BY_THE_FAULTS))
def test_nothing_that_people_or_backends_said_is_in_the_log(session: Session, name: str) -> None:
    assert planted.ALL[name] not in session.log


def test_every_line_of_a_request_has_its_id(session: Session) -> None:
    of_requests = [line for line in lines(session) if line["logger"] in ("apps.faulty", "django.request")]
    assert len(of_requests) >= 8
    assert all("request_id" in line for line in of_requests)
    assert {line["request_id"] for line in of_requests} >= {session.said[name] for name in ("crash", "log", "thread")}


def test_every_line_of_a_turn_has_its_ids_provider_and_channel(session: Session) -> None:
    began, *rest = [line for line in lines(session) if line["logger"].startswith("apps.assistant")]
    assert began["message"] == "Turn began"
    assert began["http_request_id"] == session.said["turn"]
    turn = {"session_id": SESSION, "request_id": began["request_id"], "channel": "text"}
    assert began["request_id"] != session.said["turn"]
    assert len(rest) == 2
    for line in rest:
        assert line.items() >= (turn | {"provider": "analyst"}).items()


def test_a_thread_writes_the_ids_of_the_request_that_gave_it_work(session: Session) -> None:
    (line,) = [line for line in lines(session) if line["message"] == "From a thread"]
    assert (line["request_id"], line["session_id"]) == (session.said["thread"], SESSION)


def test_an_exception_says_what_it_is_and_where(session: Session) -> None:
    (line,) = [line for line in lines(session) if line["message"] == "Provider failed unexpectedly"]
    assert line["exception"].endswith("raise step\nValueError")
