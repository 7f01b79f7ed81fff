"""An answer over the Responses API: what is sent, what is emitted, round by round."""

from typing import Any

import pytest

from apps.core.threads import in_database_thread
from apps.providers import registry
from apps.providers.events import Done, Meta, Text, ToolCall, ToolResult, Usage
from apps.providers.profiles.versions import profile_now
from apps.providers.protocol import Message
from apps.providers.sidecar import Sidecar
from tests.providers.asking import toolbox_at_now
from tests.providers.openai_api.answers import MODEL, USAGE, Call, answer
from tests.providers.openai_api.scripted_upstream import ScriptedUpstream
from tests.providers.responses.asking import REQUEST_ID, hear, turn

pytestmark = pytest.mark.django_db

QUOTE = Call(name="get_quote", arguments={"symbol": "TSLA"}, call_id="call_q")
LEVELS = Call(name="get_levels", arguments={"symbol": "TSLA"}, call_id="call_l")


def test_the_provider_is_registered() -> None:
    assert registry.get_provider("responses").name == "responses"


async def test_text_streams_as_it_comes(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(answer("TSLA ", "closed ", "higher."))
    heard = await hear(turn())
    assert heard.kinds == [Meta, Text, Usage, Done]
    assert heard.text == "TSLA closed higher."
    assert (heard.done.provider, heard.done.model) == ("responses", MODEL)
    assert heard.done.request_id == str(REQUEST_ID)
    assert set(heard.done.sidecar) == set(Sidecar(intent="quote").as_json())


async def test_the_first_event_says_who_answers_and_how(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(answer("Yes."))
    heard = await hear(turn("What is the price of TSLA?"))
    assert heard.meta == {
        "intent": "quote",
        "profile": "main",
        "profile_version": 1,
        "model": "gpt-6.1-terra",
        "effort": "medium",
    }


async def test_what_is_sent_is_the_profile_the_question_and_the_tools(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(answer("Yes."))
    await hear(turn("What is the price of TSLA?", person_hash="a1b2c3"))
    (request,) = upstream_server.requests
    assert (request.method, request.path) == ("POST", "/v1/responses")
    profile = await in_database_thread(profile_now, "main")
    tools = request.body.pop("tools")
    assert request.body == {
        "model": profile.model,
        "instructions": profile.instructions,
        "input": [{"type": "message", "role": "user", "content": "What is the price of TSLA?"}],
        "reasoning": {"effort": "medium"},
        "parallel_tool_calls": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "gvses-main-v1",
        "safety_identifier": "a1b2c3",
        "store": False,
        "stream": True,
    }
    assert [tool["name"] for tool in tools] == [schema["name"] for schema in toolbox_at_now().schemas()]
    assert all(tool["strict"] and tool["type"] == "function" for tool in tools)


async def test_nobody_is_named_where_nobody_is_known(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(answer("Yes."))
    await hear(turn(person_hash=""))
    assert "safety_identifier" not in upstream_server.requests[0].body


async def test_the_conversation_goes_before_the_question(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(answer("Yes."))
    await hear(
        turn(
            "And its levels?",
            Message(role="user", content="Price of TSLA?"),
            Message(role="assistant", content="It closed at 250."),
        )
    )
    assert upstream_server.requests[0].body["input"] == [
        {"type": "message", "role": "user", "content": "Price of TSLA?"},
        {"type": "message", "role": "assistant", "content": "It closed at 250."},
        {"type": "message", "role": "user", "content": "And its levels?"},
    ]


async def test_each_call_names_itself_and_carries_the_key(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(answer(calls=[QUOTE]), answer("Done."))
    await hear(turn())
    assert [request.headers["x-client-request-id"] for request in upstream_server.requests] == [
        f"gvses.responses.{REQUEST_ID}.1",
        f"gvses.responses.{REQUEST_ID}.2",
    ]
    assert {request.headers["authorization"] for request in upstream_server.requests} == {"Bearer sk-alice"}


@pytest.mark.parametrize(
    ("question", "is_voice", "effort"),
    [
        ("What is the price of TSLA?", False, "medium"),
        ("Give me a trade plan for TSLA", False, "high"),
        ("Give me a trade plan for TSLA", True, "low"),
    ],
)
async def test_the_effort_follows_the_stakes_and_the_voice(
    upstream_server: ScriptedUpstream, question: str, is_voice: bool, effort: str
) -> None:
    upstream_server.will(answer("Yes."))
    heard = await hear(turn(question, is_voice=is_voice))
    assert heard.meta["effort"] == effort
    assert upstream_server.requests[0].body["reasoning"] == {"effort": effort}


async def test_a_spoken_answer_is_asked_for_as_such(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(answer("Yes."))
    await hear(turn(is_voice=True))
    instructions = upstream_server.requests[0].body["instructions"]
    told = (await in_database_thread(profile_now, "main")).instructions
    # The cached start of the prompt is the same, spoken or not.
    assert instructions.startswith(told)
    assert "aloud" in instructions.removeprefix(told)


async def test_two_rounds_of_tools_lead_to_an_answer(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(
        answer("Let me look.", calls=[QUOTE], reasons=True), answer(calls=[LEVELS]), answer("It is ", "so.")
    )
    heard = await hear(turn("levels of TSLA"))
    assert heard.kinds == [
        *(Meta, Text, Usage, ToolCall, ToolResult),
        *(Usage, ToolCall, ToolResult),
        *(Text, Usage, Done),
    ]
    assert heard.text == "Let me look.\n\nIt is so."
    assert [(call.call_id, call.name, call.arguments) for call in heard.calls] == [
        ("call_q", "get_quote", {"symbol": "TSLA"}),
        ("call_l", "get_levels", {"symbol": "TSLA"}),
    ]
    real = await toolbox_at_now().call("get_levels", {"symbol": "TSLA"})
    assert heard.results[1].result == real.result
    assert heard.results[1].latency_ms > 0
    assert heard.done.sidecar["symbols"] == ["TSLA"]


async def test_a_later_round_is_sent_all_that_came_before(upstream_server: ScriptedUpstream) -> None:
    first = answer("Let me look.", calls=[QUOTE], reasons=True)
    upstream_server.will(first, answer(calls=[LEVELS]), answer("So."))
    await hear(turn())
    one, two, three = (request.body["input"] for request in upstream_server.requests)
    assert two[: len(one)] == one
    assert three[: len(two)] == two
    reasoning, message, call, output = two[len(one) :]
    assert [reasoning, message, call] == first[-1]["response"]["output"]
    assert reasoning["encrypted_content"] == "gAAAAsealed"
    assert (output["type"], output["call_id"]) == ("function_call_output", "call_q")
    assert '"symbol":"TSLA"' in output["output"]
    assert [item["type"] for item in three[len(two) :]] == ["function_call", "function_call_output"]


async def test_the_bulk_of_a_result_goes_to_the_page_and_not_to_the_model(upstream_server: ScriptedUpstream) -> None:
    bars = Call(name="get_bars", arguments={"symbol": "TSLA", "timeframe": "1Y"})
    upstream_server.will(answer(calls=[bars]), answer("So."))
    heard = await hear(turn("chart of TSLA"))
    assert len(heard.results[0].result["bars"]) > 200
    sent = upstream_server.requests[1].body["input"][-1]["output"]
    assert '"n_bars":' in sent
    assert '"bars":' not in sent
    assert heard.done.sidecar["charts"][0]["call_id"] == "call_a"


async def test_usage_is_told_for_each_round_with_the_model_of_the_server(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(
        answer(calls=[QUOTE], model="gpt-4o", usage=USAGE), answer("So.", model="sandbox/gpt-4o", usage=USAGE)
    )
    heard = await hear(turn())
    one, two = heard.usages
    assert (one.tokens_input, one.tokens_output, one.tokens_cached, one.tokens_reasoning) == (1000, 100, 400, 60)
    assert one.cost_usd == pytest.approx((600 * 2.5 + 400 * 1.25 + 100 * 10) / 1_000_000)
    assert two.cost_usd == 0.0
    assert heard.done.model == "sandbox/gpt-4o"


async def test_a_server_that_names_no_model_and_counts_nothing_is_still_a_server(
    upstream_server: ScriptedUpstream,
) -> None:
    events = answer("So.", usage=None)
    del events[-1]["response"]["model"]
    upstream_server.will(events)
    heard = await hear(turn())
    assert heard.usages == []
    assert heard.done.model == (await in_database_thread(profile_now, "main")).model


async def test_a_refusal_is_an_answer(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(answer(refusal="I cannot help with that."))
    heard = await hear(turn())
    assert heard.text == "I cannot help with that."
    assert heard.done


async def test_a_message_without_pieces_is_told_whole(upstream_server: ScriptedUpstream) -> None:
    events = [event for event in answer("All ", "at once.") if not event["type"].endswith(".delta")]
    upstream_server.will(events)
    assert (await hear(turn())).text == "All at once."


async def test_items_left_out_of_the_last_event_are_taken_from_their_own(upstream_server: ScriptedUpstream) -> None:
    events = answer(calls=[QUOTE], reasons=True)
    output = events[-1]["response"].pop("output")
    upstream_server.will(events, answer("So."))
    heard = await hear(turn())
    assert heard.text == "So."
    assert upstream_server.requests[1].body["input"][1:3] == output


async def test_two_messages_of_one_round_stand_apart(upstream_server: ScriptedUpstream) -> None:
    events = answer("First.")
    second: list[dict[str, Any]] = [
        {**event, "item_id": "msg_2", "delta": "Second."}
        for event in events
        if event["type"] == "response.output_text.delta"
    ]
    upstream_server.will([*events[:-1], *second, events[-1]])
    assert (await hear(turn())).text == "First.\n\nSecond."


async def test_what_no_database_keeps_is_taken_out_of_the_text(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(answer("So\x00.", "\x00", " \ud83d!"))
    assert (await hear(turn())).text == "So. ?!"


async def test_events_that_are_not_known_change_nothing(upstream_server: ScriptedUpstream) -> None:
    events = answer("So.")
    unknown = {"type": "response.telepathy.delta", "delta": "?", "sequence_number": 3}
    upstream_server.will([unknown, *events[:4], unknown, *events[4:]])
    heard = await hear(turn())
    assert heard.text == "So."
    assert heard.done


async def test_rounds_share_a_connection(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(answer(calls=[QUOTE]), answer(calls=[LEVELS]), answer("So."))
    await hear(turn())
    assert len({request.connection for request in upstream_server.requests}) == 1
