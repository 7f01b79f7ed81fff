"""`POST /responses` keeps OpenAI's contract: every event and object, strictly read, in the order of the real API."""

import json
import time
from typing import Any

import httpx2
import pytest
from django.conf import LazySettings
from openai.types.responses import Response
from pydantic import BaseModel

from apps.providers.openai_api.upstream import sandbox_key
from apps.sandbox.usage_count import tokens
from tests.sandbox.asking import RESPONSE, STREAM_EVENT, our_tools, parsed_events, run_calls, sdk

TEXT_EVENTS = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]
CALL_EVENTS = [
    "response.output_item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
]
FULL: dict[str, Any] = {
    "model": "gpt-6.1-terra",
    "instructions": "Answer from tools.",
    "reasoning": {"effort": "low", "summary": "auto"},
    "metadata": {"turn": "1"},
    "safety_identifier": "abc",
    "prompt_cache_key": "gvses-main-v3",
    "max_output_tokens": 4000,
    "max_tool_calls": 10,
    "temperature": 1,
    "top_p": 0.5,
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "text": {"format": {"type": "text"}, "verbosity": "low"},
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "truncation": "disabled",
}


async def events_of(base_url: str, **body: Any) -> list[dict[str, Any]]:
    """The raw events, each of which OpenAI's own types accept without turning one type into another."""
    headers = {"authorization": f"Bearer {sandbox_key()}"}
    async with httpx2.AsyncClient(headers=headers) as client:
        response = await client.post(f"{base_url}/responses", json={**FULL, "stream": True, **body})
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["x-request-id"].startswith("req_")
    events = parsed_events(response.text)
    for event in events:
        read = STREAM_EVENT.validate_python(event, strict=True)
        assert read.type == event["type"]
        assert set(event) <= names_of(type(read)), event["type"]
        if "response" in event:
            assert set(event["response"]) <= names_of(Response)
    return events


def names_of(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def without_repeats(names: list[str]) -> list[str]:
    return [name for index, name in enumerate(names) if index == 0 or names[index - 1] != name]


async def test_a_text_comes_in_the_events_and_the_order_of_the_real_api(base_url: str) -> None:
    events = await events_of(base_url, input="hello")
    assert without_repeats([event["type"] for event in events]) == TEXT_EVENTS
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    deltas = [event["delta"] for event in events if event["type"] == "response.output_text.delta"]
    assert len(deltas) > 20
    assert all(len(delta.split()) <= 1 for delta in deltas)
    whole = events[-1]["response"]
    assert "".join(deltas) == whole["output"][0]["content"][0]["text"] == events[-4]["text"]
    assert {event["item_id"] for event in events if "item_id" in event} == {whole["output"][0]["id"]}


async def test_calls_come_in_parallel_each_with_its_own_place_and_id(base_url: str) -> None:
    events = await events_of(base_url, input="Where would you enter IBM?", tools=our_tools())
    names = without_repeats([event["type"] for event in events])
    assert names == [*TEXT_EVENTS[:2], *CALL_EVENTS * 5, "response.completed"]
    calls = events[-1]["response"]["output"]
    assert next(call["name"] for call in calls) == "build_trade_plan"
    assert len({call["call_id"] for call in calls}) == len({call["id"] for call in calls}) == 5
    for index, call in enumerate(calls):
        pieces = [
            event["delta"]
            for event in events
            if event["type"] == "response.function_call_arguments.delta" and event["output_index"] == index
        ]
        assert "".join(pieces) == call["arguments"]
        assert json.loads(call["arguments"])["symbol"] == "IBM"


async def test_a_response_without_stream_is_the_same_object(base_url: str) -> None:
    async with sdk(base_url) as client:
        response = await client.responses.create(**FULL, input="hello", tools=our_tools("get_quote"))
    RESPONSE.validate_python(response.model_dump(by_alias=True, exclude_unset=True), strict=True)
    assert response.model == "sandbox/gpt-6.1-terra"
    assert response.status == "completed"
    assert response.output_text.startswith("Hello.")
    echoed = response.model_dump()
    for name in ("instructions", "metadata", "safety_identifier", "prompt_cache_key", "max_output_tokens", "top_p"):
        assert echoed[name] == FULL[name]
    assert response.reasoning
    assert response.reasoning.effort == "low"
    assert [tool.name for tool in response.tools if tool.type == "function"] == ["get_quote"]


async def test_the_sdk_reads_a_whole_conversation_strictly(base_url: str) -> None:
    """Items as the SDK gives them back: calls with ids, outputs, a message with parts; and a reasoning item."""
    items: list[Any] = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "input_text", "text": "Show me the AAPL chart"}]},
    ]
    async with sdk(base_url) as client:
        for _ in range(2):
            response = await client.responses.create(model="m", input=items, tools=our_tools())
            items += [item.model_dump(exclude_none=True) for item in response.output]
            items += [item for item in await run_calls(response) if item["type"] == "function_call_output"]
        assert response.output_text.startswith("**AAPL over")
        items.append({"type": "reasoning", "id": "rs_1", "summary": []})
        items.append({"role": "user", "content": "and 5Y"})
        stream = await client.responses.create(model="m", input=items, tools=our_tools(), stream=True)
        last = [event async for event in stream][-1]
    assert last.type == "response.completed"
    assert next(json.loads(call.arguments) for call in last.response.output if call.type == "function_call") == {
        "symbol": "AAPL",
        "timeframe": "5Y",
    }


