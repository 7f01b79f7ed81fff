"""Each turn is one trace at Langfuse, whatever became of it, and the trace says what the row says."""

import uuid
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from apps.assistant.engine import run_turn
from apps.metrics.models import RequestLog
from apps.providers.errors import ProviderUnavailable, RequestRejected
from apps.providers.events import Text, Usage
from apps.tracing import recorder
from tests.assistant.asking import ALICE, ask, the_row
from tests.scripted import UseTool, words
from tests.tracing.conftest import LONG_S
from tests.tracing.receiver import Receiver, Span

pytestmark = pytest.mark.django_db

PLAN = "Where would you enter IBM and where is the stop?"
COUNTED = Usage(
    tokens_input=100, tokens_output=50, tokens_cached=40, tokens_reasoning=20, cost_usd=0.0012, model="script-1"
)


@sync_to_async
def the_children(row: RequestLog) -> tuple[list[Any], list[Any]]:
    return list(row.attempt_rows.order_by("number")), list(row.tool_calls.order_by("started_at"))


def nanoseconds(moment: datetime) -> float:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1e9


def lasted_ms(span: Span) -> float:
    return (span.ended_ns - span.started_ns) / 1e6


def sums(generations: list[Span]) -> dict[str, int]:
    """What Langfuse makes of the usage of all model calls: everything that stands beside each other is added up."""
    details = [span.said("observation.usage_details") for span in generations]
    assert all(usage["total"] == sum(value for name, value in usage.items() if name != "total") for usage in details), (
        details
    )
    cached = sum(usage["input_cached_tokens"] for usage in details)
    reasoning = sum(usage["output_reasoning_tokens"] for usage in details)
    return {
        "tokens_input": sum(usage["input"] for usage in details) + cached,
        "tokens_output": sum(usage["output"] for usage in details) + reasoning,
        "tokens_cached": cached,
        "tokens_reasoning": reasoning,
    }


async def says_what_the_row_says(langfuse: Receiver) -> tuple[RequestLog, Span, list[Span]]:
    """The row, the turn's span and those of its attempts, once all that they share is compared."""
    row = await the_row()
    attempts, calls = await the_children(row)
    root, children = langfuse.tree()
    assert {span.trace_id for span in langfuse.spans} == {row.trace_id}
    assert {span.scope for span in langfuse.spans} == {"langfuse-sdk"}
    assert root.name == "turn"
    assert lasted_ms(root) == pytest.approx(row.latency_ms, abs=0.02)
    for span in langfuse.spans:
        assert span.attributes["session.id"] == str(row.session_id)
        assert span.attributes["user.id"] == row.person_hash == ALICE.hashed
        tags = [f"provider:{row.provider}", "channel:text"] + ([f"intent:{row.intent}"] if row.intent else [])
        assert span.attributes["langfuse.trace.tags"] == tags
    assert root.said("trace.metadata.request_id") == str(row.request_id)
    assert root.said("trace.metadata.route_reason") == row.route_reason
    assert root.said("trace.metadata.assigned_provider") == (row.assigned_provider or None)
    assert root.said("trace.metadata.is_fallback") is row.is_fallback
    assert root.said("observation.metadata.status") == row.status
    assert root.said("observation.metadata.model") == (row.model or None)
    assert root.said("observation.metadata.ttft_ms") == row.ttft_ms
    assert root.attributes.get("langfuse.internal.is_app_root") is True

    tries = children.get(root.span_id, [])
    assert [(span.name, span.said("observation.metadata.outcome")) for span in tries] == [
        (attempt.provider, attempt.outcome) for attempt in attempts
    ]
    for span, attempt in zip(tries, attempts, strict=True):
        assert lasted_ms(span) == pytest.approx(attempt.latency_ms, abs=0.02)
        assert span.started_ns == pytest.approx(nanoseconds(attempt.started_at), abs=2_000)
        assert (span.said("observation.status_message") or "") == (
            attempt.error or ("interrupted" if attempt.outcome == "interrupted" else "")
        )
    tools = langfuse.of_type("tool")
    assert sorted((span.name, span.is_error) for span in tools) == sorted((call.name, not call.ok) for call in calls)
    for span, call in zip(tools, calls, strict=True):
        if not call.was_reused:
            assert lasted_ms(span) == pytest.approx(call.latency_ms, abs=0.02)
    generations = langfuse.of_type("generation")
    reported = {name: getattr(row, name) or 0 for name in sums([])}
    assert sums(generations) == reported
    costs = [span.said("observation.cost_details") for span in generations]
    if row.cost_usd is not None:
        assert sum(cost["total"] for cost in costs) == pytest.approx(float(row.cost_usd))
    claims = {
        name: float(getattr(row, name))
        for name in ("has_risk_disclaimer", "mentions_stop_loss", "has_entry_exit")
        if getattr(row, name) is not None
    }
    assert {score["name"]: score["value"] for score in langfuse.scores} == claims
    for score in langfuse.scores:
        assert (score["traceId"], score["dataType"]) == (row.trace_id, "BOOLEAN")
        assert score["id"] == f"{row.trace_id}-{score['name']}"
    return row, root, tries


