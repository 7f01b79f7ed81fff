"""A parameter that a server refuses and a request can do without is left out, once and then for an hour."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings

from apps.providers.agents_sdk.provider import AgentsSdk
from apps.providers.errors import AccessRefused, ProviderError, RequestRejected
from apps.providers.events import Text
from apps.providers.openai_api import refused_parameters
from apps.providers.openai_api.client import close_client, openai_client
from apps.providers.openai_api.failures import translated
from apps.providers.openai_api.refused_parameters import OPTIONAL, forget_refusals
from apps.providers.openai_api.upstream import OPENAI_URL
from apps.providers.responses.provider import Responses
from apps.providers.workflow.classifier_calls import forget_servers
from apps.providers.workflow.provider import Workflow
from tests.providers.openai_api.answers import answer, response
from tests.providers.openai_api.scripted_upstream import Refusal, ScriptedUpstream
from tests.providers.responses.asking import turn

pytestmark = pytest.mark.django_db(transaction=True)
PARAMETERS = [
    ("reasoning.effort", "reasoning"),
    ("reasoning", "reasoning"),
    ("include", "include"),
    ("include[0]", "include"),
    ("prompt_cache_key", "prompt_cache_key"),
    ("safety_identifier", "safety_identifier"),
    ("parallel_tool_calls", "parallel_tool_calls"),
    ("store", "store"),
]
STRICT = ["strict", "tools[0].strict", "tools.0.function.strict"]


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    forget_refusals()
    forget_servers()
    yield
    forget_refusals()
    forget_servers()


def refuses(param: Any, code: str | None = "unsupported_parameter") -> Refusal:
    error = {"message": "vendor words", "type": "invalid_request_error", "code": code, "param": param}
    return Refusal(status=400, body={"error": error})


def bodies(upstream: ScriptedUpstream) -> list[dict[str, Any]]:
    return [request.body for request in upstream.requests]


async def ask(provider: Any = Responses) -> str:
    """The answer of one turn, asked by somebody known."""
    request = turn("Say something about IBM.", person_hash="a hash of Alice")
    try:
        events = [event async for event in provider().stream(request)]
    finally:
        await close_client()
    return "".join(event.content for event in events if isinstance(event, Text))


@pytest.mark.parametrize("provider", [Responses, AgentsSdk])
@pytest.mark.parametrize(("param", "name"), PARAMETERS)
async def test_a_refused_parameter_is_left_out_and_the_turn_goes_on(
    upstream_server: ScriptedUpstream, provider: Any, param: str, name: str
) -> None:
    upstream_server.will(refuses(param), answer("Whole."))
    assert await ask(provider) == "Whole."
    first, second = bodies(upstream_server)
    assert name in first
    assert second == {key: value for key, value in first.items() if key != name}


@pytest.mark.parametrize("provider", [Responses, AgentsSdk])
@pytest.mark.parametrize("param", STRICT)
async def test_tools_are_sent_without_strict(upstream_server: ScriptedUpstream, provider: Any, param: str) -> None:
    upstream_server.will(refuses(param), answer("Whole."))
    assert await ask(provider) == "Whole."
    first, second = bodies(upstream_server)
    assert [tool["strict"] for tool in first["tools"]]
    assert second == {
        **first,
        "tools": [{key: value for key, value in tool.items() if key != "strict"} for tool in first["tools"]],
    }


async def test_the_workflow_s_classifier_and_agent_go_on_as_well(upstream_server: ScriptedUpstream) -> None:
    form = json.dumps({"intent": "education", "symbol": None, "confidence": 0.9})
    message = {"type": "message", "id": "m", "role": "assistant", "content": [{"type": "output_text", "text": form}]}
    upstream_server.will(
        Refusal(status=404),  # the decisions API
        refuses("reasoning.effort"),
        refuses("text.format.strict"),
        Refusal(status=200, body=response("completed", output=[message])),
        refuses("include"),
        answer("Whole."),
    )
    assert await ask(Workflow) == "Whole."
    _, *classifying, asked, asked_again = bodies(upstream_server)
    assert ["reasoning" in body for body in classifying] == [True, False, False]
    assert ["strict" in body["text"]["format"] for body in classifying] == [True, True, False]
    assert "include" in asked
    assert "include" not in asked_again


@pytest.mark.parametrize("provider", [Responses, AgentsSdk])
async def test_a_server_may_refuse_one_after_the_other(upstream_server: ScriptedUpstream, provider: Any) -> None:
    upstream_server.will(*(refuses(name) for name in sorted(OPTIONAL)), answer("Whole."))
    assert await ask(provider) == "Whole."
    assert not OPTIONAL & set(bodies(upstream_server)[-1])


async def test_later_turns_do_not_pay_and_the_log_says_it_once(
    upstream_server: ScriptedUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    upstream_server.will(refuses("include"), answer("One."), answer("Two."), answer("Three."))
    assert [await ask(), await ask(), await ask(AgentsSdk)] == ["One.", "Two.", "Three."]
    assert ["include" in body for body in bodies(upstream_server)] == [True, False, False, False]
    told = [record for record in caplog.records if record.message == "Server refuses a parameter"]
    assert [(record.levelno, record.parameter, record.server) for record in told] == [  # type: ignore[attr-defined]
        (logging.WARNING, "include", "127.0.0.1")
    ]


async def test_after_an_hour_the_server_is_asked_again(
    upstream_server: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = 1000.0
    monkeypatch.setattr(refused_parameters, "monotonic", lambda: clock)
    upstream_server.will(refuses("include"), answer("One."), answer("Two."), answer("Three."))
    await ask()
    clock += 3599
    await ask()
    clock += 2
    await ask()
    assert ["include" in body for body in bodies(upstream_server)] == [True, False, False, True]


async def test_another_model_of_the_same_server_is_sent_the_parameter(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(refuses("store"), answer("One."), answer("Two."), answer("Three."))
    client = await openai_client()
    for model in ("plain", "plain", "other"):
        await (await client.responses.create(model=model, input="q", store=False, stream=True)).close()
    await close_client()
    assert ["store" in body for body in bodies(upstream_server)] == [True, False, False, True]


async def test_a_refused_value_says_nothing_of_other_values(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(refuses("reasoning.effort", "unsupported_value"), *(answer("One."),) * 3)
    client = await openai_client()
    for effort in ("none", "low", "none"):
        how: dict[str, Any] = {"reasoning": {"effort": effort}}
        await (await client.responses.create(model="m", input="q", stream=True, **how)).close()
    await close_client()
    assert [body.get("reasoning") for body in bodies(upstream_server)] == [
        {"effort": "none"},
        None,
        {"effort": "low"},
        None,
    ]


@pytest.mark.parametrize("param", ["input", "tools", "tools[0].name", "instructions", "", None, 7, ["include"]])
async def test_every_other_refusal_stays_one(upstream_server: ScriptedUpstream, param: Any) -> None:
    upstream_server.will(refuses(param))
    with pytest.raises(RequestRejected):
        await ask()
    assert len(upstream_server.requests) == 1


async def test_a_server_that_refuses_what_it_was_not_sent_is_not_asked_for_ever(
    upstream_server: ScriptedUpstream,
) -> None:
    upstream_server.will(refuses("include"), refuses("include"))
    with pytest.raises(RequestRejected):
        await ask()
    assert len(upstream_server.requests) == 2


async def test_openai_is_never_left_to_keep_what_it_was_told_to_forget(
    upstream_server: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert OPENAI_URL.startswith("https://api.openai.com")
    monkeypatch.setattr(refused_parameters, "OPENAI_URL", upstream_server.base_url)
    upstream_server.will(refuses("store"))
    with pytest.raises(RequestRejected):
        await ask()
    assert len(upstream_server.requests) == 1


@pytest.mark.parametrize("provider", [Responses, AgentsSdk])
@pytest.mark.parametrize(
    "refusal", [refuses("model", None), refuses("model", "invalid_value"), refuses(None, "unknown_model")]
)
async def test_a_model_that_the_server_does_not_have_is_a_matter_of_set_up(
    upstream_server: ScriptedUpstream, settings: LazySettings, provider: Any, refusal: Refusal
) -> None:
    upstream_server.will(refusal)
    with pytest.raises(ProviderError) as caught:
        await ask(provider)
    error = caught.value
    assert (type(error), error.code) == (AccessRefused, "model_not_found")
    assert error.falls_back
    assert error.opens_circuit


async def test_the_request_itself_is_not_changed(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(refuses("strict"), answer("One."))
    body = {"model": "m", "tools": [{"name": "a", "strict": True}], "input": "q"}
    with translated():
        client = await openai_client()
        async with client.responses.with_streaming_response.create(stream=True, extra_body=body) as raw:
            await raw.read()
    await close_client()
    assert body["tools"] == [{"name": "a", "strict": True}]
    assert [request["tools"] for request in bodies(upstream_server)] == [
        [{"name": "a", "strict": True}],
        [{"name": "a"}],
    ]
