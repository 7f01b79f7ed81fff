"""The three ways to classify, in their order, and what makes one give way to the next."""

import asyncio
import time
from contextlib import aclosing
from typing import Any

import pytest

from apps.core.threads import in_database_thread
from apps.providers.errors import AccessRefused, ProviderError, ProviderUnavailable
from apps.providers.openai_api.client import close_client
from apps.providers.shipped import design_fields
from apps.providers.workflow import classifier_calls
from apps.providers.workflow.nodes import classify
from apps.providers.workflow.provider import Workflow
from tests.providers.openai_api.answers import answer, response
from tests.providers.openai_api.scripted_upstream import Refusal, ScriptedUpstream, Stream
from tests.providers.workflow.running import (
    COUNTED,
    LACKING,
    after,
    decision,
    form,
    make_request,
    put_live,
    run,
    run_to_failure,
    written,
)

pytestmark = pytest.mark.django_db

CHART = "Show me the IBM chart"
#: A server that answers nothing more until the client goes.
SILENT = Stream(events=[], then="hold")


def paths(server: ScriptedUpstream) -> list[str]:
    return [request.path.removeprefix("/v1") for request in server.requests]


def until_asked(server: ScriptedUpstream) -> None:
    give_up = time.monotonic() + 10
    while not server.requests and time.monotonic() < give_up:
        time.sleep(0.01)


