"""A provider that is too slow loses the turn to the next, at the deadline and not later."""

import asyncio
import uuid

import pytest

from apps.assistant import deadlines, provider_stream
from apps.assistant.engine import run_turn
from apps.providers.errors import ProviderUnavailable
from apps.providers.events import Done, Error, ToolCall
from tests.assistant.asking import ALICE, ask, switches, the_attempts, the_circuits_heard, the_row, the_turn
from tests.assistant.counting import CountingToolbox
from tests.scripted import UseTool, words

pytestmark = pytest.mark.django_db

WHOLE = words("AAPL closed at 430.47.")
FOREVER = 60.0


#: What a test shortens in order to see it pass; all the others leave a busy machine its time.
SHORT = 0.3


@pytest.fixture(autouse=True)
def _ample_deadlines(settings, monkeypatch) -> None:
    settings.FIRST_TEXT_DEADLINE_S = settings.CHUNK_GAP_DEADLINE_S = 30.0
    settings.TURN_DEADLINE_S = 300.0
    monkeypatch.setattr(deadlines, "LATER_ATTEMPT_S", 20.0)
    monkeypatch.setattr(provider_stream, "CLOSE_WAIT_S", 0.1)


async def test_a_slow_first_text_is_replaced_within_the_deadline(play, settings) -> None:
    settings.FIRST_TEXT_DEADLINE_S = SHORT
    slow = play([FOREVER], provider="workflow")
    play(WHOLE, provider="responses")
    events = await ask()
    assert switches(events) == [(2, "responses", "workflow", "first_text_timeout", False)]
    row = await the_row()
    assert 300 <= row.ttft_ms < 10_000
    assert slow.closed
    assert ("workflow", False, "first_text_timeout") in await the_circuits_heard()
    ((latency_ms, ttft_ms), (_, second_ttft_ms)) = await the_attempts("latency_ms", "ttft_ms")
    assert latency_ms < 10_000
    assert ttft_ms is None
    assert second_ttft_ms < row.ttft_ms


async def test_the_first_text_deadline_is_shared_and_leaves_a_later_attempt_its_least(
    play, settings, monkeypatch
) -> None:
    settings.FIRST_TEXT_DEADLINE_S = SHORT
    monkeypatch.setattr(deadlines, "LATER_ATTEMPT_S", 0.2)
    for name in ("workflow", "responses"):
        play([FOREVER], provider=name)
    play(WHOLE)
    events = await ask()
    assert [code for _, _, _, code, _ in switches(events)] == ["first_text_timeout"] * 2
    first, second, _ = [latency for (latency,) in await the_attempts("latency_ms")]
    assert first < 10_000
    assert 190 <= second < 10_000


async def test_the_floor_has_the_whole_turn_for_its_first_text(play, settings) -> None:
    settings.FIRST_TEXT_DEADLINE_S = SHORT
    play([0.5, *WHOLE])
    assert isinstance((await ask(override="analyst"))[-1], Done)


async def test_a_spoken_turn_has_its_own_deadline(play, settings) -> None:
    settings.FIRST_TEXT_VOICE_DEADLINE_S = SHORT
    play([FOREVER], provider="workflow")
    play(WHOLE, provider="responses")
    events = await ask(is_voice=True)
    assert switches(events) == [(2, "responses", "workflow", "first_text_timeout", False)]


async def test_an_answer_that_stops_in_its_middle_is_replaced(play, settings) -> None:
    settings.CHUNK_GAP_DEADLINE_S = SHORT
    stalling = play([*words("Half of"), FOREVER], provider="workflow")
    play(WHOLE, provider="responses")
    events = await ask()
    assert switches(events) == [(2, "responses", "workflow", "stalled", True)]
    assert (await the_turn()).answer == "AAPL closed at 430.47. "
    assert stalling.closed


async def test_a_provider_whose_tool_runs_is_not_silent(play, settings) -> None:
    settings.CHUNK_GAP_DEADLINE_S = SHORT
    settings.TOOL_DEADLINE_S = 5.0
    call = ToolCall(call_id="c1", name="get_quote", arguments={"symbol": "AAPL"})
    patient = play([*words("Let me look."), call, 0.5, *WHOLE], provider="workflow")
    assert switches(await ask()) == []
    assert patient.closed


async def test_a_tool_that_never_answers_excuses_only_so_long(play, settings) -> None:
    settings.CHUNK_GAP_DEADLINE_S = SHORT
    settings.TOOL_DEADLINE_S = 0.1
    call = ToolCall(call_id="c1", name="get_quote", arguments={"symbol": "AAPL"})
    play([*words("Let me look."), call, FOREVER], provider="workflow")
    play(WHOLE, provider="responses")
    assert [code for _, _, _, code, _ in switches(await ask())] == ["stalled"]


