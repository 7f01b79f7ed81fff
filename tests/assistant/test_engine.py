"""A turn from question to row: what it emits, what it leaves behind, however it ends."""

import asyncio
import uuid
from contextlib import aclosing

import pytest
from asgiref.sync import sync_to_async

from apps.assistant import engine
from apps.assistant.engine import run_turn
from apps.assistant.errors import BadMessage, ConversationBusy, NotYourConversation
from apps.assistant.models import Conversation, Turn
from apps.assistant.owner import Owner
from apps.assistant.turns import begin_turn
from apps.metrics.models import RequestLog, RequestText, ToolCall
from apps.providers.errors import ProviderUnavailable
from apps.providers.events import Done, Error, Event, Meta, Text, ToolResult, Usage
from apps.providers.events import ToolCall as ToolCallEvent
from apps.routing.kills import kill, unkill
from apps.routing.models import SessionAssignment
from tests.factories import make_conversation, make_turn, make_user
from tests.scripted import words

pytestmark = pytest.mark.django_db
ALICE = Owner(visitor_id=uuid.UUID(int=1))
CHARLIE = Owner(visitor_id=uuid.UUID(int=3))
CALL = ToolCallEvent(call_id="c1", name="get_quote", arguments={"symbol": "AAPL"})
RESULT = ToolResult(call_id="c1", name="get_quote", ok=True, result={"close": 430.47}, latency_ms=3.5)


async def ask(
    question: str = "Price of AAPL?", *, session: uuid.UUID | None = None, owner: Owner = ALICE
) -> list[Event]:
    events = run_turn(session_id=session or uuid.uuid4(), question=question, owner=owner)
    async with aclosing(events):
        return [event async for event in events]


async def test_a_turn_opens_with_meta_and_ends_with_done(play) -> None:
    play([CALL, RESULT, *words("AAPL closed at 430.47.")])
    events = await ask()
    assert isinstance(events[0], Meta)
    assert events[0].data["provider"] == "analyst"
    assert isinstance(events[-1], Done)
    assert events[-1].request_id == events[0].data["request_id"]
    assert [type(event) for event in events].count(Done) == 1


async def test_the_row_is_there_before_the_first_event(play) -> None:
    play([*words("Hello")])
    events = run_turn(session_id=uuid.uuid4(), question="Hi", owner=ALICE)
    async with aclosing(events):
        opening = await anext(events)
        row = await RequestLog.objects.aget(pk=opening.data["request_id"])
        assert row.status == "started"


async def test_a_finished_turn_leaves_a_whole_row_its_text_and_its_tool_calls(play) -> None:
    usage = Usage(tokens_input=10, tokens_output=5, tokens_cached=2, tokens_reasoning=1, cost_usd=0.25)
    play([CALL, RESULT, *words("AAPL closed at 430.47."), usage, usage])
    session = uuid.uuid4()
    await ask("Price of AAPL?", session=session)
    row = await RequestLog.objects.aget()
    assert (row.status, row.success, row.session_id) == ("succeeded", True, session)
    assert (row.provider, row.model, row.tools_used) == ("analyst", "script-1", ["get_quote"])
    assert (row.tokens_input, row.tokens_output, row.tokens_cached, row.tokens_reasoning) == (20, 10, 4, 2)
    assert float(row.cost_usd) == 0.5
    assert 0 < row.ttft_ms <= row.latency_ms
    assert (row.intent, row.read_as) == ("research", "quote")
    text = await RequestText.objects.aget(request=row)
    assert (text.query, text.response_text) == ("Price of AAPL?", "AAPL closed at 430.47. ")
    call = await ToolCall.objects.aget(request=row)
    assert (call.name, call.ok, call.latency_ms) == ("get_quote", True, 3.5)


async def test_the_turn_keeps_what_the_page_shows_again(play) -> None:
    play([CALL, RESULT, *words("AAPL closed at 430.47.")])
    await ask()
    turn = await Turn.objects.aget()
    assert (turn.status, turn.answer, turn.number) == ("succeeded", "AAPL closed at 430.47. ", 1)
    assert turn.tool_calls == [
        {
            "call_id": "c1",
            "name": "get_quote",
            "arguments": {"symbol": "AAPL"},
            "ok": True,
            "result": {"close": 430.47},
            "latency_ms": 3.5,
        }
    ]
    assert turn.sidecar["symbols"] == ["AAPL"]


