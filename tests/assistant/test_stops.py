"""A stop of a provider reaches its running answers: they finish within the drain, or end at once and are replaced."""

import asyncio
import uuid
from typing import Any

import pytest

from apps.assistant.engine import run_turn
from apps.core.threads import in_database_thread
from apps.metrics.selectors import running_turns
from apps.providers.errors import ProviderStopped
from apps.providers.events import Done, Error, Event, Text
from apps.routing import stops
from apps.routing.changes import set_shares
from tests.assistant.asking import (
    ALICE,
    ask,
    switches,
    text_after_last_switch,
    the_attempts,
    the_circuits_heard,
    the_row,
    the_turn,
)
from tests.assistant.counting import CountingToolbox
from tests.assistant.stopping import FOREVER, Looks, resume, stop, until
from tests.scripted import UseTool, words

pytestmark = pytest.mark.django_db

PARTIAL = words("Half of")
WHOLE = words("AAPL closed at 430.47.")
ANSWER = "AAPL closed at 430.47. "


@pytest.fixture(autouse=True)
def _ample_deadlines(settings: Any) -> None:
    settings.FIRST_TEXT_DEADLINE_S = settings.CHUNK_GAP_DEADLINE_S = 60.0
    settings.TURN_DEADLINE_S = 600.0


async def is_replaced(events: list[Event], *, interrupted: bool) -> None:
    """One whole answer of `responses` after workflow was stopped, and rows that say so."""
    assert switches(events) == [(2, "responses", "workflow", "stopped", interrupted)]
    assert [type(event) for event in events if isinstance(event, Done | Error)] == [Done]
    turn, row = await the_turn(), await the_row()
    assert turn.answer == row.text.response_text == text_after_last_switch(events) == ANSWER
    assert (row.status, row.provider, row.is_fallback, row.attempts) == ("succeeded", "responses", True, 2)
    assert await the_attempts() == [
        (1, "workflow", "failed", "stopped", interrupted),
        (2, "responses", "succeeded", "", True),
    ]
    assert await the_circuits_heard() == [("responses", True, "")]


@pytest.mark.parametrize("visible", [False, True], ids=["before text", "after text"])
async def test_a_cut_answer_is_replaced_by_a_whole_one(play: Any, looks: Looks, visible: bool) -> None:
    cut = play([*(PARTIAL if visible else []), stop("workflow", cut=True), FOREVER], provider="workflow")
    play(WHOLE, provider="responses")
    await is_replaced(await ask(), interrupted=visible)
    assert cut.closed


async def test_a_drained_answer_finishes(play: Any, looks: Looks) -> None:
    play([*PARTIAL, stop("workflow"), looks.two_more, *WHOLE], provider="workflow")
    events = await ask()
    assert switches(events) == []
    assert (await the_row()).provider == "workflow"
    assert (await ask())[0].data["route_reason"] == "kill_switch"


async def test_a_drain_ends_at_its_deadline(play: Any, looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stops, "DRAIN_DEADLINE_S", 0.2)
    drained = play([*PARTIAL, stop("workflow"), FOREVER], provider="workflow")
    play(WHOLE, provider="responses")
    await is_replaced(await ask(), interrupted=True)
    assert (await the_attempts("latency_ms"))[0][0] >= 200
    assert drained.closed


