"""Tool calls of a round run at once; whatever is wrong with one is told to the model, and the turn goes on."""

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest

from apps.core.threads import in_database_thread
from apps.providers.events import ToolCall, ToolResult
from apps.providers.openai_api.client import close_client
from apps.providers.profiles.versions import profile_now, save_profile
from apps.providers.responses.provider import MAX_ROUNDS, Responses
from tests.providers.openai_api.answers import Call, answer
from tests.providers.openai_api.scripted_upstream import ScriptedUpstream
from tests.providers.responses.asking import HoldingToolbox, MeetingToolbox, hear, turn

pytestmark = pytest.mark.django_db


def quotes(*symbols: str) -> list[Call]:
    return [Call(name="get_quote", arguments={"symbol": symbol}, call_id=f"call_{symbol}") for symbol in symbols]


async def test_the_calls_of_a_round_run_at_once(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(answer(calls=quotes("TSLA", "NVDA", "SPY")), answer("So."))
    heard = await hear(turn(toolbox=MeetingToolbox(together=3)))
    assert [result.ok for result in heard.results] == [True, True, True]
    kinds = [type(event) for event in heard.events if isinstance(event, ToolCall | ToolResult)]
    assert kinds == [ToolCall] * 3 + [ToolResult] * 3


async def test_a_result_is_told_as_soon_as_it_is_there_and_sent_in_the_order_of_the_calls(
    upstream_server: ScriptedUpstream,
) -> None:
    upstream_server.will(answer(calls=quotes("TSLA", "NVDA")), answer("So."))
    toolbox = HoldingToolbox()
    toolbox.let_go("NVDA")
    results = []
    try:
        async with aclosing(Responses().stream(turn(toolbox=toolbox))) as events:
            async for event in events:
                if isinstance(event, ToolResult):
                    results.append(event)
                    toolbox.let_go("TSLA")
    finally:
        await close_client()
    assert [result.call_id for result in results] == ["call_NVDA", "call_TSLA"]
    assert [(result.latency_ms, result.retries) for result in results] == [(1.5, 1)] * 2
    outputs = upstream_server.requests[1].body["input"][-2:]
    assert [item["call_id"] for item in outputs] == ["call_TSLA", "call_NVDA"]


async def test_calls_under_way_are_stopped_with_the_turn(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(answer(calls=quotes("TSLA", "NVDA")))
    toolbox = HoldingToolbox()
    toolbox.let_go("NVDA")
    events = Responses().stream(turn(toolbox=toolbox))
    try:
        while not isinstance(await anext(events), ToolResult):
            pass
        await events.aclose()
    finally:
        await close_client()
    assert toolbox.stopped == ["TSLA"]


async def test_a_turn_that_is_cancelled_while_tools_run_stops_them(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(answer(calls=quotes("TSLA", "NVDA")))
    toolbox = HoldingToolbox()

    async def read() -> None:
        async with aclosing(Responses().stream(turn(toolbox=toolbox))) as events:
            async for _ in events:
                pass

    reading = asyncio.create_task(read())
    try:
        await toolbox.two_wait.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    finally:
        await close_client()
    assert sorted(toolbox.stopped) == ["NVDA", "TSLA"]


@pytest.mark.parametrize(
    ("call", "code", "arguments"),
    [
        (Call(name="get_quote", arguments='{"symbol": "TS'), "bad_arguments", {}),
        (Call(name="get_quote", arguments='["TSLA"]'), "bad_arguments", {}),
        (Call(name="get_quote", arguments=""), "bad_arguments", {}),
        (Call(name="get_quote", arguments={"ticker": "TSLA"}), "bad_arguments", {"ticker": "TSLA"}),
        (Call(name="get_the_moon", arguments={"symbol": "TSLA"}), "unknown_tool", {}),
        (Call(name="", arguments={}), "unknown_tool", {}),
        (Call(name="get_quote", arguments={"symbol": "NOSUCHTHING"}), "unknown_symbol", {"symbol": "NOSUCHTHING"}),
    ],
)
async def test_a_call_that_cannot_be_made_is_told_to_the_model(
    upstream_server: ScriptedUpstream, call: Call, code: str, arguments: dict[str, Any]
) -> None:
    upstream_server.will(answer(calls=[call]), answer("So."))
    heard = await hear(turn())
    assert [event.arguments for event in heard.calls] == [arguments]
    (result,) = heard.results
    assert (result.call_id, result.ok, result.result["error"]["code"]) == ("call_a", False, code)
    told = upstream_server.requests[1].body["input"][-1]
    assert told["call_id"] == "call_a"
    assert json.loads(told["output"]) == result.result
    assert heard.text == "So."


async def test_a_tool_that_the_profile_leaves_out_is_neither_offered_nor_run(
    upstream_server: ScriptedUpstream,
) -> None:
    profile = await in_database_thread(profile_now, "main")
    await in_database_thread(
        save_profile,
        name="main",
        instructions="Be brief.",
        model="gpt-6-luna",
        effort="low",
        effort_high_stakes="high",
        effort_voice="none",
        tools=["get_levels"],
        label_ids=[],
        note="",
        by="Bob",
        expected_version=profile.version,
    )
    upstream_server.will(answer(calls=quotes("TSLA")), answer("So."))
    heard = await hear(turn("hello"))
    body = upstream_server.requests[0].body
    assert [tool["name"] for tool in body["tools"]] == ["get_levels"]
    assert (body["model"], body["instructions"]) == ("gpt-6-luna", "Be brief.")
    assert (body["reasoning"], body["prompt_cache_key"]) == ({"effort": "low"}, f"gvses-main-v{profile.version + 1}")
    assert heard.meta["profile_version"] == profile.version + 1
    assert heard.results[0].result["error"]["code"] == "unknown_tool"


async def test_ids_that_a_server_uses_again_are_told_apart(upstream_server: ScriptedUpstream) -> None:
    again = [Call(name="get_quote", arguments={"symbol": symbol}, call_id="call_0") for symbol in ("TSLA", "NVDA")]
    upstream_server.will(answer(calls=[again[0]]), answer(calls=again), answer("So."))
    heard = await hear(turn())
    assert [call.call_id for call in heard.calls] == ["call_0", "call_0_2", "call_0_3"]
    assert {result.call_id: result.result["symbol"] for result in heard.results} == {
        "call_0": "TSLA",
        "call_0_2": "TSLA",
        "call_0_3": "NVDA",
    }
    # The server gets its own ids back.
    assert {item["call_id"] for item in upstream_server.requests[2].body["input"] if "call_id" in item} == {"call_0"}


async def test_an_id_or_a_name_too_long_for_the_log_is_shortened_there(upstream_server: ScriptedUpstream) -> None:
    long = Call(name="get_" + "x" * 200, arguments={}, call_id="c" * 300)
    upstream_server.will(answer(calls=[long]), answer("So."))
    heard = await hear(turn())
    assert (len(heard.calls[0].name), heard.calls[0].call_id) == (64, "call")
    assert upstream_server.requests[1].body["input"][-1]["call_id"] == long.call_id


async def test_tools_are_not_called_for_ever(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(*(answer(calls=quotes("TSLA")) for _ in range(MAX_ROUNDS)))
    heard = await hear(turn())
    assert heard.error is not None
    assert heard.error.code == "tool_loop"
    assert len(upstream_server.requests) == MAX_ROUNDS
    assert len(heard.usages) == MAX_ROUNDS
    # Nobody would have read the results of the last round.
    assert len(heard.calls) == len(heard.results) == MAX_ROUNDS - 1


async def test_the_eighth_round_may_still_answer(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(*(answer(calls=quotes("TSLA")) for _ in range(MAX_ROUNDS - 1)), answer("So."))
    heard = await hear(turn())
    assert heard.text == "So."
    assert heard.done