async def test_late_in_a_turn_the_floor_is_asked_at_once(play, settings, monkeypatch) -> None:
    settings.TURN_DEADLINE_S = 4.0  # of which the floor has the last 0.4 s
    monkeypatch.setattr(deadlines, "LATER_ATTEMPT_S", 0.2)
    play([FOREVER], provider="workflow")
    passed_over = play(WHOLE, provider="responses")
    play(WHOLE)
    events = await ask()
    assert switches(events) == [(2, "analyst", "workflow", "turn_timeout", False)]
    assert not passed_over.requests


async def test_a_turn_whose_floor_is_late_too_ends_at_its_deadline(play, settings) -> None:
    settings.TURN_DEADLINE_S = 0.5
    for name in ("workflow", "responses", "analyst"):
        play([FOREVER], provider=name)
    events = await ask()
    assert isinstance(events[-1], Error)
    assert events[-1].code == "turn_timeout"
    assert "too long" in events[-1].message
    assert await the_attempts("provider", "error") == [("workflow", "turn_timeout"), ("analyst", "turn_timeout")]
    assert 500 <= (await the_row()).latency_ms < 10_000


async def test_a_provider_that_hangs_when_it_is_closed_does_not_delay_the_next(
    play, caplog, monkeypatch, settings
) -> None:
    settings.FIRST_TEXT_DEADLINE_S = SHORT
    monkeypatch.setattr(provider_stream, "CLOSE_WAIT_S", 0.5)
    slow_to_close: list[bool] = []
    hanging = play([FOREVER], provider="workflow", closes_in_s=FOREVER)
    play([lambda: slow_to_close.append("Provider slow to close" in caplog.messages), *WHOLE], provider="responses")
    assert isinstance((await ask())[-1], Done)
    assert slow_to_close == [False]
    assert "Provider slow to close" in caplog.messages
    assert not hanging.closed


async def test_the_end_is_told_before_a_provider_has_finished_closing(play) -> None:
    play(WHOLE, provider="workflow", closes_in_s=FOREVER)
    events = run_turn(session_id=uuid.uuid4(), question="Hi", owner=ALICE, override="workflow")
    async for event in events:
        if isinstance(event, Done):
            assert len(asyncio.all_tasks()) == 2
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_reader_who_takes_their_time_is_no_failure_of_the_provider(play, settings) -> None:
    settings.TURN_DEADLINE_S = 0.3
    play(WHOLE, provider="workflow")
    play(WHOLE)
    events = run_turn(session_id=uuid.uuid4(), question="Hi", owner=ALICE, override="workflow")
    async for _ in events:
        await asyncio.sleep(0.3)
    assert await the_circuits_heard() == []


async def test_a_gap_is_not_what_a_slow_reader_makes_of_it(play, settings) -> None:
    settings.CHUNK_GAP_DEADLINE_S = SHORT
    play(WHOLE, provider="workflow")
    events = run_turn(session_id=uuid.uuid4(), question="Hi", owner=ALICE, override="workflow")
    async for event in events:
        if not isinstance(event, Done):
            await asyncio.sleep(SHORT + 0.1)
    assert await the_attempts() == [(1, "workflow", "succeeded", "", True)]


@pytest.mark.parametrize("said", ["One two ", ""], ids=["after text", "before text"])
async def test_a_person_who_leaves_during_a_fallback_ends_it_and_nothing_else(play, said) -> None:
    loop, reached = asyncio.get_running_loop(), asyncio.Event()
    play([*words("Half of"), ProviderUnavailable(code="cut")], provider="workflow")
    arrive = [lambda: loop.call_soon_threadsafe(reached.set), FOREVER]
    second = play([*words(said), *arrive], provider="responses")
    floor = play(WHOLE)

    async def read() -> None:
        async for _ in run_turn(session_id=uuid.uuid4(), question="Hi", owner=ALICE, override="workflow"):
            pass

    reader = asyncio.create_task(read())
    await reached.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    turn, row = await the_turn(), await the_row()
    assert (row.status, row.success, row.provider, row.attempts) == ("interrupted", None, "responses", 2)
    assert turn.answer == row.text.response_text == said
    assert await the_attempts() == [
        (1, "workflow", "failed", "cut", True),
        (2, "responses", "interrupted", "", bool(said)),
    ]
    assert await the_circuits_heard() == [("workflow", False, "cut")]
    assert second.closed
    assert not floor.requests


async def test_a_tool_that_runs_when_the_attempt_is_given_up_is_waited_for_by_the_next(
    play, monkeypatch, settings
) -> None:
    settings.FIRST_TEXT_DEADLINE_S = SHORT
    tools = CountingToolbox(takes_s=0.5)
    monkeypatch.setattr("apps.assistant.attempts.default_toolbox", lambda: tools)
    use = UseTool("get_quote", {"symbol": "AAPL"})
    play([use], provider="workflow")
    play([use, *WHOLE])
    events = await ask()
    assert switches(events) == [(2, "analyst", "workflow", "first_text_timeout", False)]
    assert tools.calls == [("get_quote", {"symbol": "AAPL"})]