async def test_an_unknown_price_is_null_and_never_zero(play) -> None:
    play([*words("Hi"), Usage(tokens_input=1, tokens_output=1, cost_usd=0.1), Usage(tokens_input=1, tokens_output=1)])
    await ask()
    row = await RequestLog.objects.aget()
    assert row.cost_usd is None
    assert row.tokens_input == 2


async def test_a_failing_provider_ends_in_one_sentence_and_a_failed_row(play) -> None:
    play([*words("So far"), ProviderUnavailable("The backend is not answering. Ask again in a minute.")])
    events = await ask()
    assert events[-1] == Error(
        message="The backend is not answering. Ask again in a minute.", retryable=True, code="unavailable"
    )
    row, turn = await RequestLog.objects.aget(), await Turn.objects.aget()
    assert (row.status, row.success, row.error) == ("failed", False, "unavailable")
    assert (turn.status, turn.answer) == ("failed", "So far ")
    assert turn.error == "The backend is not answering. Ask again in a minute."


async def test_a_bug_is_logged_and_said_without_its_details(play, caplog) -> None:
    play([ValueError("secret detail")])
    events = await ask()
    assert isinstance(events[-1], Error)
    assert "secret" not in events[-1].message
    assert "Provider failed unexpectedly" in caplog.text


async def test_market_data_that_cannot_be_opened_ends_in_a_sentence_and_a_failed_row(play, monkeypatch) -> None:
    def broken():
        raise FileNotFoundError("no such folder")

    monkeypatch.setattr("apps.assistant.attempts.default_toolbox", broken)
    events = await ask()
    assert isinstance(events[-1], Error)
    row = await RequestLog.objects.aget()
    assert (row.status, row.error, row.attempts) == ("failed", "internal", 0)


async def test_an_answer_that_ends_without_done_is_a_failure(play) -> None:
    play(words("Half an answer"), ends=False)
    events = await ask()
    assert isinstance(events[-1], Error)
    assert events[-1].code == "no_terminal_event"


async def test_a_turn_past_its_deadline_fails_with_what_to_do(play, settings) -> None:
    settings.TURN_DEADLINE_S = 0.5
    script = play([*words("Wait"), 30])
    events = await ask()
    assert isinstance(events[-1], Error)
    assert "too long" in events[-1].message
    assert script.closed


async def test_with_everybody_stopped_the_person_reads_one_sentence_and_the_question_is_kept(play) -> None:
    play(words("Never said"))
    await sync_to_async(kill)(provider="analyst", reason="drill", by="bob")
    events = await ask("Price of AAPL?")
    assert [type(event) for event in events] == [Meta, Error]
    assert events[-1].code == "no_provider"
    assert "try again" in events[-1].message
    row, turn = await RequestLog.objects.aget(), await Turn.objects.aget()
    assert (row.status, row.provider, row.route_reason, row.attempts) == ("failed", "", "no_provider", 0)
    assert (turn.status, turn.question) == ("failed", "Price of AAPL?")
    assert not await SessionAssignment.objects.aexists()
    await sync_to_async(unkill)(provider="analyst", reason="drill over", by="bob")
    assert isinstance((await ask("Price of AAPL?"))[-1], Done)


async def test_leaving_mid_answer_ends_the_row_interrupted_with_what_was_sent(play) -> None:
    script = play([CALL, *words("One two three four")])
    events = run_turn(session_id=uuid.uuid4(), question="Count", owner=ALICE)
    async for event in events:
        if isinstance(event, Text) and event.content == "two ":
            break
    await events.aclose()
    row, turn = await RequestLog.objects.aget(), await Turn.objects.aget()
    assert (row.status, row.success) == ("interrupted", None)
    assert (turn.status, turn.answer) == ("interrupted", "One two ")
    assert (await RequestText.objects.aget()).response_text == "One two "
    assert turn.tool_calls[0]["ok"] is False
    assert script.closed