async def test_a_provider_that_is_resumed_during_the_drain_finishes_its_answers(
    play: Any, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def let_the_drain_end() -> None:
        monkeypatch.setattr(stops, "DRAIN_DEADLINE_S", 0.0)

    stopped = [stop("workflow"), looks.two_more, resume("workflow")]
    play([*stopped, let_the_drain_end, looks.two_more, *WHOLE], provider="workflow")
    assert switches(await ask()) == []
    assert (await the_turn()).answer == ANSWER


async def test_a_cut_ends_the_answers_of_its_provider_alone(play: Any, looks: Looks) -> None:
    is_cut = asyncio.Event()

    async def say_so() -> None:
        is_cut.set()

    play([stop("workflow", cut=True), say_so, FOREVER], provider="workflow")
    play([is_cut.wait, looks.two_more, *WHOLE], provider="agents_sdk")
    play(WHOLE, provider="responses")
    turns = [run_turn(session_id=uuid.uuid4(), question="Hi", owner=ALICE, override=name) for name in
             ("workflow", "agents_sdk")]  # fmt: skip
    cut, other = await asyncio.gather(*[read(turn) for turn in turns])
    assert switches(cut) == [(2, "responses", "workflow", "stopped", False)]
    assert switches(other) == []
    assert other[-1].provider == "agents_sdk"
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def read(turn: Any) -> list[Event]:
    return [event async for event in turn]


async def test_a_cut_does_not_wait_for_a_tool_and_the_next_one_gets_its_result(
    play: Any, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = CountingToolbox(takes_s=FOREVER)
    monkeypatch.setattr("apps.assistant.attempts.default_toolbox", lambda: tools)
    use = UseTool("get_quote", {"symbol": "AAPL"})
    asking = UseTool("get_quote", {"symbol": "IBM"})

    async def cut_once_the_tool_runs() -> None:
        await tools.has_begun.wait()
        await in_database_thread(stop("workflow", cut=True))
        tools.takes_s = 0.0

    stopped = play([use], provider="workflow")
    play([asking, *WHOLE], provider="responses")
    cutting = asyncio.create_task(cut_once_the_tool_runs())
    turn = run_turn(session_id=uuid.uuid4(), question="Hi", owner=ALICE, override="workflow")
    await is_replaced(await read(turn), interrupted=False)
    await cutting
    assert stopped.closed
    assert [arguments["symbol"] for _, arguments in tools.calls] == ["AAPL", "IBM"]


async def test_a_tool_that_runs_at_the_cut_runs_once(play: Any, looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = CountingToolbox(takes_s=0.5)
    monkeypatch.setattr("apps.assistant.attempts.default_toolbox", lambda: tools)
    use = UseTool("get_quote", {"symbol": "AAPL"})
    play([use, FOREVER], provider="workflow")
    play([use, *WHOLE], provider="responses")

    async def cut_once_the_tool_runs() -> None:
        await tools.has_begun.wait()
        await in_database_thread(stop("workflow", cut=True))

    cutting = asyncio.create_task(cut_once_the_tool_runs())
    turn = run_turn(session_id=uuid.uuid4(), question="Hi", owner=ALICE, override="workflow")
    await is_replaced(await read(turn), interrupted=False)
    await cutting
    assert len(tools.calls) == 1


async def test_a_cut_closes_the_provider_also_while_nobody_asks_for_more(play: Any, looks: Looks) -> None:
    cut = play([*PARTIAL, *WHOLE], provider="workflow")
    play(WHOLE, provider="responses")
    turn = run_turn(session_id=uuid.uuid4(), question="Hi", owner=ALICE, override="workflow")
    events = [await anext(turn), await anext(turn)]
    assert isinstance(events[-1], Text)
    await in_database_thread(stop("workflow", cut=True))
    await until(lambda: cut.closed)
    events += await read(turn)
    await is_replaced(events, interrupted=True)


async def test_with_everybody_else_stopped_the_person_reads_one_sentence(play: Any, looks: Looks) -> None:
    play([stop("responses"), stop("analyst"), stop("workflow", cut=True), FOREVER], provider="workflow")
    events = await ask()
    assert events[-1] == Error(message=ProviderStopped.sentence, retryable=True, code="stopped")
    assert (await the_row()).error == "stopped"


async def test_break_glass_stands_above_a_cut(play: Any, looks: Looks, settings: Any) -> None:
    settings.GVSES_FORCE_PROVIDER = "workflow"
    play([*PARTIAL, stop("workflow", cut=True), 0.2, *WHOLE], provider="workflow")
    events = await ask(override=None)
    assert events[0].data["route_reason"] == "break_glass"
    assert switches(events) == []
    assert (await the_row()).provider == "workflow"


async def test_the_replacement_of_a_forced_provider_is_not_above_a_cut(play: Any, looks: Looks, settings: Any) -> None:
    settings.GVSES_FORCE_PROVIDER = "workflow"
    play([ProviderStopped(code="cut")], provider="workflow")
    play([stop("responses", cut=True), FOREVER], provider="responses")
    play(WHOLE)
    events = await ask(override=None)
    assert [(provider, code) for _, provider, _, code, _ in switches(events)] == [
        ("responses", "cut"),
        ("analyst", "stopped"),
    ]


async def test_the_row_of_a_running_turn_names_who_serves_now(play: Any, looks: Looks) -> None:
    counted: list[dict[str, int]] = []

    def count() -> None:
        counted.append(running_turns(newer_than_s=60))

    play([count, stop("workflow", cut=True), FOREVER], provider="workflow")
    play([count, *WHOLE], provider="responses")
    await ask()
    counted.append(await in_database_thread(running_turns, newer_than_s=60))
    assert counted == [{"workflow": 1}, {"responses": 1}, {}]


async def test_a_resumed_provider_answers_its_sessions_again(play: Any, looks: Looks) -> None:
    await in_database_thread(set_shares, shares={"workflow": 10_000}, by="Bob")
    session_id = uuid.uuid4()
    play([stop("workflow", cut=True), FOREVER], WHOLE, provider="workflow")
    play(WHOLE, provider="responses")
    first = await ask(override=None, session_id=session_id)
    await in_database_thread(resume("workflow"))
    second = await ask(override=None, session_id=session_id)
    assert [events[-1].provider for events in (first, second)] == ["responses", "workflow"]
