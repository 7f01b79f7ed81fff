"""What a broken or hostile server can put into a well-formed stream: no value of its choosing leaves a turn unfinished.

The person gets one whole answer or one honest sentence, and every row is finished, on SQLite and PostgreSQL alike.
"""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from apps.assistant.engine import run_turn
from apps.assistant.models import Turn
from apps.assistant.owner import Owner
from apps.core.threads import in_database_thread
from apps.market.tools import market_toolbox
from apps.metrics.models import RequestLog
from apps.providers.events import Done, Error, Event
from apps.providers.openai_api.client import close_client
from tests.providers.openai_api.answers import USAGE, Call, answer
from tests.providers.openai_api.conftest import running_upstream, upstream_server  # noqa: F401  fixtures
from tests.providers.openai_api.scripted_upstream import Refusal, ScriptedUpstream, Stream

pytestmark = pytest.mark.django_db(transaction=True)

PROVIDERS = ("responses", "workflow", "agents_sdk")
HUGE = 10**30
TEXT = "TSLA closed lower today, and the trend is down."
QUOTE = {"symbol": "TSLA"}


def usage(**counts: Any) -> dict[str, Any]:
    return {**USAGE, **counts}


#: By what is wrong: what `answer` is given for the call that ends the turn.
ENDINGS: dict[str, dict[str, Any]] = {
    "tokens beyond any column": {"usage": usage(input_tokens=HUGE, output_tokens=HUGE)},
    "tokens beyond PostgreSQL's integer": {"usage": usage(input_tokens=2**31, output_tokens=2**31)},
    "tokens that cost millions": {"model": "gpt-4o", "usage": usage(input_tokens=2**31 - 1, output_tokens=2**31 - 1)},
    "cached beyond any column": {"usage": usage(input_tokens_details={"cached_tokens": HUGE})},
    "reasoning beyond any column": {"usage": usage(output_tokens_details={"reasoning_tokens": HUGE})},
    "negative tokens": {"usage": usage(input_tokens=-5, output_tokens=-HUGE)},
    "tokens as words": {"usage": usage(input_tokens="many", output_tokens=None)},
    "tokens as truth": {"usage": usage(input_tokens=True, output_tokens=True)},
    "tokens as fractions": {"usage": usage(input_tokens=1.5, output_tokens=1e300)},
    "usage as a list": {"usage": [1, 2]},
    "details as a list": {"usage": usage(input_tokens_details=[1], output_tokens_details="none")},
    "a zero character in the model's name": {"model": "gpt\x00x"},
    "half a pair in the model's name": {"model": "gpt\ud800x"},
    "a model's name of a million characters": {"model": "m" * 1_000_000},
    "a model's name that is a number": {"model": 7},
    "zero characters and half pairs in the text": {"pieces": ["\x00", "\ud800TSLA", " is\x00 down.\udfff"]},
}
CALLS: dict[str, list[Call]] = {
    "a zero character in a call's id": [Call(name="get_quote", arguments=QUOTE, call_id="call\x00")],
    "half a pair in a call's id": [Call(name="get_quote", arguments=QUOTE, call_id="call\ud800")],
    "long ids with half a pair": [Call(name="get_quote", arguments=QUOTE, call_id="\ud800" * 500)] * 2,
    "an empty id": [Call(name="get_quote", arguments=QUOTE, call_id="")],
    "a zero character in a tool's name": [Call(name="get\x00", arguments=QUOTE)],
    "half a pair in a tool's name": [Call(name="get\ud800", arguments=QUOTE)],
    "a tool's name of a million characters": [Call(name="g" * 1_000_000, arguments=QUOTE)],
    "an id twice": [Call(name="get_quote", arguments={"symbol": symbol}) for symbol in ("TSLA", "IBM")],
    "zero characters in arguments": [Call(name="get_quote", arguments={"symbol": "TS\x00LA"})],
    "half a pair in arguments": [Call(name="get_quote", arguments={"symbol": "TS\ud800LA"})],
    "half a pair in the name of an argument": [Call(name="get_quote", arguments={"\ud800": 1})],
    "deep arguments": [Call(name="get_quote", arguments='{"symbol":' + "[" * 900 + "]" * 900 + "}")],
    "very deep arguments": [Call(name="get_quote", arguments='{"symbol":' + "[" * 90_000 + "]" * 90_000 + "}")],
    "a number of thousands of digits": [Call(name="get_quote", arguments='{"symbol":' + "9" * 4000 + "}")],
    "half a pair in the text of the arguments": [Call(name="get_quote", arguments='{"symbol": "TS\ud800LA"}')],
    "a zero character in the text of the arguments": [Call(name="get_quote", arguments='{"symbol": "TS\x00LA"}')],
    "an infinite number": [Call(name="get_quote", arguments='{"symbol": 1e999}')],
    "a megabyte of arguments": [Call(name="get_quote", arguments={"symbol": "T" * 1_000_000})],
    "arguments that are no object": [Call(name="get_quote", arguments="[]")],
}


