"""A cut closes the connection to the backend, and the person gets one whole answer: real SDKs and real sockets."""

import asyncio
import uuid
from contextlib import aclosing
from typing import Any

import pytest

from apps.assistant import stop_watch
from apps.assistant.engine import run_turn
from apps.assistant.models import Turn
from apps.assistant.owner import Owner
from apps.core.threads import in_database_thread
from apps.metrics.models import RequestLog
from apps.providers.events import Done, Event, Meta, Text
from apps.providers.openai_api.client import close_client
from apps.routing import stops
from apps.routing.kills import kill, unkill
from tests.assistant.stopping import stop
from tests.providers.openai_api.answers import answer
from tests.providers.openai_api.conftest import running_upstream, upstream_server  # noqa: F401  fixtures
from tests.providers.openai_api.scripted_upstream import Refusal, ScriptedUpstream, Stream

pytestmark = pytest.mark.django_db(transaction=True)

PROVIDERS = ("responses", "workflow", "agents_sdk")
NEXT = {"responses": "analyst", "workflow": "responses", "agents_sdk": "responses"}
TEXT = "TSLA closed lower today, and the trend is down."
QUESTION = "What is the price of TSLA?"


@pytest.fixture
def holding_upstream(upstream_server: ScriptedUpstream) -> ScriptedUpstream:  # noqa: F811
    """Falls silent in the middle of its first streamed answer; every other one is whole."""
    said = answer("TSLA closed", " lower today")
    begun = said[: [event["type"] for event in said].index("response.output_text.done")]
    held: list[Any] = []

    def next_answer(body: Any) -> Refusal | Stream:
        if not body.get("stream"):
            return Refusal(status=500)
        if not held:
            held.append(body)
            return Stream(events=begun, then="hold")
        return Stream(events=answer(TEXT))

    upstream_server.otherwise = next_answer
    return upstream_server


async def ask(provider: str, has_text: asyncio.Event) -> list[Event]:
    found: list[Event] = []
    turn = run_turn(session_id=uuid.uuid4(), question=QUESTION, owner=Owner(), override=provider)
    try:
        async with aclosing(turn) as events:
            async for event in events:
                found.append(event)
                if isinstance(event, Text):
                    has_text.set()
        return found
    finally:
        await close_client()


def the_rows() -> tuple[RequestLog, list[tuple[str, str]], Turn]:
    row = RequestLog.objects.select_related("text").get()
    return row, list(row.attempt_rows.order_by("number").values_list("provider", "error")), Turn.objects.get()


async def is_whole(events: list[Event], *, stopped: str) -> None:
    row, tries, turn = await in_database_thread(the_rows)
    assert isinstance(events[-1], Done), events[-1]
    switches = [event.data for event in events if isinstance(event, Meta) and "failed_provider" in event.data]
    assert [(switch["failed_code"], switch["interrupted"]) for switch in switches] == [("stopped", True)]
    place = events.index(next(event for event in events if isinstance(event, Meta) and event.data is switches[0]))
    after = "".join(event.content for event in events[place:] if isinstance(event, Text))
    assert after == turn.answer == row.text.response_text
    assert after.strip().endswith(".")
    assert tries == [(stopped, "stopped"), (NEXT[stopped], "")]
    assert (row.status, row.provider) == ("succeeded", NEXT[stopped])
    assert {task for task in asyncio.all_tasks() if not task.done()} == {asyncio.current_task()}


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_cut_closes_the_connection(provider: str, holding_upstream: ScriptedUpstream) -> None:
    has_text = asyncio.Event()
    asking = asyncio.create_task(ask(provider, has_text))
    await has_text.wait()
    await in_database_thread(stop(provider, cut=True))
    assert await asyncio.to_thread(holding_upstream.left.wait, 30)
    await is_whole(await asking, stopped=provider)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_drain_closes_the_connection_at_its_end_and_not_before(
    provider: str, holding_upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stop_watch, "POLL_S", 0.02)
    has_text = asyncio.Event()
    asking = asyncio.create_task(ask(provider, has_text))
    await has_text.wait()
    await in_database_thread(stop(provider))
    assert not await asyncio.to_thread(holding_upstream.left.wait, 0.3)
    monkeypatch.setattr(stops, "DRAIN_DEADLINE_S", 0.0)
    assert await asyncio.to_thread(holding_upstream.left.wait, 30)
    await is_whole(await asking, stopped=provider)


async def test_a_provider_resumed_during_the_drain_keeps_its_connection(
    holding_upstream: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stop_watch, "POLL_S", 0.02)
    has_text = asyncio.Event()
    asking = asyncio.create_task(ask("responses", has_text))
    await has_text.wait()
    await in_database_thread(kill, provider="responses", by="Bob", reason="drill", instead="analyst")
    await in_database_thread(unkill, provider="responses", by="Bob", reason="The drill is over.")
    monkeypatch.setattr(stops, "DRAIN_DEADLINE_S", 0.0)
    assert not await asyncio.to_thread(holding_upstream.left.wait, 0.3)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_cut_closes_the_connection_of_a_reader_who_takes_nothing(holding_upstream: ScriptedUpstream) -> None:
    turn = run_turn(session_id=uuid.uuid4(), question=QUESTION, owner=Owner(), override="responses")
    events = [await anext(turn)]
    while not isinstance(events[-1], Text):
        events.append(await anext(turn))
    await in_database_thread(kill, provider="responses", by="Bob", reason="drill", cut=True, instead="analyst")
    assert await asyncio.to_thread(holding_upstream.left.wait, 30)
    events += [event async for event in turn]
    await is_whole(events, stopped="responses")
