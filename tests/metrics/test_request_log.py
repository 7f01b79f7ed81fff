"""A turn is one row: there before its first byte, closed once, with its text, tools and claims; NULL where unknown."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from apps.metrics import services
from apps.metrics.classifiers import CLASSIFIER_VERSION
from apps.metrics.models import RequestLog, Status, ToolCall, trace_id_of
from tests.metrics.factories import ANSWER, make_record, make_started, make_tool_call

pytestmark = pytest.mark.django_db

CONTRACT = {
    "metrics_requestlog": (
        "request_id session_id created_at status assigned_provider provider route_reason is_fallback attempts model "
        "tools_used latency_ms ttft_ms tokens_input tokens_output tokens_cached tokens_reasoning cost_usd success "
        "error is_voice intent has_risk_disclaimer mentions_stop_loss has_entry_exit trace_id"
    ),
    "metrics_requesttext": "request_id query response_text",
    "metrics_toolcall": "request_id call_id name ok error_code latency_ms attempt retries was_reused",
    "metrics_attempt": (
        "request_id number provider model outcome error had_visible_text started_at latency_ms ttft_ms "
        "tokens_input tokens_output tokens_cached tokens_reasoning cost_usd"
    ),
    "routing_sessionassignment": "session_id provider bucket share_at_assign reason assigned_at",
}
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(("table", "columns"), CONTRACT.items(), ids=CONTRACT)
def test_a_table_has_the_columns_that_analysts_query(table: str, columns: str) -> None:
    with connection.cursor() as cursor:
        present = {column.name for column in connection.introspection.get_table_description(cursor, table)}
    assert set(columns.split()) <= present


def test_a_started_turn_has_a_row_and_its_question() -> None:
    request_id = make_started(query="What's the price of IBM?")
    row = RequestLog.objects.get(pk=request_id)
    assert (row.status, row.success, row.attempts) == (Status.STARTED, None, 0)
    assert (row.latency_ms, row.ttft_ms, row.tokens_input, row.cost_usd) == (None, None, None, None)
    assert (row.text.query, row.text.response_text) == ("What's the price of IBM?", "")


def test_the_trace_id_is_the_one_langfuse_derives() -> None:
    request_id = UUID("6f1f6f0e-4c1e-4b7e-9a55-0d2f3c1b8e77")
    from langfuse import Langfuse

    assert trace_id_of(request_id) == Langfuse.create_trace_id(seed=str(request_id))


def test_a_finished_turn_has_its_answer_tools_and_claims() -> None:
    request_id = make_started()
    calls = tuple(
        make_tool_call(call_id=call_id, name=name, ok=ok, started_at=NOON + timedelta(milliseconds=number))
        for number, (call_id, name, ok) in enumerate(
            [("a", "get_levels", True), ("b", "build_trade_plan", False), ("c", "get_levels", True)]
        )
    )
    assert services.finish_request(make_record(request_id, cost_usd=Decimal("0.00012345"), tool_calls=calls))
    row = RequestLog.objects.get(pk=request_id)
    assert (row.status, row.success, row.model, row.read_as) == (Status.SUCCEEDED, True, "analyst-1", "plan")
    assert (row.latency_ms, row.ttft_ms, row.cost_usd) == (12.5, 4.25, Decimal("0.00012345"))
    assert row.tools_used == ["get_levels", "build_trade_plan"]
    assert (row.has_risk_disclaimer, row.mentions_stop_loss, row.has_entry_exit) == (True, True, True)
    assert row.text.response_text == ANSWER
    assert [(c.call_id, c.ok, c.error_code) for c in row.tool_calls.all()] == [
        ("a", True, ""),
        ("b", False, "unknown_symbol"),
        ("c", True, ""),
    ]


def test_what_no_provider_reported_stays_unknown() -> None:
    request_id = make_started()
    services.finish_request(make_record(request_id))
    row = RequestLog.objects.get(pk=request_id)
    assert (row.cost_usd, row.tokens_input, row.tokens_output, row.tokens_cached) == (None, None, None, None)


@pytest.mark.parametrize(
    ("status", "success"), [(Status.SUCCEEDED, True), (Status.FAILED, False), (Status.INTERRUPTED, None)]
)
def test_each_ending_says_whether_it_was_a_success(status: Status, success: bool | None) -> None:
    request_id = make_started()
    services.finish_request(make_record(request_id, status=status))
    assert RequestLog.objects.get(pk=request_id).success is success


def test_a_turn_without_an_answer_makes_no_claims() -> None:
    request_id = make_started()
    services.finish_request(make_record(request_id, status=Status.FAILED, response_text="", error="unavailable"))
    row = RequestLog.objects.get(pk=request_id)
    assert (row.error, row.has_risk_disclaimer, row.has_entry_exit) == ("unavailable", None, None)
    assert (row.intent, row.classifier_version) == ("execution", CLASSIFIER_VERSION)


def test_a_finished_row_is_never_opened_again(caplog: pytest.LogCaptureFixture) -> None:
    request_id = make_started()
    call = make_tool_call(call_id="a", name="get_quote", started_at=NOON)
    assert services.finish_request(make_record(request_id, tool_calls=(call,)))
    late = make_record(request_id, status=Status.FAILED, response_text="Late.", tool_calls=(call,))
    assert not services.finish_request(late)
    row = RequestLog.objects.get(pk=request_id)
    assert (row.status, row.text.response_text, row.tool_calls.count()) == (Status.SUCCEEDED, ANSWER, 1)
    assert "Request finished late or never started" in caplog.messages


def test_a_finish_that_fails_half_way_leaves_the_row_started() -> None:
    request_id = make_started()
    twice = tuple(make_tool_call(call_id="same", name="get_quote", started_at=NOON) for _ in range(2))
    with pytest.raises(IntegrityError), transaction.atomic():
        services.finish_request(make_record(request_id, tool_calls=twice))
    assert RequestLog.objects.get(pk=request_id).status == Status.STARTED
    assert not ToolCall.objects.exists()


def test_a_turn_cannot_finish_as_started() -> None:
    with pytest.raises(ValueError, match="not started"):
        make_record(make_started(), status=Status.STARTED)


def test_a_row_cannot_claim_a_success_that_its_status_denies() -> None:
    request_id = make_started()
    with pytest.raises(IntegrityError), transaction.atomic():
        RequestLog.objects.filter(pk=request_id).update(status=Status.FAILED, success=True)


def test_a_sweep_closes_what_a_dead_process_left_and_nothing_else() -> None:
    dead = make_started(created_at=NOON - timedelta(seconds=121))
    alive = make_started(created_at=NOON - timedelta(seconds=119))
    finished = make_started(created_at=NOON - timedelta(seconds=500))
    services.finish_request(make_record(finished))
    assert services.sweep(now=NOON, older_than_s=120) == 1
    assert services.sweep(now=NOON, older_than_s=120) == 0
    row = RequestLog.objects.get(pk=dead)
    assert (row.status, row.success, row.error) == (Status.INTERRUPTED, False, "abandoned")
    assert RequestLog.objects.get(pk=alive).status == Status.STARTED
    assert RequestLog.objects.get(pk=finished).status == Status.SUCCEEDED


def test_a_turn_that_ends_after_the_sweep_stays_interrupted() -> None:
    request_id = make_started(created_at=NOON - timedelta(seconds=500))
    services.sweep(now=NOON, older_than_s=120)
    assert not services.finish_request(make_record(request_id))
    assert RequestLog.objects.get(pk=request_id).status == Status.INTERRUPTED