async def ask(provider: str) -> list[Event]:
    turn: AsyncGenerator[Event] = run_turn(
        session_id=uuid.uuid4(), question="What is the price of TSLA?", owner=Owner(), override=provider
    )
    try:
        async with aclosing(turn) as events:
            return [event async for event in events]
    finally:
        await close_client()


def the_rows() -> tuple[RequestLog, Turn]:
    return RequestLog.objects.select_related("text").get(), Turn.objects.get()


async def finished(events: list[Event]) -> RequestLog:
    """The row, which says what the person saw."""
    end = events[-1]
    assert sum(isinstance(event, Done | Error) for event in events) == 1
    assert isinstance(end, Done), end
    row, turn = await in_database_thread(the_rows)
    assert (row.status, row.success, turn.status) == ("succeeded", True, "succeeded")
    assert row.provider == end.provider
    assert turn.answer == row.text.response_text
    assert turn.answer.strip()
    assert {task for task in asyncio.all_tasks() if not task.done()} == {asyncio.current_task()}
    return row


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", ENDINGS)
async def test_no_ending_keeps_a_row_open(
    provider: str,
    fault: str,
    upstream_server: ScriptedUpstream,  # noqa: F811
) -> None:
    options = dict(ENDINGS[fault])
    events = answer(*options.pop("pieces", [TEXT]), **options)
    upstream_server.otherwise = lambda body: Stream(events=events) if body.get("stream") else Refusal(status=500)
    await finished(await ask(provider))


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", CALLS)
async def test_no_tool_call_keeps_a_row_open(
    provider: str,
    fault: str,
    upstream_server: ScriptedUpstream,  # noqa: F811
) -> None:
    def next_answer(body: Any) -> Refusal | Stream:
        if not body.get("stream"):
            return Refusal(status=500)
        has_results = any(item.get("type") == "function_call_output" for item in body["input"])
        return Stream(events=answer(TEXT) if has_results else answer(calls=CALLS[fault]))

    upstream_server.otherwise = next_answer
    await finished(await ask(provider))


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_thousands_of_calls_at_once_are_none(
    provider: str,
    upstream_server: ScriptedUpstream,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran: list[str] = []
    run = market_toolbox._run
    monkeypatch.setattr(market_toolbox, "_run", lambda tool, *rest: ran.append(tool.name) or run(tool, *rest))
    flood = [Call(name="get_quote", arguments={"symbol": f"A{number}"}) for number in range(5000)]
    upstream_server.otherwise = lambda body: (
        Stream(events=answer(calls=flood)) if body.get("stream") else Refusal(status=500)
    )
    row = await finished(await ask(provider))
    assert row.provider == "analyst"
    assert await in_database_thread(first_error) == "tool_loop"
    assert len(ran) < 10


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_answer_without_an_end_is_given_up(
    provider: str,
    upstream_server: ScriptedUpstream,  # noqa: F811
) -> None:
    begun = answer(TEXT)[:-4]
    deltas = [event for event in begun if event["type"] == "response.output_text.delta"]
    endless = [*begun, *[{**deltas[0], "delta": "and so on " * 1000}] * 40]
    upstream_server.otherwise = lambda body: (
        Stream(events=endless, then="hold") if body.get("stream") else Refusal(status=500)
    )
    row = await finished(await ask(provider))
    assert row.provider == "analyst"
    assert await in_database_thread(first_error) == "endless"


def first_error() -> str:
    return str(RequestLog.objects.get().attempt_rows.order_by("number")[0].error)