async def test_the_decisions_api_is_asked_first(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(decision("chart", 0.83))
    answered = await run(CHART)
    assert answered.classified == {
        "node": "classify",
        "by": "decisions",
        "intent": "chart",
        "symbol": "IBM",
        "confidence": 0.83,
    }
    (asked,) = upstream_server.requests
    assert (asked.path, asked.body["model"]) == ("/v1/decisions", "gpt-6-luna")
    assert asked.headers["x-client-request-id"] == "gvses.workflow.00000000-0000-0000-0000-000000000001.1"
    assert asked.body["safety_identifier"] == "a hash of Alice"
    (question,) = asked.body["questions"]
    assert question["type"] == "choice"
    assert "execution" in [choice["value"] for choice in question["choices"]]
    assert all(choice["description"] for choice in question["choices"])


async def test_a_message_is_classified_with_what_was_said_before(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(decision("chart"))
    answered = await run("and MSFT?", history=after("first", "second", "third", CHART))
    said = [(message["role"], message["content"]) for message in upstream_server.requests[0].body["input"]]
    assert len(said) == classifier_calls.MESSAGES + 1
    assert said[-3:] == [("user", CHART), ("assistant", "Some answer."), ("user", "and MSFT?")]
    assert answered.classified["symbol"] == "MSFT"


async def test_what_the_classifier_used_is_counted(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(decision("chart"))
    (usage,) = (await run(CHART)).usage
    assert (usage.tokens_input, usage.tokens_output) == (200, 5)


async def test_a_server_without_decisions_fills_a_form(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(LACKING, form(intent="chart", symbol="IBM", confidence=0.9))
    answered = await run(CHART)
    assert answered.classified["by"] == "json_schema"
    body = upstream_server.requests[1].body
    assert (body["model"], body["store"], body["reasoning"]) == ("gpt-6-luna", False, {"effort": "none"})
    assert "stream" not in body
    assert body["text"]["format"]["strict"] is True
    assert "execution" in body["text"]["format"]["schema"]["properties"]["intent"]["enum"]
    assert upstream_server.requests[1].headers["x-client-request-id"].endswith(".2")


@pytest.mark.parametrize("status", [403, 404, 405, 501])
async def test_a_server_that_lacks_decisions_is_asked_for_them_once(
    upstream_server: ScriptedUpstream, status: int
) -> None:
    asked = form(intent="chart", symbol="IBM", confidence=0.9)
    upstream_server.will(Refusal(status=status, body={"error": {"message": "no"}}), asked, asked)
    await run(CHART)
    await run(CHART)
    assert paths(upstream_server) == ["/decisions", "/responses", "/responses"]


async def test_an_hour_later_it_is_asked_again(
    upstream_server: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier_calls, "ASK_AGAIN_S", 0.0)
    upstream_server.will(LACKING, form(intent="chart", symbol="IBM", confidence=0.9), decision("chart"))
    await run(CHART)
    assert (await run(CHART)).classified["by"] == "decisions"


async def test_another_server_is_asked_by_itself(upstream_server: ScriptedUpstream, settings: Any) -> None:
    upstream_server.will(LACKING, form(intent="chart", symbol="IBM", confidence=0.9), decision("chart"))
    await run(CHART)
    settings.OPENAI_BASE_URL = upstream_server.base_url.replace("127.0.0.1", "localhost")
    assert (await run(CHART)).classified["by"] == "decisions"


@pytest.mark.parametrize(
    "broken",
    [
        Refusal(status=200, body=b"<html>"),
        Refusal(status=200, body={}),
        Refusal(status=200, body=[]),
        Refusal(status=200, body={"answers": []}),
        Refusal(status=200, body={"answers": [{"type": "refusal", "name": "intent"}]}),
        decision("no such intent"),
        decision(True),
        decision("chart", 1.5),
        decision("chart", None),
        Refusal(status=400, body={"error": {"message": "no"}}),
        Refusal(status=500, body={"error": {"message": "no"}}),
        Stream(events=[b"{"], then="cut"),
    ],
)
async def test_a_broken_decision_gives_way_to_the_form(upstream_server: ScriptedUpstream, broken: Any) -> None:
    upstream_server.will(broken, form(intent="chart", symbol="IBM", confidence=0.9))
    assert (await run(CHART)).classified["by"] == "json_schema"


@pytest.mark.parametrize(
    "broken",
    [
        written("no JSON"),
        written(""),
        written("[]"),
        form(intent="chart"),
        form(intent="chart", symbol=None, confidence=2),
        form(intent="chart", symbol=7, confidence=1),
        form(intent="no such intent", symbol=None, confidence=0.9),
        Refusal(status=200, body=b"\xff"),
        Refusal(status=200, body={**response("completed"), "output": None}),
        Refusal(status=200, body={**response("completed"), "output": [{"content": [{"type": "output_text"}]}, 7]}),
        Refusal(status=404, body={"error": {"message": "no model", "code": "model_not_found"}}),
        Refusal(status=400, body={"error": {"message": "no such parameter"}}),
        Refusal(status=503, body={}),
    ],
)
async def test_a_broken_form_gives_way_to_the_rules(upstream_server: ScriptedUpstream, broken: Any) -> None:
    upstream_server.will(LACKING, broken)
    answered = await run(CHART)
    assert (answered.classified["by"], answered.classified["intent"]) == ("rules", "chart")
    assert answered.text.startswith("**IBM")


async def test_what_a_broken_form_used_is_counted(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(LACKING, written("no JSON"))
    (usage,) = (await run(CHART)).usage
    assert usage.tokens_input == 200


async def test_an_overloaded_server_is_not_asked_twice(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(Refusal(status=429, body={"error": {"message": "slow down"}}))
    assert (await run(CHART)).classified["by"] == "rules"
    assert paths(upstream_server) == ["/decisions"]


@pytest.mark.parametrize("is_voice", [False, True])
async def test_a_slow_classifier_does_not_eat_the_turn(
    upstream_server: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch, is_voice: bool
) -> None:
    monkeypatch.setattr(classify, "DEADLINE_VOICE_S" if is_voice else "DEADLINE_S", 0.5)
    upstream_server.will(SILENT)
    async with asyncio.timeout(10):
        answered = await run(CHART, is_voice=is_voice)
    assert (answered.classified["by"], answered.text[:5]) == ("rules", "**IBM")
    # The connection of the slow call is closed, not left to time out.
    assert await asyncio.to_thread(upstream_server.left.wait, 5)


def test_the_deadlines_leave_most_of_the_first_words_time_to_the_agent(settings: Any) -> None:
    assert settings.FIRST_TEXT_DEADLINE_S >= 4 * classify.DEADLINE_S
    assert settings.FIRST_TEXT_VOICE_DEADLINE_S >= 3 * classify.DEADLINE_VOICE_S


@pytest.mark.parametrize(
    ("status", "code", "ours"),
    [(401, "invalid_api_key", "unauthorized"), (429, "insufficient_quota", "quota")],
)
async def test_a_refused_key_and_an_empty_account_are_raised(
    upstream_server: ScriptedUpstream, status: int, code: str, ours: str
) -> None:
    upstream_server.will(Refusal(status=status, body={"error": {"message": "no", "code": code}}))
    with pytest.raises(AccessRefused) as refused:
        await run("What's the price of IBM?")
    assert refused.value.code == ours


async def test_a_key_that_may_do_nothing_is_raised_by_the_form(upstream_server: ScriptedUpstream) -> None:
    forbidden = Refusal(status=403, body={"error": {"message": "no"}})
    upstream_server.will(forbidden, forbidden)
    with pytest.raises(AccessRefused) as refused:
        await run("What's the price of IBM?")
    assert refused.value.code == "forbidden"


async def test_nobody_listening_is_raised(settings: Any) -> None:
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    with pytest.raises(ProviderUnavailable) as refused:
        await run("What's the price of IBM?")
    assert refused.value.code == "refused"


async def test_a_design_that_wants_another_model_asks_no_decision(upstream_server: ScriptedUpstream) -> None:
    design = design_fields()["graph"]
    design["nodes"]["classify"]["model"] = "gpt-6.1-terra"
    await in_database_thread(put_live, design)
    upstream_server.will(form(intent="chart", symbol="IBM", confidence=0.9))
    assert (await run(CHART)).classified["by"] == "json_schema"
    assert upstream_server.requests[0].body["model"] == "gpt-6.1-terra"


async def test_a_turn_that_ends_while_it_is_classified_leaves_no_connection(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(SILENT)
    try:
        async with aclosing(Workflow().stream(make_request(CHART))) as events:
            await anext(events)
            waiting = asyncio.ensure_future(anext(events))
            await asyncio.to_thread(until_asked, upstream_server)
            waiting.cancel()
            await asyncio.wait([waiting])
        assert await asyncio.to_thread(upstream_server.left.wait, 5)
    finally:
        await close_client()


async def test_only_our_errors_leave(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(LACKING, Refusal(status=500), Refusal(status=500))
    with pytest.raises(ProviderError):
        await run("What's the price of IBM?")


async def test_the_rules_classify_before_an_agent_too(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(Refusal(status=429), answer("IBM closed there."))
    answered = await run("What's the price of IBM?")
    assert (answered.classified["by"], answered.nodes[-1]) == ("rules", "agent")


@pytest.mark.parametrize(
    "broken",
    [decision("no such intent"), decision(True), Refusal(status=200, body={"answers": [], "usage": COUNTED})],
)
async def test_what_a_broken_decision_used_is_counted_also_where_the_form_fails_the_turn(
    upstream_server: ScriptedUpstream, broken: Refusal
) -> None:
    upstream_server.will(broken, Refusal(status=401, body={"error": {"message": "no", "code": "invalid_api_key"}}))
    failure, answered = await run_to_failure("What's the price of IBM?")
    assert failure.code == "unauthorized"
    assert [usage.tokens_input for usage in answered.usage] == [200]


async def test_what_a_form_without_output_used_is_counted(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(LACKING, Refusal(status=200, body={**response("completed", usage=COUNTED), "output": None}))
    assert [usage.tokens_input for usage in (await run(CHART)).usage] == [200]
