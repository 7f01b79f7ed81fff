"""Each fault and what the SDK makes of it, for the sandbox under either server."""

import json
from dataclasses import dataclass
from typing import Any

import openai
from openai import AsyncOpenAI

from tests.sandbox.asking import our_tools


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What came of a streamed request: the types of its events, and the exception that ended it."""

    types: list[str]
    last: Any
    error: Exception | None

    @property
    def n_deltas(self) -> int:
        return self.types.count("response.output_text.delta")

    @property
    def is_whole(self) -> bool:
        return self.types[-1:] == ["response.completed"]


async def stream(client: AsyncOpenAI, fault: str = "", *, question: str = "hello", **options: Any) -> Seen:
    types, last = [], None
    headers = {"X-Sandbox-Fault": fault} if fault else {}
    headers.update(options.pop("headers", {}))
    try:
        async with await client.responses.create(
            model="m", input=question, stream=True, extra_headers=headers, **options
        ) as events:
            async for event in events:
                types.append(event.type)
                last = event
    except (openai.OpenAIError, json.JSONDecodeError) as error:
        return Seen(types=types, last=last, error=error)
    return Seen(types=types, last=last, error=None)


async def check_refused_at_once(client: AsyncOpenAI) -> None:
    expected: dict[str, tuple[type[Exception], str | None]] = {
        "refuse": (openai.APIConnectionError, None),
        "unauthorized": (openai.AuthenticationError, "invalid_api_key"),
        "forbidden": (openai.PermissionDeniedError, "forbidden"),
        "rate_limited": (openai.RateLimitError, "rate_limit_exceeded"),
        "quota": (openai.RateLimitError, "insufficient_quota"),
        "server_error": (openai.InternalServerError, None),
        "bad_request": (openai.BadRequestError, "invalid_value"),
    }
    for fault, (kind, code) in expected.items():
        seen = await stream(client, fault)
        assert type(seen.error) is kind, fault
        assert seen.types == []
        if isinstance(seen.error, openai.APIStatusError):
            assert seen.error.code == code
            assert "retry-after" not in seen.error.response.headers
    refused = (await stream(client, "refuse")).error
    assert type(refused.__cause__).__name__ == "ConnectError"
    limited = (await stream(client, "rate_limited;retry_after_s=2.5")).error
    assert isinstance(limited, openai.RateLimitError)
    assert limited.response.headers["retry-after"] == "2.5"


async def check_struck_in_the_stream(client: AsyncOpenAI) -> None:
    """Each of the mid-stream faults, before the first text and after three pieces of it."""
    for after in (0, 3):
        seen = {
            name: await stream(client, f"{name};after={after}")
            for name in ("cut", "clean_end", "failed", "error_event", "malformed")
        }
        assert {name: found.n_deltas for name, found in seen.items()} == dict.fromkeys(seen, after)
        assert not any(found.is_whole for found in seen.values())
        cut = seen["cut"].error
        assert type(cut) is openai.APIConnectionError
        assert type(cut.__cause__).__name__ == "RemoteProtocolError"
        assert seen["clean_end"].error is None
        assert seen["failed"].types[-1] == "response.failed"
        assert seen["failed"].last.response.error.code == "server_error"
        assert seen["failed"].last.response.status == "failed"
        assert seen["error_event"].types[-1] == "error"
        assert seen["error_event"].last.code == "server_error"
        assert isinstance(seen["malformed"].error, json.JSONDecodeError)


async def check_waits(client: AsyncOpenAI) -> None:
    """The SDK's own read timeout tells a stall from a pause; a pause that ends lets the answer go on."""
    impatient = client.with_options(timeout=1)
    for fault, n_deltas in (("stall", 0), ("stall;after=3", 3), ("slow_first_token", 0)):
        seen = await stream(impatient, fault)
        assert isinstance(seen.error, openai.APITimeoutError), fault
        assert seen.n_deltas == n_deltas
    for fault in ("stall;after=3;delay_s=0.05", "slow_first_token;delay_s=0.05"):
        assert (await stream(client, fault)).is_whole


async def check_wrong_answers(client: AsyncOpenAI) -> None:
    tools = our_tools("get_quote")
    empty = await stream(client, "empty", tools=tools)
    assert empty.types == ["response.created", "response.in_progress", "response.completed"]
    for fault, name in (
        ("unknown_tool", "no_such_tool"),
        ("broken_arguments", "get_quote"),
        ("endless_tools", "get_quote"),
    ):
        seen = await stream(client, fault, question="price of AAPL", tools=tools)
        (call,) = seen.last.response.output
        assert call.name == name
        try:
            assert json.loads(call.arguments) == ({} if fault == "unknown_tool" else {"symbol": "AAPL"})
            assert fault != "broken_arguments"
        except json.JSONDecodeError:
            assert fault == "broken_arguments"
