"""Whatever one provider does, the person gets one whole answer or one honest sentence, and the rows say why."""

import asyncio
from typing import Any

import pytest

from apps.providers.errors import (
    AccessRefused,
    NotConfigured,
    ProviderProtocolError,
    ProviderUnavailable,
    RequestRejected,
)
from apps.providers.events import Done, Error, Text, ToolResult
from apps.routing.kills import kill
from apps.routing.models import Circuit
from tests.assistant.asking import (
    ask,
    switches,
    text_after_last_switch,
    the_attempts,
    the_circuits_heard,
    the_row,
    the_turn,
)
from tests.scripted import words

pytestmark = pytest.mark.django_db

PARTIAL = words("Half of")
WHOLE = words("AAPL closed at 430.47.")
#: Ways to fail by name: the steps, the class in the log, and whether a `Done` would follow by itself.
FAILURES: dict[str, tuple[list[Any], str]] = {
    **{
        code: ([ProviderUnavailable(code=code)], code)
        for code in ("refused", "connect_timeout", "rate_limited", "server_error", "upstream_failed", "cut", "stalled")
    },
    **{
        code: ([ProviderProtocolError(code=code)], code)
        for code in ("malformed", "no_terminal_event", "empty", "incomplete", "tool_loop")
    },
    **{code: ([AccessRefused(code=code)], code) for code in ("unauthorized", "forbidden", "quota", "model_not_found")},
    "busy for long": ([ProviderUnavailable(code="rate_limited", retry_after_s=30)], "rate_limited"),
    "a bug": ([ZeroDivisionError("secret detail")], "internal"),
    "its own timeout": ([TimeoutError()], "internal"),
    "cancels itself": ([asyncio.CancelledError()], "internal"),
    "an error event": ([Error(message="Upstream says no.", retryable=True, code="upstream_failed")], "upstream_failed"),
    "a result of no call": (
        [ToolResult(call_id="never", name="get_quote", ok=True, result={}, latency_ms=1)],
        "internal",
    ),
}


@pytest.mark.parametrize("visible", [False, True], ids=["before text", "after text"])
@pytest.mark.parametrize(("steps", "code"), FAILURES.values(), ids=FAILURES)
async def test_one_failure_is_followed_by_one_whole_answer(play, steps, code, visible) -> None:
    said = PARTIAL if visible else []
    failing = play([*said, *steps], provider="workflow")
    play(WHOLE, provider="responses")
    floor = play(WHOLE)
    events = await ask()
    assert switches(events) == [(2, "responses", "workflow", code, visible)]
    assert [type(event) for event in events].count(Done) == 1
    assert isinstance(events[-1], Done)
    assert events[-1].provider == "responses"
    assert not any(isinstance(event, Error) for event in events)
    turn, row = await the_turn(), await the_row()
    assert turn.answer == row.text.response_text == text_after_last_switch(events) == "AAPL closed at 430.47. "
    assert (turn.status, turn.provider, turn.error) == ("succeeded", "responses", "")
    assert (row.status, row.success, row.error) == ("succeeded", True, "")
    assert (row.assigned_provider, row.provider, row.is_fallback) == ("workflow", "responses", True)
    assert (row.attempts, row.route_reason) == (2, "override")
    assert await the_attempts() == [
        (1, "workflow", "failed", code, visible),
        (2, "responses", "succeeded", "", True),
    ]
    assert await the_circuits_heard() == [("workflow", False, code), ("responses", True, "")]
    assert failing.closed
    assert not floor.requests