async def test_a_turn_of_a_model_with_tools_is_told_whole(langfuse: Receiver, sandbox: None) -> None:
    await ask(override="responses", question=PLAN)
    recorder.close(LONG_S)
    row, root, (attempt,) = await says_what_the_row_says(langfuse)
    assert (row.status, row.provider, row.has_entry_exit) == ("succeeded", "responses", True)
    assert not root.is_error
    tools, generations = langfuse.of_type("tool"), langfuse.of_type("generation")
    assert tools
    assert len(generations) >= 2
    assert {span.parent_id for span in [*tools, *generations]} == {attempt.span_id}
    # One after another: each call of a model ends before its tools begin, and those before the next call.
    assert generations[0].ended_ns <= tools[0].started_ns
    assert tools[-1].ended_ns <= generations[-1].started_ns + 1_000_000
    assert all(span.said("observation.model.name") for span in generations)
    first_text = [span.said("observation.completion_start_time") for span in generations]
    assert first_text[0] is None
    seen_at = nanoseconds(datetime.fromisoformat(first_text[-1]))
    assert seen_at - root.started_ns == pytest.approx(row.ttft_ms * 1e6, abs=20_000)
    assert generations[-1].started_ns <= seen_at <= generations[-1].ended_ns


async def test_a_rescued_turn_has_both_attempts_and_is_no_error(langfuse: Receiver, play: Any) -> None:
    play([*words("Half of"), COUNTED, ProviderUnavailable("the question quoted", code="cut")], provider="workflow")
    play([UseTool("get_quote", {"symbol": "AAPL"}), *words("AAPL closed at 430.47."), COUNTED], provider="responses")
    await ask(override="workflow")
    recorder.close(LONG_S)
    row, root, (failed, served) = await says_what_the_row_says(langfuse)
    assert (row.status, row.is_fallback, row.tokens_input, row.tokens_cached) == ("succeeded", True, 200, 80)
    assert (failed.is_error, failed.error, failed.said("observation.level")) == (True, "cut", "ERROR")
    assert not served.is_error
    assert not root.is_error
    assert [span.parent_id for span in langfuse.of_type("generation")] == [failed.span_id, served.span_id]


async def test_a_failed_turn_is_an_error_by_its_class_alone(langfuse: Receiver, play: Any) -> None:
    play([RequestRejected("It quotes: price of AAPL?", code="rejected")], provider="workflow")
    await ask(override="workflow")
    recorder.close(LONG_S)
    row, root, (attempt,) = await says_what_the_row_says(langfuse)
    assert (row.status, row.error) == ("failed", "rejected")
    for span in (root, attempt):
        assert (span.is_error, span.error, span.said("observation.level")) == (True, "rejected", "ERROR")
    assert langfuse.scores == []


async def test_a_turn_that_the_person_left_is_a_warning(langfuse: Receiver, play: Any) -> None:
    play([*words("AAPL closed at"), 60.0], provider="workflow")
    turn = run_turn(session_id=uuid.uuid4(), question="Price of AAPL?", owner=ALICE, override="workflow")
    async with aclosing(turn) as events:
        async for event in events:
            if isinstance(event, Text):
                break
    recorder.close(LONG_S)
    row, root, (attempt,) = await says_what_the_row_says(langfuse)
    assert row.status == "interrupted"
    for span in (root, attempt):
        assert not span.is_error
        assert (span.said("observation.level"), span.said("observation.status_message")) == ("WARNING", "interrupted")


async def test_an_answer_without_a_model_has_no_model_call(langfuse: Receiver) -> None:
    await ask(override="analyst", question=PLAN)
    recorder.close(LONG_S)
    row, _, _ = await says_what_the_row_says(langfuse)
    assert (row.provider, row.tokens_input) == ("analyst", 0)
    assert langfuse.of_type("generation") == []
    assert langfuse.of_type("tool")


async def test_a_call_that_failed_is_an_error_by_its_class(langfuse: Receiver, play: Any) -> None:
    play([UseTool("get_quote", {"symbol": "NOSUCH"}), *words("There is none.")], provider="workflow")
    await ask(override="workflow")
    recorder.close(LONG_S)
    await says_what_the_row_says(langfuse)
    (tool,) = langfuse.of_type("tool")
    assert (tool.is_error, tool.error) == (True, "unknown_symbol")


async def test_an_unknown_price_is_not_sent_as_nothing(langfuse: Receiver, play: Any) -> None:
    play([*words("Well."), Usage(tokens_input=7, tokens_output=3, model="nobody-knows")], provider="workflow")
    await ask(override="workflow")
    recorder.close(LONG_S)
    row, _, _ = await says_what_the_row_says(langfuse)
    assert row.cost_usd is None
    (call,) = langfuse.of_type("generation")
    assert call.said("observation.cost_details") is None
    assert call.said("observation.model.name") == "nobody-knows"


async def test_a_turn_without_the_database_is_told_all_the_same(langfuse: Receiver, database_away: Any) -> None:
    with database_away():
        await ask(override=None)
        recorder.close(LONG_S)
    root, _ = langfuse.tree()
    assert root.said("observation.metadata.status") == "succeeded"
    assert root.attributes["user.id"] == ALICE.hashed
    assert langfuse.scores


async def test_a_trace_that_is_not_sampled_leaves_nothing_not_even_scores(langfuse: Receiver, settings: Any) -> None:
    settings.LANGFUSE_SAMPLE_RATE = 0.0
    await ask(override="analyst", question=PLAN)
    recorder.close(LONG_S)
    assert langfuse.bodies == []


async def test_the_keys_open_the_door_and_the_environment_stands_on_all(langfuse: Receiver, settings: Any) -> None:
    settings.LANGFUSE_TRACING_ENVIRONMENT = "staging"
    await ask(override="analyst", question=PLAN)
    recorder.close(LONG_S)
    assert all(headers["authorization"].startswith("Basic ") for headers in langfuse.headers)
    assert {span.resource["langfuse.environment"] for span in langfuse.spans} == {"staging"}
    assert {score["environment"] for score in langfuse.scores} == {"staging"}
    assert b"sk-lf-planted-secret" not in b"".join(langfuse.bodies)