async def test_a_cancelled_task_still_finishes_its_row(play) -> None:
    play([*words("One"), 30])

    async def read() -> None:
        async with aclosing(run_turn(session_id=uuid.uuid4(), question="Wait", owner=ALICE)) as events:
            async for event in events:
                if isinstance(event, Text):
                    said.set()

    said = asyncio.Event()
    task = asyncio.create_task(read())
    await said.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await RequestLog.objects.aget()).status == "interrupted"


async def test_leaving_while_the_turn_still_begins_finishes_its_row(play, monkeypatch) -> None:
    script = play(words("Never heard"))
    loop = asyncio.get_running_loop()

    def begin_while_the_reader_leaves(**asked):
        loop.call_soon_threadsafe(reader.cancel)
        return begin_turn(**asked)

    monkeypatch.setattr(engine, "begin_turn", begin_while_the_reader_leaves)
    reader = asyncio.create_task(ask())
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert (await RequestLog.objects.aget()).status == "interrupted"
    assert (await Turn.objects.aget()).status == "interrupted"
    assert not script.requests


async def test_the_next_question_is_told_the_last_ten_messages(play) -> None:
    script = play(words("Answer"))
    session = uuid.uuid4()
    for number in range(7):
        await ask(f"Question {number}", session=session)
    told = script.requests[-1].history
    assert [message.role for message in told] == ["user", "assistant"] * 5
    assert told[0].content == "Question 1"
    assert [turn.number async for turn in Turn.objects.all()] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("message", ["", "   \n\t ", "\x00", "x" * 8001])
async def test_a_message_nobody_can_answer_is_refused_and_nothing_is_stored(message: str) -> None:
    with pytest.raises(BadMessage):
        await ask(message)
    assert not await Conversation.objects.aexists()
    assert not await RequestLog.objects.aexists()
    assert not await SessionAssignment.objects.aexists()


async def test_a_message_of_exactly_the_limit_is_answered(play) -> None:
    play(words("Long"))
    assert isinstance((await ask("x" * 8000))[-1], Done)


async def test_characters_no_database_stores_are_left_out(play) -> None:
    play(words("Fine"))
    await ask("Price\x00 of \udc80AAPL")
    assert (await Turn.objects.aget()).question == "Price of ?AAPL"


async def test_charlie_cannot_ask_in_alices_conversation(play) -> None:
    play(words("Mine"))
    session = uuid.uuid4()
    await ask(session=session)
    with pytest.raises(NotYourConversation):
        await ask(session=session, owner=CHARLIE)
    assert await Turn.objects.acount() == 1


async def test_a_second_send_is_refused_while_the_first_is_answered_and_neither_is_lost(play, monkeypatch) -> None:
    monkeypatch.setattr(engine, "BUSY_WAIT_S", 0.1)
    play(words("Slow answer"))
    session = uuid.uuid4()
    first = run_turn(session_id=session, question="First", owner=ALICE)
    await anext(first)
    with pytest.raises(ConversationBusy):
        await ask("Second", session=session)
    rest = [event async for event in first]
    assert isinstance(rest[-1], Done)
    assert isinstance((await ask("Second", session=session))[-1], Done)


async def test_a_second_send_waits_a_moment_for_a_stopped_answer(play) -> None:
    play(words("Answer"))
    session = uuid.uuid4()
    first = run_turn(session_id=session, question="First", owner=ALICE)
    await anext(first)
    second = asyncio.create_task(ask("Second", session=session))
    await asyncio.sleep(0.1)
    await first.aclose()
    assert isinstance((await second)[-1], Done)


def test_the_first_answer_names_the_conversation_after_what_it_is_about(play) -> None:
    from asgiref.sync import async_to_sync

    play(words("AAPL closed"))
    async_to_sync(ask)("so what about that price of apple then?")
    assert Conversation.objects.get().title == "AAPL price"


def test_a_renamed_conversation_keeps_its_name(play) -> None:
    from asgiref.sync import async_to_sync

    alice = make_user("alice")
    conversation = make_conversation(user=alice, title="My morning look")
    make_turn(conversation)
    play(words("AAPL closed"))
    async_to_sync(ask)(session=conversation.pk, owner=Owner(user_id=alice.pk))
    conversation.refresh_from_db()
    assert conversation.title == "My morning look"