@pytest.mark.parametrize("visible", [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize(("steps", "code"), FAILURES.values(), ids=FAILURES)
async def test_two_failures_end_at_the_floor(play, steps, code, visible) -> None:
    play([*(PARTIAL if visible[0] else []), *steps], provider="workflow")
    play([*(words("Another half") if visible[1] else []), *steps], provider="responses")
    play(WHOLE)
    events = await ask()
    assert switches(events) == [
        (2, "responses", "workflow", code, visible[0]),
        (3, "analyst", "responses", code, visible[1]),
    ]
    assert isinstance(events[-1], Done)
    row = await the_row()
    assert row.text.response_text == text_after_last_switch(events) == "AAPL closed at 430.47. "
    assert (row.provider, row.is_fallback, row.attempts, row.success) == ("analyst", True, 3, True)
    assert [(provider, outcome) for _, provider, outcome, _, _ in await the_attempts()] == [
        ("workflow", "failed"),
        ("responses", "failed"),
        ("analyst", "succeeded"),
    ]
    assert ("analyst", True, "") not in await the_circuits_heard()


@pytest.mark.parametrize("visible", [False, True], ids=["before text", "after text"])
@pytest.mark.parametrize("provider", ["workflow", "responses"])
async def test_an_end_without_done_is_a_failure(play, provider, visible) -> None:
    for name in ("workflow", "responses"):
        play(PARTIAL if visible else [], provider=name, ends=False)
    play(WHOLE)
    events = await ask(override=provider)
    assert {failed_code for _, _, _, failed_code, _ in switches(events)} == {"no_terminal_event"}
    assert (await the_turn()).answer == "AAPL closed at 430.47. "


@pytest.mark.parametrize("text", ["", " \n"])
async def test_a_done_without_a_word_is_no_answer(play, text) -> None:
    play([Text(content=text)] if text else [], provider="workflow")
    play(WHOLE, provider="responses")
    events = await ask()
    assert [failed_code for _, _, _, failed_code, _ in switches(events)] == ["empty"]
    assert events[-1].provider == "responses"


async def test_text_after_done_is_never_said(play) -> None:
    done = Done(request_id="of another", provider="somebody else", model="m", sidecar={})
    late = play([*WHOLE, done, *words("and more")], provider="workflow")
    events = await ask()
    assert (events[-1].provider, events[-1].model) == ("workflow", "m")
    assert events[-1].request_id == events[0].data["request_id"]
    assert (await the_turn()).answer == "AAPL closed at 430.47. "
    assert late.closed


@pytest.mark.parametrize("visible", [False, True])
async def test_when_all_fail_the_person_reads_one_sentence_of_the_last(play, caplog, visible) -> None:
    said = PARTIAL if visible else []
    play([*said, AccessRefused()], provider="workflow")
    play([*said, ProviderUnavailable(code="refused")], provider="responses")
    play([*said, ProviderUnavailable("The analyst is out. Ask again.", code="cut")])
    events = await ask()
    assert [event for event in events if isinstance(event, Error)] == [events[-1]]
    assert events[-1] == Error(message="The analyst is out. Ask again.", retryable=True, code="cut")
    turn, row = await the_turn(), await the_row()
    assert (turn.status, turn.error, turn.question) == ("failed", "The analyst is out. Ask again.", "Price of AAPL?")
    assert turn.answer == text_after_last_switch(events)
    assert (row.status, row.success, row.error, row.provider, row.attempts) == ("failed", False, "cut", "analyst", 3)
    assert [error for _, _, _, error, _ in await the_attempts()] == ["unauthorized", "refused", "cut"]
    (told,) = (record.__dict__ for record in caplog.records if record.message == "Turn answered with an error")
    assert (told["levelname"], told["code"], told["tried"]) == ("ERROR", "cut", "workflow,responses,analyst")


async def test_a_rescued_turn_is_not_logged_as_one_that_failed(play, caplog) -> None:
    play([ProviderUnavailable(code="refused")], provider="workflow")
    play(WHOLE, provider="responses")
    await ask()
    assert "Provider failed" in caplog.messages
    assert "Turn answered with an error" not in caplog.messages


@pytest.mark.parametrize("code", ["rejected", "content_filter"])
@pytest.mark.parametrize("position", [1, 2])
async def test_what_is_our_own_fault_is_said_and_not_asked_of_another(play, code, position) -> None:
    rejected = RequestRejected("Say it in other words.", code=code)
    play([rejected if position == 1 else ProviderUnavailable(code="refused")], provider="workflow")
    play([rejected], provider="responses")
    floor = play(WHOLE)
    events = await ask()
    assert events[-1] == Error(message="Say it in other words.", retryable=False, code=code)
    assert not floor.requests
    row = await the_row()
    assert (row.status, row.error, row.attempts) == ("failed", code, position)
    assert await the_circuits_heard() == [("workflow", False, "refused")][: position - 1]


async def test_an_unconfigured_provider_is_passed_over_without_a_failure(play) -> None:
    play([NotConfigured()], provider="workflow")
    play(WHOLE, provider="responses")
    events = await ask()
    assert switches(events) == [(1, "responses", "workflow", "not_configured", False)]
    row = await the_row()
    assert (row.provider, row.is_fallback, row.attempts, row.route_reason) == ("responses", True, 1, "not_configured")
    assert await the_attempts() == [(1, "responses", "succeeded", "", True)]
    assert await the_circuits_heard() == [("responses", True, "")]


async def test_with_nobody_configured_the_turn_fails_without_an_attempt(play) -> None:
    for name in ("workflow", "responses", "analyst"):
        play([NotConfigured()], provider=name)
    events = await ask()
    assert events[-1].code == "not_configured"
    row = await the_row()
    assert (row.status, row.attempts, row.error, row.route_reason) == ("failed", 0, "not_configured", "not_configured")


async def test_a_provider_that_is_busy_for_a_moment_is_asked_once_more(play) -> None:
    busy = ProviderUnavailable(code="rate_limited", retry_after_s=0.05)
    script = play([busy], WHOLE, provider="workflow")
    events = await ask()
    assert switches(events) == [(2, "workflow", "workflow", "rate_limited", False)]
    assert len(script.requests) == 2
    row = await the_row()
    assert (row.provider, row.is_fallback, row.attempts, row.success) == ("workflow", False, 2, True)
    (first, second) = await the_attempts("outcome", "error", "started_at")
    assert (first[:2], second[:2]) == (("failed", "rate_limited"), ("succeeded", ""))
    assert (second[2] - first[2]).total_seconds() >= 0.05
    assert await the_circuits_heard() == [("workflow", False, "rate_limited"), ("workflow", True, "")]


async def test_a_provider_is_asked_once_more_only_once(play) -> None:
    busy = ProviderUnavailable(code="rate_limited", retry_after_s=0)
    script = play([busy], provider="workflow")
    play(WHOLE, provider="responses")
    events = await ask()
    assert len(script.requests) == 2
    assert [provider for _, provider, _, _, _ in switches(events)] == ["workflow", "responses"]
    assert await the_circuits_heard() == [
        ("workflow", False, "rate_limited"),
        ("workflow", False, "rate_limited"),
        ("responses", True, ""),
    ]


@pytest.mark.parametrize(
    "steps",
    [
        [*PARTIAL, ProviderUnavailable(code="rate_limited", retry_after_s=0)],
        [ProviderUnavailable(code="server_error", retry_after_s=0)],
        [ProviderUnavailable(code="rate_limited", retry_after_s=1.1)],
    ],
    ids=["text was seen", "another failure", "too long"],
)
async def test_nobody_is_asked_again_for_another_reason(play, steps) -> None:
    script = play(steps, provider="workflow")
    play(WHOLE, provider="responses")
    assert (await ask())[-1].provider == "responses"
    assert len(script.requests) == 1


def stop(provider: str):
    instead = "analyst" if provider == "responses" else ""
    return lambda: kill(provider=provider, by="bob", reason="drill", instead=instead)


async def test_a_stop_between_two_attempts_is_obeyed(play) -> None:
    play([stop("responses"), ProviderUnavailable(code="cut")], provider="workflow")
    stopped = play(WHOLE, provider="responses")
    play(WHOLE)
    assert switches(await ask()) == [(2, "analyst", "workflow", "cut", False)]
    assert not stopped.requests


async def test_a_stopped_provider_is_not_asked_once_more(play) -> None:
    busy = ProviderUnavailable(code="rate_limited", retry_after_s=0.01)
    script = play([stop("workflow"), busy], provider="workflow")
    play(WHOLE, provider="responses")
    assert switches(await ask()) == [(2, "responses", "workflow", "rate_limited", False)]
    assert len(script.requests) == 1
    assert await the_circuits_heard() == [("workflow", False, "rate_limited"), ("responses", True, "")]


async def test_with_everybody_else_stopped_the_first_failure_is_the_end(play) -> None:
    play([stop("responses"), stop("analyst"), ProviderUnavailable(code="cut")], provider="workflow")
    play(WHOLE, provider="responses")
    assert (await ask())[-1].code == "cut"
    assert await the_attempts() == [(1, "workflow", "failed", "cut", False)]


async def test_other_turns_know_of_a_failure_while_this_one_still_runs(play) -> None:
    known: list[str] = []
    play([AccessRefused(code="quota")], provider="responses")
    play([lambda: known.extend(Circuit.objects.open().values_list("provider", flat=True)), *WHOLE])
    await ask(override="responses")
    assert known == ["responses"]


async def test_every_provider_is_told_the_same_turn(play) -> None:
    scripts = [play([ProviderUnavailable()], provider="workflow"), play(WHOLE, provider="responses")]
    await ask()
    first, second = (script.requests[0] for script in scripts)
    assert (first.question, first.history, first.request_id) == (second.question, second.history, second.request_id)
    assert first.person_hash == second.person_hash != ""
