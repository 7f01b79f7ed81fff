"""What Sentry gets over a real socket while everything goes wrong: where, for whom, and nothing that people wrote."""

import logging
import os
import socket
import subprocess
import sys
from typing import Any

import pytest

from apps.tracing.sentry_events import breadcrumb_that_leaves, share_of
from tests.project.test_settings import ROOT, start
from tests.tracing.reports.conftest import Session, run
from tests.tracing.reports.faulty import planted
from tests.tracing.reports.faulty.names import SESSION, UTTERANCE
from tests.tracing.reports.rescued_turn import make_rescued_turn


def error_of(session: Session, **tags: str) -> dict[str, Any]:
    """The one error with these tags."""
    (found,) = [event for event in session.ingest.items("event") if tags.items() <= event["tags"].items()]
    return found


def errors_of(session: Session, asked: str) -> list[dict[str, Any]]:
    return [event for event in session.ingest.items("event") if event["tags"].get("request_id") == session.said[asked]]


def transactions(session: Session, name: str) -> list[dict[str, Any]]:
    return [event for event in session.ingest.items("transaction") if event["transaction"] == name]


def raised(event: dict[str, Any]) -> list[tuple[str, str]]:
    return [(value["type"], value["value"]) for value in event["exception"]["values"]]


def where(event: dict[str, Any]) -> tuple[str, str]:
    """The file and the line of code that failed."""
    frame = event["exception"]["values"][-1]["stacktrace"]["frames"][-1]
    return frame["filename"], frame["context_line"].strip()


@pytest.mark.parametrize("name", planted.ALL)
def test_what_was_planted_leaves_nowhere(session: Session, name: str) -> None:
    everything = session.ingest.text()
    assert planted.ALL[name] not in everything
    assert planted.ALL[name].replace(" ", "+") not in everything