async def test_usage_counts_the_words_and_marks_that_crossed_the_wire(base_url: str) -> None:
    async with sdk(base_url) as client:
        response = await client.responses.create(model="m", input="Hello, you!", instructions="Be kind.")
        longer = await client.responses.create(model="m", input="Hello, you! Please.", instructions="Be kind.")
        offered = await client.responses.create(model="m", input="Hello, you!", tools=our_tools("get_quote"))
    usage = response.usage
    assert usage
    # "Hello" "," "you" "!", "Be" "kind" ".", and "type" "text" of the format.
    assert usage.input_tokens == 9
    assert usage.output_tokens == tokens(response.output_text)
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert (usage.input_tokens_details.cached_tokens, usage.output_tokens_details.reasoning_tokens) == (0, 0)
    assert longer.usage
    assert longer.usage.input_tokens == usage.input_tokens + 2
    assert offered.usage
    assert offered.usage.input_tokens > 30


async def test_an_answer_beyond_the_limit_ends_incomplete(base_url: str) -> None:
    events = await events_of(base_url, input="hello", max_output_tokens=16)
    assert [event["type"] for event in events][-1] == "response.incomplete"
    whole = events[-1]["response"]
    assert whole["incomplete_details"] == {"reason": "max_output_tokens"}
    assert whole["output"][0]["status"] == "incomplete"
    assert whole["usage"]["output_tokens"] == 16


async def test_the_pace_of_the_settings_is_kept_between_words(base_url: str, settings: LazySettings) -> None:
    settings.SANDBOX_PACE_MS = 20
    async with sdk(base_url) as client:
        began = time.perf_counter()
        stream = await client.responses.create(model="m", input="thanks", stream=True)
        types = [event.type async for event in stream]
        took_s = time.perf_counter() - began
    n_deltas = types.count("response.output_text.delta")
    assert n_deltas > 5
    assert took_s >= 0.02 * (n_deltas - 1)


@pytest.mark.parametrize(
    ("choice", "tools", "names"),
    [
        ("none", our_tools(), []),
        ("auto", our_tools("get_quote"), ["get_quote"]),
        ("auto", our_tools("get_levels"), []),
        ("required", our_tools("get_levels"), ["get_levels"]),
        ({"type": "function", "name": "get_bars"}, our_tools(), ["get_bars"]),
    ],
)
async def test_only_offered_tools_are_called_and_a_choice_is_obeyed(
    base_url: str, choice: Any, tools: list[dict[str, Any]], names: list[str]
) -> None:
    async with sdk(base_url) as client:
        response = await client.responses.create(model="m", input="price of AAPL", tools=tools, tool_choice=choice)
    calls = [call for call in response.output if call.type == "function_call"]
    assert [call.name for call in calls] == names
    assert all(json.loads(call.arguments)["symbol"] == "AAPL" for call in calls)
    if not names:
        assert "I can say nothing about AAPL here" in response.output_text
