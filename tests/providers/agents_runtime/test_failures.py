"""Every way in which a model call fails has its own code, over a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.conf import LazySettings

from apps.providers.agents_runtime.stream import MAX_CALLS, stream_agent
from apps.providers.errors import (
    AccessRefused,
    ProviderError,
    ProviderProtocolError,
    ProviderUnavailable,
    RequestRejected,
)
from apps.providers.events import Event
from apps.providers.openai_api.client import close_client
from tests.providers.agents_runtime.responses_wire import Wire
from tests.providers.agents_runtime.running import make_agent, make_request, make_turn, run_agent
from tests.providers.agents_runtime.scripted_upstream import Reply, scripted_upstream

QUOTE = ("get_quote", {"symbol": "IBM"})


def refusal(status: int, code: str = "", **headers: str) -> Reply:
    body = {"error": {"message": "No.", "type": "an_error", "code": code or None, "param": None}}
    return Reply(status=status, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def without_end(wire: Wire) -> list[Any]:
    return list(wire.unfinished())


TABLE: dict[str, tuple[Any, type[ProviderError], str]] = {
    "401": (refusal(401), AccessRefused, "unauthorized"),
    "403": (refusal(403), AccessRefused, "forbidden"),
    "404": (refusal(404, "model_not_found"), AccessRefused, "model_not_found"),
    "429": (refusal(429, retry_after="7"), ProviderUnavailable, "rate_limited"),
    "429 quota": (refusal(429, "insufficient_quota"), AccessRefused, "quota"),
    "400": (refusal(400, "invalid_request"), RequestRejected, "rejected"),
    "500": (refusal(500), ProviderUnavailable, "server_error"),
    "stall before text": (["stall"], ProviderUnavailable, "stalled"),
    "stall after text": ([*without_end(Wire().text("Half")), "stall"], ProviderUnavailable, "stalled"),
    "cut before text": (["cut"], ProviderUnavailable, "cut"),
    "cut after text": ([*without_end(Wire().text("Half")), "cut"], ProviderUnavailable, "cut"),
    "clean end before text": (without_end(Wire()), ProviderProtocolError, "no_terminal_event"),
    "clean end after text": (without_end(Wire().text("Half")), ProviderProtocolError, "no_terminal_event"),
    "nothing at all": ([], ProviderProtocolError, "no_terminal_event"),
    "failed": (Wire().failed("server_error"), ProviderUnavailable, "upstream_failed"),
    "failed after text": (Wire().text("Half").failed("server_error"), ProviderUnavailable, "upstream_failed"),
    "failed by rate": (Wire().failed("rate_limit_exceeded"), ProviderUnavailable, "rate_limited"),
    "error event": (Wire().error("server_error"), ProviderUnavailable, "upstream_failed"),
    "error event on quota": (Wire().text("Half").error("insufficient_quota"), AccessRefused, "quota"),
    "incomplete": (Wire().text("Half").incomplete("max_output_tokens"), ProviderProtocolError, "incomplete"),
    "filtered": (Wire().text("Half").incomplete("content_filter"), RequestRejected, "content_filter"),
    "failed inside a whole": (
        Wire().text("Half").completed(status="failed", error={"code": "server_error", "message": "No."}),
        ProviderUnavailable,
        "upstream_failed",
    ),
    "incomplete inside a whole": (
        Wire().text("Half").completed(status="incomplete"),
        ProviderProtocolError,
        "incomplete",
    ),
    "no JSON": ([*without_end(Wire()), "data: {broken\n\n"], ProviderProtocolError, "malformed"),
    "no response in the end": (
        [*without_end(Wire().text("Half")), {"type": "response.completed", "sequence_number": 9}],
        ProviderProtocolError,
        "malformed",
    ),
    "items of no list": (Wire().text("Half").completed(output="x"), ProviderProtocolError, "malformed"),
    "a delta of no text": (
        [*without_end(Wire()), {"type": "response.output_text.delta", "item_id": "m", "delta": 7}],
        ProviderProtocolError,
        "malformed",
    ),
    "a call without a name": (
        Wire().completed(output=[{"type": "function_call", "call_id": "c", "arguments": "{}"}]),
        ProviderProtocolError,
        "malformed",
    ),
    "empty": (Wire().completed(), ProviderProtocolError, "empty"),
    "only reasoning": (Wire().reasoning().completed(), ProviderProtocolError, "empty"),
    "blank text": (Wire().text(" ", "\n").completed(), ProviderProtocolError, "empty"),
}


@pytest.fixture(autouse=True)
def _short_gap(settings: LazySettings) -> None:
    settings.CHUNK_GAP_DEADLINE_S = 0.4


@pytest.mark.parametrize("case", TABLE)
async def test_a_failed_call_has_its_own_code(case: str) -> None:
    reply, kind, code = TABLE[case]
    async with scripted_upstream(reply) as upstream:
        with pytest.raises(ProviderError) as raised:
            await run_agent()
    assert type(raised.value) is kind
    assert raised.value.code == code
    assert len(upstream.requests) == 1, "no provider retries by itself"


@pytest.mark.parametrize("case", TABLE)
async def test_a_second_call_fails_in_the_same_way(case: str) -> None:
    reply, kind, code = TABLE[case]
    async with scripted_upstream(Wire().calls(QUOTE).completed(), reply) as upstream:
        with pytest.raises(ProviderError) as raised:
            await run_agent()
    assert (type(raised.value), raised.value.code) == (kind, code)
    assert len(upstream.requests) == 2


async def test_how_long_to_wait_is_kept() -> None:
    async with scripted_upstream(refusal(429, retry_after="7")):
        with pytest.raises(ProviderUnavailable) as raised:
            await run_agent()
    assert raised.value.retry_after_s == 7


async def test_a_server_that_does_not_listen_has_refused(settings: LazySettings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.OPENAI_BASE_URL = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(ProviderUnavailable) as raised:
            await run_agent()
        await close_client()
    assert raised.value.code == "refused"


async def test_tools_without_end_are_a_loop() -> None:
    rounds = [Wire().calls(QUOTE).completed() for _ in range(MAX_CALLS)]
    async with scripted_upstream(*rounds) as upstream:
        with pytest.raises(ProviderProtocolError) as raised:
            await run_agent()
    assert raised.value.code == "tool_loop"
    assert len(upstream.requests) == MAX_CALLS


async def keep(events: AsyncIterator[Event], seen: list[Event]) -> None:
    async for event in events:
        seen.append(event)


async def test_what_came_before_a_failure_was_emitted() -> None:
    request = make_request()
    turn, agent = await make_turn(request), await make_agent(request)
    seen: list[Event] = []
    async with scripted_upstream(
        Wire().text("Looking.").calls(QUOTE).completed(), [*Wire().text("Ha", "lf").unfinished(), "cut"]
    ):
        with pytest.raises(ProviderUnavailable):
            await keep(stream_agent(agent, turn=turn, input_items=[{"role": "user", "content": "?"}]), seen)
    assert [event.type for event in seen] == ["text", "usage", "tool_call", "tool_result", "text", "text"]
    assert turn.text == "Looking.\n\nHalf"


async def test_a_stream_that_never_ends_after_its_last_event_is_whole() -> None:
    async with scripted_upstream([*Wire().text("Whole.").completed(), "stall"]), asyncio.timeout(5):
        assert [event.type for event in await run_agent()] == ["text", "usage"]


async def test_a_stream_that_breaks_after_its_last_event_is_whole() -> None:
    async with scripted_upstream([*Wire().text("Whole.").completed(), "cut"]):
        assert [event.type for event in await run_agent()] == ["text", "usage"]