@pytest.mark.parametrize("key", ["vars", "data", "cookies", "headers", "query_string", "env", "user", "url"])
def test_no_event_has_a_place_for_it(session: Session, key: str) -> None:
    def keys(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {name for inner in value.values() for name in keys(inner)}
        return {name for inner in value for name in keys(inner)} if isinstance(value, list) else set()

    events = session.ingest.items("event")
    assert len(events) >= 10
    if key == "data":
        assert not {"data"} & set().union(*(event.get("request", {}) for event in events))
    else:
        assert not {key} & set().union(*(keys(event) for event in events))


def test_nothing_is_sent_besides_errors_transactions_and_counts_of_both(session: Session) -> None:
    assert session.ingest.kinds() == {"event", "transaction", "client_report"}


def test_a_view_that_fails_says_where_and_for_which_request(session: Session) -> None:
    (event,) = errors_of(session, "crash")
    assert event["transaction"] == "/crash/"
    assert event["request"] == {"method": "POST"}
    assert raised(event) == [("ValueError", "")]
    file, line = where(event)
    assert file == "tests/tracing/reports/faulty/urls.py"
    assert line.startswith("raise ValueError(")
    (earlier,) = event["breadcrumbs"]["values"]
    assert (earlier["message"], earlier["data"]) == ("Earlier line", {"code": "early"})


def test_a_question_whose_view_fails_is_reported_with_its_session(session: Session) -> None:
    (event,) = errors_of(session, "view")
    assert event["transaction"] == "/chat/{session_id}/turns/"
    assert event["tags"]["session_id"] == SESSION
    assert raised(event) == [("RuntimeError", "")]


def test_a_provider_that_fails_is_reported_with_the_turns_session_request_and_provider(session: Session) -> None:
    events = [event for event in session.ingest.items("event") if event["tags"].get("provider") == "analyst"]
    assert [event["logentry"]["message"] for event in events] == [
        "Provider failed unexpectedly",
        "Turn answered with an error",
    ]
    assert len({event["tags"]["request_id"] for event in events}) == 1
    for event in events:
        assert event["tags"]["session_id"] == SESSION
        assert event["tags"]["channel"] == "text"
        assert event["tags"]["request_id"] != session.said["turn"]
    assert raised(events[0]) == [("ValueError", "")]
    assert where(events[0]) == ("tests/scripted.py", "raise step")
    assert events[1]["extra"] == {"code": "internal", "tried": "analyst"}


def test_a_row_that_the_database_refuses_is_reported_by_its_constraint(session: Session) -> None:
    (event,) = errors_of(session, "twice")
    kinds, words = zip(*raised(event), strict=True)
    assert set(kinds) <= {"IntegrityError", "UniqueViolation"}
    assert "auth_user" in words[0]


def test_of_a_log_line_the_message_and_the_named_details_leave(session: Session) -> None:
    told = {
        event["logentry"]["message"]: (event["logger"], event["extra"])
        for event in errors_of(session, "log")
        if "exception" not in event
    }
    assert told == {
        "Static line": ("apps.faulty", {"code": "bad", "attempts": 2}),
        "Refused %s": ("apps.faulty", {}),
        "apps.faulty (message withheld)": ("apps.faulty", {}),
    }


def test_a_group_of_exceptions_keeps_its_members(session: Session) -> None:
    (event,) = [event for event in errors_of(session, "log") if "exception" in event]
    assert {kind for kind, _ in raised(event)} == {"ExceptionGroup", "KeyError", "ValueError"}


def test_a_thread_reports_for_the_request_that_gave_it_work(session: Session) -> None:
    (event,) = errors_of(session, "thread")
    assert event["logentry"]["message"] == "From a thread"
    assert event["tags"]["session_id"] == SESSION


def test_a_socket_that_fails_is_reported_for_its_utterance_and_is_no_transaction(session: Session) -> None:
    event = error_of(session, channel="voice", **UTTERANCE)
    assert raised(event) == [("RuntimeError", "")]
    assert all(
        item["contexts"]["trace"]["op"] in ("turn", "http.server") for item in session.ingest.items("transaction")
    )


def test_a_command_that_fails_is_reported_by_its_name_and_one_that_refuses_is_not(session: Session) -> None:
    assert raised(error_of(session, command="crash")) == [("RuntimeError", "")]


def test_a_request_is_a_transaction_with_its_queries(session: Session) -> None:
    (transaction,) = transactions(session, "/twice/")
    assert transaction["tags"]["request_id"] == session.said["twice"]
    assert transaction["contexts"]["trace"]["data"]["http.response.status_code"] == 500
    assert any("INSERT INTO" in span["description"] for span in transaction["spans"])
    (crash,) = transactions(session, "/crash/")
    assert "SELECT '…'" in {span["description"] for span in crash["spans"]}


def test_an_address_that_is_none_of_ours_is_not_named(session: Session) -> None:
    (transaction,) = transactions(session, "(no route)")
    assert transaction["contexts"]["trace"]["status"] == "not_found"


def test_the_request_that_asks_a_question_is_no_transaction_beside_its_turn(session: Session) -> None:
    assert transactions(session, "/chat/{session_id}/turns/") == []


def test_a_turn_is_a_transaction_with_its_own_times_attempts_model_calls_and_tools(session: Session) -> None:
    (transaction,) = transactions(session, "turn responses")
    trace = make_rescued_turn()
    assert transaction["contexts"]["trace"]["trace_id"] == trace.trace_id
    assert transaction["contexts"]["trace"]["op"] == "turn"
    assert transaction["contexts"]["trace"]["status"] == "ok"
    assert transaction["contexts"]["trace"]["data"] == {"latency_ms": 2010.0, "ttft_ms": 1250.0}
    assert transaction["start_timestamp"] == "2026-11-23T09:00:00.000000Z"
    assert transaction["timestamp"] == "2026-11-23T09:00:02.010000Z"
    assert transaction["tags"] == {
        "session_id": str(trace.session_id),
        "request_id": str(trace.request_id),
        "provider": "responses",
        "assigned_provider": "workflow",
        "channel": "text",
        "route_reason": "assignment",
        "is_fallback": "true",
        "intent": "research",
        "model": "gpt-5.6",
    }
    root = transaction["contexts"]["trace"]["span_id"]
    spans = transaction["spans"]
    served = next(span for span in spans if span["description"] == "responses")
    assert [
        (span["op"], span["description"], span["status"], span["parent_span_id"] == root, span["data"])
        for span in spans
    ] == [
        ("turn.attempt", "workflow", "internal_error", True, {"error": "first_text_timeout", "number": 1}),
        ("turn.attempt", "responses", "ok", True, {"number": 2}),
        ("turn.model_call", "gpt-5.6", "ok", False, {}),
        ("turn.model_call", "gpt-5.6", "ok", False, {"ttft_ms": 250.0}),
        ("turn.tool_call", "get_quote", "ok", False, {"retries": 0, "was_reused": False}),
        (
            "turn.tool_call",
            "other",
            "internal_error",
            False,
            {"error": "unknown_tool", "retries": 1, "was_reused": False},
        ),
    ]
    assert {span["parent_span_id"] for span in spans if span["parent_span_id"] != root} == {served["span_id"]}
    assert served["start_timestamp"] == "2026-11-23T09:00:00.400000Z"
    assert served["timestamp"] == "2026-11-23T09:00:02.000000Z"


def test_a_turn_that_was_asked_over_http_is_one_too_once_it_has_ended(session: Session) -> None:
    (turn,) = [
        transaction
        for transaction in session.ingest.items("transaction")
        if transaction["contexts"]["trace"]["op"] == "turn" and transaction["tags"]["session_id"] == SESSION
    ]
    errors = [event for event in session.ingest.items("event") if event["tags"].get("provider") == "analyst"]
    assert {event["tags"]["request_id"] for event in errors} == {turn["tags"]["request_id"]}
    assert turn["contexts"]["trace"]["status"] == "internal_error"
    assert turn["tags"]["error"] == "internal"
    assert [(span["op"], span["description"], span["data"]) for span in turn["spans"]] == [
        ("turn.attempt", "analyst", {"number": 1, "error": "internal"})
    ]


def test_tokens_are_counted_elsewhere(session: Session) -> None:
    everything = session.ingest.text()
    assert "gen_ai" not in everything
    assert "tokens" not in everything
    integrations = session.ingest.items("transaction")[0]["sdk"]["integrations"]
    assert not {"openai", "openai_agents", "httpx2", "argv", "modules", "stdlib"} & set(integrations)


def test_without_a_dsn_the_sdk_is_not_imported() -> None:
    look = "import sys, gvses.asgi; print('sentry_sdk' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", look],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "GVSES_ENV_FILE": os.devnull, "SECRET_KEY": "k" * 60, "DEBUG": "True"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stdout.strip() == "False", result.stderr


