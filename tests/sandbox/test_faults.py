"""Each fault truly happens on the wire of the sandbox's own server, as OpenAI's SDK sees it."""

import asyncio
import time
from typing import Any

import openai
import pytest
from asgiref.testing import ApplicationCommunicator

from apps.providers.openai_api.upstream import sandbox_key
from apps.sandbox.asgi import application
from tests.sandbox.asking import our_tools, sdk
from tests.sandbox.fault_scenes import (
    check_refused_at_once,
    check_struck_in_the_stream,
    check_waits,
    check_wrong_answers,
    stream,
)


@pytest.mark.parametrize("check", [check_refused_at_once, check_struck_in_the_stream, check_waits, check_wrong_answers])
async def test_faults_are_what_they_say(base_url: str, check: Any) -> None:
    async with sdk(base_url) as client:
        await check(client)


async def test_the_connection_of_a_broken_answer_is_not_used_again(base_url: str) -> None:
    async with sdk(base_url) as client:
        for _ in range(5):
            assert (await stream(client, "cut;after=1")).error
            assert (await stream(client)).is_whole


async def test_a_fault_beyond_the_end_of_the_text_strikes_at_its_end(base_url: str) -> None:
    async with sdk(base_url) as client:
        whole, cut = await stream(client), await stream(client, "cut;after=100000")
    assert cut.error
    assert cut.n_deltas == whole.n_deltas
    assert "response.output_text.done" not in cut.types


async def test_an_answer_without_stream_fails_too(base_url: str) -> None:
    async def whole(fault: str) -> Any:
        return await client.responses.create(model="m", input="hello", extra_headers={"X-Sandbox-Fault": fault})

    async with sdk(base_url, timeout=1) as client:
        with pytest.raises(openai.APIConnectionError):
            await whole("cut")
        with pytest.raises(openai.APITimeoutError):
            await whole("stall")
        with pytest.raises(openai.APITimeoutError):
            await whole("slow_first_token")
        for fault in ("clean_end", "malformed"):
            with pytest.raises(ValueError, match=r"Unterminated string|Expecting"):
                await whole(fault)
        for fault in ("failed", "error_event"):
            failed = await whole(fault)
            assert (failed.status, failed.error.code, failed.output) == ("failed", "server_error", [])
        assert (await whole("empty")).output == []


async def test_other_addresses_fail_as_far_as_they_can(base_url: str) -> None:
    async with sdk(base_url, timeout=2) as client:

        def speech(fault: str) -> Any:
            return client.audio.speech.create(
                model="m",
                voice="alloy",
                input="Hello there.",
                response_format="wav",
                extra_headers={"X-Sandbox-Fault": fault},
            )

        with pytest.raises(openai.APIConnectionError):
            await speech("cut")
        with pytest.raises(openai.RateLimitError):
            await speech("quota")
        # A fault of response events is none of theirs.
        assert (await speech("endless_tools")).content[:4] == b"RIFF"
        with pytest.raises(openai.InternalServerError):
            await client.decisions.create(
                model="m",
                input="hello",
                questions=[{"type": "predicate", "instructions": "x"}],
                extra_headers={"X-Sandbox-Fault": "server_error"},
            )


async def test_a_stall_ends_when_the_client_goes() -> None:
    """Seen from the server's side: the application returns, and has not said more."""
    body = b'{"model": "m", "input": "hello", "stream": true}'
    headers = {
        "authorization": f"Bearer {sandbox_key()}",
        "content-type": "application/json",
        "x-sandbox-fault": "stall;after=2",
    }
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/sandbox/v1/responses",
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ["127.0.0.1", 50000],
    }
    asked = ApplicationCommunicator(application, scope)
    await asked.send_input({"type": "http.request", "body": body, "more_body": False})
    sent = b""
    while sent.count(b"response.output_text.delta") < 4:
        sent += (await asked.receive_output(timeout=5)).get("body", b"")
    await asked.send_input({"type": "http.disconnect"})
    await asked.wait(timeout=5)
    assert asked.output_queue.empty()


async def test_a_client_that_goes_in_the_middle_leaves_the_sandbox_well(base_url: str) -> None:
    async with sdk(base_url) as client:
        for _ in range(10):
            async with await client.responses.create(model="m", input="hello", stream=True) as events:
                async for event in events:
                    if event.type == "response.output_text.delta":
                        break
        assert (await stream(client)).is_whole


async def test_twenty_streams_at_once_are_all_whole(base_url: str, settings: Any) -> None:
    """The pace makes them overlap: one after the other they would take twenty times as long as one."""
    settings.SANDBOX_PACE_MS = 20
    async with sdk(base_url, timeout=30) as client:
        alone = time.perf_counter()
        one = await stream(client)
        alone = time.perf_counter() - alone
        together = time.perf_counter()
        faults = ["", "cut;after=5", "failed;after=3", ""] * 5
        seen = await asyncio.gather(*(stream(client, fault) for fault in faults))
        together = time.perf_counter() - together
    assert [found.is_whole for found in seen] == [True, False, False, True] * 5
    assert [found.n_deltas for found in seen] == [one.n_deltas, 5, 3, one.n_deltas] * 5
    assert together < 10 * alone


async def test_a_tool_call_in_a_stream_can_be_cut_too(base_url: str) -> None:
    async with sdk(base_url) as client:
        seen = await stream(client, "cut", question="price of AAPL", tools=our_tools())
    assert isinstance(seen.error, openai.APIConnectionError)
    assert seen.types == ["response.created", "response.in_progress"]
