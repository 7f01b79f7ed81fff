"""What a run of an agent emits: text at once, tools and usage in their true order, one client for all."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from apps.market.tools.toolbox import ToolOutcome
from apps.providers.agents_runtime.stream import stream_agent
from apps.providers.events import Text, ToolCall, ToolResult, Usage
from tests.providers.agents_runtime.responses_wire import MODEL, Wire
from tests.providers.agents_runtime.running import make_agent, make_request, make_turn, run_agent, text_of
from tests.providers.agents_runtime.scripted_upstream import Reply, scripted_upstream
from tests.providers.asking import toolbox_at_now

QUOTE = ("get_quote", {"symbol": "IBM"})
LEVELS = ("get_levels", {"symbol": "IBM"})


async def test_an_answer_without_tools_is_its_text_and_its_usage() -> None:
    async with scripted_upstream(Wire().reasoning().text("Hello", " there.").completed()) as upstream:
        events = await run_agent()
    assert [type(event) for event in events] == [Text, Text, Usage]
    assert text_of(events) == "Hello there."
    assert events[-1] == Usage(tokens_input=120, tokens_output=30, tokens_cached=20, tokens_reasoning=10, model=MODEL)
    assert len(upstream.requests) == 1


async def test_tools_are_called_between_the_model_calls() -> None:
    async with scripted_upstream(
        Wire().text("Let me look.").calls(QUOTE).completed(), Wire().text("IBM stands there.").completed()
    ) as upstream:
        events = await run_agent()
    assert [type(event) for event in events] == [Text, Usage, ToolCall, ToolResult, Text, Usage]
    assert text_of(events) == "Let me look.\n\nIBM stands there."
    call, result = events[2:4]
    assert isinstance(call, ToolCall)
    assert isinstance(result, ToolResult)
    assert (call.call_id, call.name, call.arguments) == (result.call_id, "get_quote", {"symbol": "IBM"})
    assert result.ok
    read_by_model = upstream.requests[1]["input"][-1]
    assert (read_by_model["type"], read_by_model["call_id"]) == ("function_call_output", call.call_id)
    assert json.loads(read_by_model["output"])["close"] == result.result["close"]


async def test_messages_of_one_model_call_stand_apart() -> None:
    async with scripted_upstream(Wire().text("First.\n").text("\nSecond.").completed()):
        events = await run_agent()
    assert text_of(events) == "First.\n\nSecond."


async def test_a_message_without_pieces_is_read_whole() -> None:
    whole = [event for event in Wire().text("All at once.").completed() if "output_text" not in event["type"]]
    async with scripted_upstream(whole):
        assert text_of(await run_agent()) == "All at once."


async def test_items_that_the_last_event_leaves_out_are_not_lost() -> None:
    async with scripted_upstream(
        Wire().calls(QUOTE).completed(output=[]), Wire().text("There.").completed(output=[])
    ) as upstream:
        events = await run_agent()
    assert text_of(events) == "There."
    assert len(upstream.requests) == 2


async def test_a_refusal_is_read_as_the_answer() -> None:
    async with scripted_upstream(Wire().refusal("I will not say that.").completed()):
        assert text_of(await run_agent()) == "I will not say that."


async def test_every_call_carries_who_asks_and_what_it_may_keep() -> None:
    async with scripted_upstream(Wire().calls(QUOTE).completed(), Wire().text("There.").completed()) as upstream:
        await run_agent()
    ids = [headers["x-client-request-id"] for headers in upstream.headers]
    assert ids == [f"gvses.agents_sdk.{make_request().request_id}.{step}" for step in (1, 2)]
    for request in upstream.requests:
        assert request["stream"] is True
        assert request["store"] is False
        assert request["include"] == ["reasoning.encrypted_content"]
        assert request["reasoning"] == {"effort": "low"}
        assert request["parallel_tool_calls"] is True
        assert request["prompt_cache_key"] == "gvses-main-v1"
        assert request["safety_identifier"] == "a hash of Alice"
        assert [tool["strict"] for tool in request["tools"]] == [True, True, True]


async def test_reasoning_is_sent_along_to_the_next_call() -> None:
    async with scripted_upstream(
        Wire().reasoning().calls(QUOTE).completed(), Wire().text("There.").completed()
    ) as upstream:
        await run_agent()
    sealed = [item for item in upstream.requests[1]["input"] if item.get("type") == "reasoning"]
    assert [item["encrypted_content"] for item in sealed] == ["sealed"]


async def test_tools_reach_the_model_as_the_toolbox_describes_them() -> None:
    async with scripted_upstream(Wire().text("Hello.").completed()) as upstream:
        await run_agent()
    schemas = {schema["name"]: schema for schema in toolbox_at_now().schemas()}
    for tool in upstream.requests[0]["tools"]:
        assert tool["parameters"] == schemas[tool["name"]]["parameters"]
        assert tool["description"] == schemas[tool["name"]]["description"]


class SlowQuotes:
    """The real tools, except that a quote waits until the levels are read."""

    def __init__(self) -> None:
        self.levels_are_read = asyncio.Event()

    def schemas(self) -> list[dict[str, Any]]:
        return toolbox_at_now().schemas()

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        if name == "get_quote":
            await self.levels_are_read.wait()
        outcome = await toolbox_at_now().call(name, arguments)
        self.levels_are_read.set()
        return outcome


async def test_tools_run_beside_each_other_and_are_told_as_they_end() -> None:
    async with scripted_upstream(
        Wire().calls(QUOTE, LEVELS, call_ids=("q", "l")).completed(), Wire().text("There.").completed()
    ):
        events = await run_agent(make_request(toolbox=SlowQuotes()))
    told = [(event.type, event.call_id) for event in events if isinstance(event, ToolCall | ToolResult)]
    assert told == [("tool_call", "q"), ("tool_call", "l"), ("tool_result", "l"), ("tool_result", "q")]


@pytest.mark.parametrize("written", ["{", "[]", "null", '{"symbol": NaN}', "", '{"symbol": 1e999}'])
async def test_broken_arguments_are_an_error_that_the_model_mends(written: str) -> None:
    async with scripted_upstream(
        Wire().calls(("get_quote", written)).completed(),
        Wire().calls(QUOTE).completed(),
        Wire().text("There.").completed(),
    ) as upstream:
        events = await run_agent()
    results = [event for event in events if isinstance(event, ToolResult)]
    assert [result.ok for result in results] == [False, True]
    assert results[0].result["error"]["code"] == "bad_arguments"
    assert json.loads(upstream.requests[1]["input"][-1]["output"]) == results[0].result
    assert text_of(events) == "There."


async def test_arguments_that_do_not_fit_are_the_toolboxs_own_error() -> None:
    async with scripted_upstream(
        Wire().calls(("get_quote", {"ticker": "IBM"})).completed(), Wire().text("Sorry.").completed()
    ):
        events = await run_agent()
    (result,) = [event for event in events if isinstance(event, ToolResult)]
    assert result.result["error"]["code"] == "bad_arguments"


@pytest.mark.parametrize("name", ["get_dividends", "get_bars"])
async def test_a_tool_that_the_agent_does_not_have_is_an_error_that_the_model_mends(name: str) -> None:
    async with scripted_upstream(
        Wire().calls((name, {"symbol": "IBM"})).completed(), Wire().text("No such thing.").completed()
    ) as upstream:
        events = await run_agent()
    call, result = (event for event in events if isinstance(event, ToolCall | ToolResult))
    assert isinstance(call, ToolCall)
    assert isinstance(result, ToolResult)
    assert (call.name, result.ok, result.result["error"]["code"]) == (name, False, "unknown_tool")
    assert json.loads(upstream.requests[1]["input"][-1]["output"]) == result.result
    assert text_of(events) == "No such thing."


async def test_ids_that_a_server_uses_again_are_told_apart() -> None:
    async with scripted_upstream(
        Wire().calls(QUOTE, LEVELS, call_ids=("c", "c")).completed(),
        Wire().calls(QUOTE, call_ids=("c",)).completed(),
        Wire().calls(QUOTE, call_ids=("c" * 200,)).completed(),
        Wire().text("There.").completed(),
    ) as upstream:
        events = await run_agent()
    ids = [event.call_id for event in events if isinstance(event, ToolCall)]
    assert len(set(ids)) == 4
    assert max(map(len, ids)) <= 64
    assert sorted(ids) == sorted(event.call_id for event in events if isinstance(event, ToolResult))
    sent = upstream.requests[3]["input"]
    assert [item["call_id"] for item in sent if item.get("type") == "function_call"] == ids
    assert sorted(item["call_id"] for item in sent if item.get("type") == "function_call_output") == sorted(ids)


async def test_the_model_is_named_as_the_server_names_it() -> None:
    request = make_request()
    turn = await make_turn(request)
    agent = await make_agent(request)
    async with scripted_upstream(Wire().text("Hello.").completed()):
        async for _ in stream_agent(agent, turn=turn, input_items=[{"role": "user", "content": "Hello"}]):
            pass
    assert turn.model == MODEL
    assert turn.step == 1
    assert turn.text == "Hello."


async def test_a_server_that_counts_no_tokens_gets_no_usage() -> None:
    async with scripted_upstream(Wire().text("Hello.").completed(usage=None)):
        assert [type(event) for event in await run_agent()] == [Text]


async def test_ten_runs_at_a_time_share_one_client_and_do_not_mix() -> None:
    def answer(request: dict[str, Any]) -> Reply:
        question = request["input"][0]["content"]
        if request["input"][-1].get("type") == "function_call_output":
            return Reply(steps=Wire().text("Answer to ", question).completed())
        return Reply(steps=Wire().calls(QUOTE).completed())

    async with scripted_upstream(by=answer) as upstream:
        from apps.providers.openai_api.client import openai_client

        client = await openai_client()
        runs = [run_agent(make_request(f"Question {number}", number=number)) for number in range(1, 11)]
        answers = await asyncio.gather(*runs)
        assert await openai_client() is client
    assert [text_of(events) for events in answers] == [f"Answer to Question {number}" for number in range(1, 11)]
    assert len(upstream.requests) == 20
    # Connections are used again for the second call of each run.
    assert upstream.n_connections <= 10
