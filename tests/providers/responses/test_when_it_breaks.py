"""Each way in which an answer can fail has its code, and what it used up is counted all the same."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from django.conf import LazySettings

from apps.providers.errors import (
    AccessRefused,
    NotConfigured,
    ProviderError,
    ProviderProtocolError,
    ProviderUnavailable,
    RequestRejected,
)
from apps.providers.events import Done, Meta, Text, Usage
from apps.providers.openai_api.client import close_client
from apps.providers.profiles.versions import ProfileMissing
from apps.providers.responses import provider
from apps.providers.responses.provider import Responses
from tests.providers.openai_api.answers import Call, answer, error_event, failed, incomplete, response
from tests.providers.openai_api.scripted_upstream import Refusal, ScriptedUpstream, Stream
from tests.providers.responses.asking import hear, turn

pytestmark = pytest.mark.django_db

#: A stream up to and with its second piece of text.
BEGUN = answer("One ", "two.")[:6]
QUOTE = Call(name="get_quote", arguments={"symbol": "TSLA"})


def completed(**fields: Any) -> dict[str, Any]:
    return {"type": "response.completed", "sequence_number": 9, "response": response("completed", **fields)}


@pytest.mark.parametrize(
    ("last", "kind", "code"),
    [
        (failed("server_error"), ProviderUnavailable, "upstream_failed"),
        (failed("rate_limit_exceeded"), ProviderUnavailable, "rate_limited"),
        (failed("insufficient_quota"), AccessRefused, "quota"),
        (failed("invalid_prompt"), RequestRejected, "rejected"),
        (incomplete("max_output_tokens"), ProviderProtocolError, "incomplete"),
        (incomplete("content_filter"), RequestRejected, "content_filter"),
    ],
)
async def test_a_call_that_failed_is_counted_before_it_is_an_error(
    upstream_server: ScriptedUpstream, last: dict[str, Any], kind: type[ProviderError], code: str
) -> None:
    upstream_server.will([*BEGUN, last])
    heard = await hear(turn())
    assert heard.kinds == [Meta, Text, Usage]
    assert heard.usages[0].tokens_input == 1000
    assert (type(heard.error), heard.error.code if heard.error else "") == (kind, code)
    assert "vendor" not in str(heard.error)


@pytest.mark.parametrize(
    ("last", "code"),
    [
        (error_event("server_error"), "upstream_failed"),
        (error_event(None), "upstream_failed"),
        (error_event("rate_limit_exceeded"), "rate_limited"),
        (error_event("insufficient_quota"), "quota"),
    ],
)
async def test_an_error_event_ends_the_turn(upstream_server: ScriptedUpstream, last: dict[str, Any], code: str) -> None:
    upstream_server.will([*BEGUN, last])
    heard = await hear(turn())
    assert heard.text == "One two."
    assert heard.error is not None
    assert heard.error.code == code


@pytest.mark.parametrize(
    ("events", "code"),
    [
        (BEGUN, "no_terminal_event"),
        ([], "no_terminal_event"),
        ([*BEGUN, b"data: [DONE]\n\n"], "no_terminal_event"),
        (answer(), "empty"),
        (answer(" ", "\n"), "empty"),
        (answer(reasons=True), "empty"),
        ([*BEGUN, b'data: {"type": "response.outp\n\n'], "malformed"),
        ([*BEGUN, b"data: 5\n\n"], "malformed"),
        ([*BEGUN, b"data: null\n\n"], "malformed"),
        ([*BEGUN, b"data: []\n\n"], "malformed"),
        ([*BEGUN, b'data: "text"\n\n'], "malformed"),
        ([*BEGUN, b'data: {"delta": "three"}\n\n'], "malformed"),
        ([*BEGUN, b'data: {"type": 7}\n\n'], "malformed"),
        ([*BEGUN, {"type": "response.output_text.delta", "delta": None}], "malformed"),
        ([*BEGUN, {"type": "response.output_text.delta", "delta": ["three"]}], "malformed"),
        ([*BEGUN, {"type": "response.output_item.done", "item": None}], "malformed"),
        ([*BEGUN, {"type": "response.completed"}], "malformed"),
        ([*BEGUN, {"type": "response.completed", "response": None}], "malformed"),
        ([*BEGUN, {"type": "response.failed", "response": "failed"}], "malformed"),
        ([*BEGUN, completed(output=["text"])], "malformed"),
        ([completed(output=[{"type": "function_call", "name": "get_quote"}])], "malformed"),
        (
            [completed(output=[{"type": "function_call", "name": None, "call_id": "c", "arguments": "{}"}])],
            "malformed",
        ),
        ([{"type": "response.failed", "response": {}}], "upstream_failed"),
        ([{"type": "response.failed", "response": {"error": "failed"}}], "upstream_failed"),
        ([{"type": "response.incomplete", "response": {"incomplete_details": "length"}}], "incomplete"),
        ([*BEGUN, {"type": "response.completed", "response": {"status": "incomplete"}}], "incomplete"),
        ([*BEGUN, {"type": "response.completed", "response": {"status": "failed"}}], "upstream_failed"),
    ],
)
async def test_an_answer_that_is_none_is_no_answer(
    upstream_server: ScriptedUpstream, events: list[dict[str, Any] | bytes], code: str
) -> None:
    upstream_server.will(Stream(events=events))
    heard = await hear(turn())
    assert heard.error is not None
    assert heard.error.code == code
    assert Done not in heard.kinds


@pytest.mark.parametrize(
    ("upstream", "code"),
    [
        (Stream(events=BEGUN, then="cut"), "cut"),
        (Stream(events=BEGUN, then="hold"), "stalled"),
        (Refusal(status=401), "unauthorized"),
        (Refusal(status=429, headers={"retry-after": "3"}), "rate_limited"),
        (Refusal(status=500), "server_error"),
    ],
)
@pytest.mark.parametrize("after_tools", [False, True])
async def test_what_breaks_on_the_wire_has_its_code_in_every_round(
    upstream_server: ScriptedUpstream,
    settings: LazySettings,
    upstream: Stream | Refusal,
    code: str,
    after_tools: bool,
) -> None:
    settings.CHUNK_GAP_DEADLINE_S = 0.5
    upstream_server.will(*([answer(calls=[QUOTE])] if after_tools else []), upstream)
    heard = await hear(turn())
    assert heard.error is not None
    assert heard.error.code == code
    assert len(heard.usages) == (1 if after_tools else 0)


async def test_text_before_a_tool_is_no_answer_by_itself(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(answer("Let me look.", calls=[QUOTE]), answer())
    heard = await hear(turn())
    assert heard.error is not None
    assert heard.error.code == "empty"


async def test_a_server_that_holds_the_connection_after_a_whole_answer_spoils_nothing(
    upstream_server: ScriptedUpstream,
) -> None:
    upstream_server.will(Stream(events=answer("So."), then="hold"))
    heard = await hear(turn())
    assert heard.text == "So."
    assert heard.done


async def test_a_cut_after_a_whole_answer_spoils_nothing(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(Stream(events=[*answer("So."), b"data: {broken"], then="cut"))
    assert (await hear(turn())).done


async def test_closing_the_turn_closes_the_stream(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(Stream(events=BEGUN, then="hold"))
    events = Responses().stream(turn())
    try:
        while not isinstance(await anext(events), Text):
            pass
        assert not upstream_server.left.is_set()
        await events.aclose()
        assert await asyncio.to_thread(upstream_server.left.wait, 5)
    finally:
        await close_client()


@pytest.mark.parametrize("begun", [[], BEGUN])
async def test_cancelling_the_turn_closes_the_stream(
    upstream_server: ScriptedUpstream, begun: list[dict[str, Any]]
) -> None:
    upstream_server.will(Stream(events=begun, then="hold"))

    async def read() -> None:
        async with aclosing(Responses().stream(turn())) as events:
            async for _ in events:
                pass

    reading = asyncio.create_task(read())
    try:
        assert await asyncio.to_thread(upstream_server.asked.wait, 5)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await asyncio.to_thread(upstream_server.left.wait, 5)
    finally:
        await close_client()


async def test_a_profile_that_is_missing_is_a_provider_that_is_not_set_up(
    upstream_server: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ProfileMissing(f"There is no assistant profile “{name}”.")

    monkeypatch.setattr(provider, "profile_now", missing)
    heard = await hear(turn())
    assert heard.events == []
    assert isinstance(heard.error, NotConfigured)


def test_without_a_key_it_says_why_it_cannot_serve(settings: LazySettings) -> None:
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = ""
    settings.GVSES_SANDBOX = False
    assert Responses().why_unavailable() == "has no key: OPENAI_API_KEY is not set"
    settings.OPENAI_API_KEY = "sk-alice"
    assert Responses().why_unavailable() is None
