"""The watch looks into the database only while answers run, once for all of them, and leaves nothing behind."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from apps.assistant import attempts
from apps.assistant import stop_watch as watching
from apps.assistant.engine import run_turn
from apps.assistant.provider_stream import ProviderStream
from apps.assistant.stop_watch import Seen, StopWatch, stop_watch
from apps.core.request_context import bind_ids, current_ids
from apps.core.threads import in_database_thread
from apps.providers.errors import ProviderStopped
from apps.providers.events import Done, Event, Text
from apps.routing.stops import StopOrder
from tests.assistant.asking import ALICE, ask, switches
from tests.assistant.stopping import FOREVER, Looks, stop, until
from tests.scripted import words

pytestmark = pytest.mark.django_db

WHOLE = words("AAPL closed at 430.47.")
DONE = Done(request_id="r", provider="workflow", model="m", sidecar={})


def make_stream(*events: Event) -> ProviderStream:
    """What a provider says before it falls silent."""

    async def said() -> AsyncGenerator[Event]:
        for event in events:
            yield event
        await asyncio.sleep(FOREVER)

    return ProviderStream(said(), provider="workflow")


def cut_of_workflow(read_at: float = 0.0) -> Seen:
    now = timezone.now()
    return Seen(read_at=read_at, orders={"workflow": StopOrder(provider="workflow", at=now, cut_at=now)})


async def test_an_answer_shorter_than_the_time_between_looks_costs_none(play: Any, looks: Looks, monkeypatch) -> None:
    monkeypatch.setattr(watching, "POLL_S", FOREVER)
    monkeypatch.setattr(attempts, "FRESH_S", FOREVER)
    play(WHOLE, provider="workflow")
    await ask()
    assert looks.n == 0


async def test_nothing_is_asked_while_nothing_runs(play: Any, looks: Looks) -> None:
    play([looks.two_more, *WHOLE], provider="workflow")
    await ask()
    n_looks = looks.n
    await asyncio.sleep(5 * watching.POLL_S)
    assert looks.n == n_looks >= 2


async def test_one_look_serves_all_answers(play: Any, looks: Looks) -> None:
    loop = asyncio.get_running_loop()
    play([looks.two_more, 0.2, *WHOLE], provider="workflow")
    begin, n_before = loop.time(), looks.n
    turns = [run_turn(session_id=uuid.uuid4(), question="Hi", owner=ALICE, override="workflow") for _ in range(20)]
    await asyncio.gather(*[_read(turn) for turn in turns])
    assert 2 <= looks.n - n_before <= (loop.time() - begin) / watching.POLL_S + 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def _read(turn: AsyncGenerator[Event]) -> list[Event]:
    async with aclosing(turn) as events:
        return [event async for event in events]


async def test_answers_go_on_while_stops_cannot_be_read_which_is_logged_once_a_time(
    play: Any, looks: Looks, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        looks.failing = OperationalError("the connection is closed")

    def recover() -> None:
        looks.failing = None

    broken = [fail, looks.two_more, looks.two_more]
    play([*broken, recover, looks.two_more, *broken, recover, stop("workflow", cut=True), FOREVER], provider="workflow")
    play(WHOLE, provider="responses")
    events = await ask()
    assert switches(events) == [(2, "responses", "workflow", "stopped", False)]
    assert caplog.messages.count("Stops could not be read") == 2


async def test_a_turn_that_ends_during_a_look_waits_for_it_and_leaves_no_task(
    play: Any, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_looking, may_end = asyncio.Event(), asyncio.Event()

    async def slow(read: Any) -> Any:
        is_looking.set()
        await may_end.wait()
        return await in_database_thread(read)

    monkeypatch.setattr(watching, "in_express_thread", slow)
    play([is_looking.wait, *WHOLE], provider="workflow")
    turn = run_turn(session_id=uuid.uuid4(), question="Hi", owner=ALICE, override="workflow")
    async for event in turn:
        if isinstance(event, Done):
            # The person has read the end before the look is over.
            assert not may_end.is_set()
            asyncio.get_running_loop().call_later(0.05, may_end.set)
    assert may_end.is_set()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_turn_does_not_wait_for_a_look_that_others_need(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(read: Any) -> Any:
        await asyncio.sleep(FOREVER)

    monkeypatch.setattr(watching, "in_express_thread", never)
    watch = StopWatch()
    watch.add(make_stream())
    looking = asyncio.ensure_future(watch.look())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await watch.close()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.gather(looking, return_exceptions=True)


async def test_an_answer_that_began_during_a_look_is_not_ended_by_what_it_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch, before, during = StopWatch(), make_stream(), make_stream(Text(content="Whole."), DONE)

    async def slow(read: Any) -> Seen:
        watch.add(during)
        return cut_of_workflow()

    monkeypatch.setattr(watching, "in_express_thread", slow)
    watch.add(before)
    await watch.look()
    with pytest.raises(ProviderStopped):
        await before.next(within_s=FOREVER)
    assert await during.next(within_s=FOREVER) == Text(content="Whole.")
    for stream in (before, during):
        watch.discard(stream)
        stream.leave()
        await stream.left()


async def test_whoever_asks_during_a_look_shares_it(monkeypatch: pytest.MonkeyPatch) -> None:
    n_looks = 0

    async def count(read: Any) -> Seen:
        nonlocal n_looks
        n_looks += 1
        await asyncio.sleep(0.01)
        return cut_of_workflow()

    monkeypatch.setattr(watching, "in_express_thread", count)
    watch = StopWatch()
    found = await asyncio.gather(*[watch.look() for _ in range(10)])
    assert n_looks == 1
    assert {tuple(seen.orders) for seen in found if seen} == {("workflow",)}


async def test_a_look_works_under_no_turns_name(looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[dict[str, str]] = []

    async def note(read: Any) -> Seen:
        names.append(current_ids())
        return cut_of_workflow()

    monkeypatch.setattr(watching, "in_express_thread", note)
    bind_ids(session_id="s", request_id="r")
    await StopWatch().look()
    assert names == [{}]
    assert current_ids()


async def test_a_failed_stream_fails_whoever_asks_and_closes_its_provider() -> None:
    stream = make_stream(Text(content="Half"))
    assert await stream.next(within_s=FOREVER)
    waiting = asyncio.ensure_future(stream.next(within_s=FOREVER))
    await asyncio.sleep(0)
    stream.fail(ProviderStopped())
    await stream.left()
    for asked in (waiting, stream.next(within_s=FOREVER)):
        with pytest.raises(ProviderStopped):
            await asked
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_stream_that_fails_before_it_is_asked_never_begins() -> None:
    stream = make_stream(DONE)
    stream.fail(ProviderStopped())
    with pytest.raises(ProviderStopped):
        await stream.next(within_s=FOREVER)


async def test_an_answer_that_is_whole_stays_whole() -> None:
    stream = make_stream(DONE)
    waiting = asyncio.ensure_future(stream.next(within_s=FOREVER))
    await until(lambda: stream._is_closing)
    stream.fail(ProviderStopped())
    assert await waiting == DONE
    stream.leave()
    await stream.left()


async def test_each_loop_has_a_watch_of_its_own() -> None:
    async def other() -> StopWatch:
        return stop_watch()

    assert stop_watch() is stop_watch()
    assert await asyncio.to_thread(asyncio.run, other()) is not stop_watch()