def test_a_dsn_that_cannot_be_read_is_said_in_a_sentence_without_its_key() -> None:
    result = start("check", SECRET_KEY="k" * 60, DEBUG="True", SENTRY_DSN="https://secretkey@/nowhere")
    assert result.returncode != 0
    assert "SENTRY_DSN is no address of a Sentry project" in result.stderr
    assert "secretkey" not in result.stderr


def test_a_host_that_never_answers_holds_up_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = run("manage.py", "crash", "x", dsn=f"http://key@127.0.0.1:{silent.getsockname()[1]}/1")
    assert result.returncode == 1
    assert "RuntimeError" in result.stderr


@pytest.mark.parametrize(
    ("op", "asgi_scope", "share"),
    [
        ("turn", {}, 0.3),
        ("http.server", {"type": "http", "path": "/dashboards/ab/"}, 0.3),
        ("http.server", {"type": "http", "path": "/chat/x/"}, 0.3),
        ("http.server", {"type": "http", "path": "/chat/x/turns/"}, 0.0),
        ("http.server", {"type": "http", "path": "/healthz"}, 0.0),
        ("http.server", {"type": "http", "path": "/metrics"}, 0.0),
        ("http.server", {"type": "http", "path": "/static/js/page.js"}, 0.0),
        ("http.server", {"type": "http", "path": "/sandbox/v1/responses"}, 0.0),
        ("websocket.server", {"type": "websocket", "path": "/v1/realtime"}, 0.0),
        ("", {}, 0.0),
    ],
)
def test_turns_and_pages_are_traced_by_the_rate_and_sockets_streams_and_probes_are_not(
    op: str, asgi_scope: dict[str, str], share: float
) -> None:
    assert share_of(op=op, asgi_scope=asgi_scope, rate=0.3) == share


def test_a_detail_that_is_named_leaves_only_as_a_figure_or_a_name() -> None:
    line = logging.LogRecord("apps.faulty", logging.WARNING, __file__, 1, "Earlier line", (), None)
    line.__dict__.update(code="early", tried="Alice asked this", status=["umbrella"], attempts=3, error="sk-alice-key")
    crumb = breadcrumb_that_leaves({"category": "apps.faulty", "message": "x"}, {"log_record": line})
    assert crumb == {
        "category": "apps.faulty",
        "message": "Earlier line",
        "data": {"code": "early", "attempts": 3, "error": "[key]"},
    }


def test_of_the_sdks_own_breadcrumbs_none_leaves() -> None:
    assert breadcrumb_that_leaves({"category": "query", "message": "SELECT 1"}, {}) is None
