"""A turn while the database is away: answered, told of in the log, and stored nowhere."""

import uuid
from contextlib import ExitStack, aclosing

import pytest

from apps.assistant.engine import run_turn
from apps.assistant.models import Conversation, Turn
from apps.metrics.models import RequestLog
from apps.providers.errors import ProviderUnavailable
from apps.providers.events import Done, Error, Event, Meta, Text, Usage
from apps.routing import snapshot
from apps.routing.changes import set_shares
from apps.routing.errors import OverrideRefused
from apps.routing.kills import kill
from apps.routing.services import resolve
from tests.assistant.asking import ALICE, ask, switches, the_row, the_turn
from tests.scripted import words

pytestmark = pytest.mark.django_db
QUESTION = "What is the price of a secret?"


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch):
    monkeypatch.setattr(snapshot, "_last", None)


def said(caplog, message: str) -> list:
    return [record for record in caplog.records if record.message == message]


async def test_it_is_answered_says_that_it_is_not_recorded_and_writes_nothing(play, database_away) -> None:
    script = play(words("AAPL closed at 430.47."), provider="responses")
    with database_away() as tried:
        events = await ask(override=None)
    opening = events[0]
    assert isinstance(opening, Meta)
    assert (opening.data["is_recorded"], opening.data["provider"]) == (False, "responses")
    assert (opening.data["route_reason"], "turn_number" in opening.data) == ("default", False)
    assert "The database is away" in opening.data["explanation"]
    assert isinstance(events[-1], Done)
    assert events[-1].request_id == opening.data["request_id"]
    assert len(tried) == 1, "one look, by the beginning of the turn"
    assert script.requests[0].history == ()
    assert not await RequestLog.objects.aexists()
    assert not await Conversation.objects.aexists()


async def test_the_log_has_what_the_row_would_have_had_and_not_the_question(play, caplog, database_away) -> None:
    usage = Usage(tokens_input=10, tokens_output=5, cost_usd=0.25)
    play([*words("AAPL closed at 430.47."), usage], provider="responses")
    session_id = uuid.uuid4()
    caplog.set_level("INFO")
    with database_away():
        events = await ask(override=None, question=QUESTION, session_id=session_id)
    (begun,), (ended,) = (
        said(caplog, "Turn served without the database"), said(caplog, "Turn ended without the database")
    )  # fmt: skip
    for record in (begun, ended):
        assert record.request_id == events[0].data["request_id"]
        assert (record.session_id, record.provider) == (str(session_id), "responses")
    assert begun.route_reason == "default"
    assert (ended.status, ended.model, ended.attempts, ended.error) == ("succeeded", "script-1", 1, "")
    assert 0 < ended.ttft_ms <= ended.latency_ms
    assert (ended.tokens_input, ended.tokens_output, ended.cost_usd) == (10, 5, "0.25000000")
    assert "secret" not in " ".join(str(vars(record)) for record in caplog.records)


async def test_one_that_fails_goes_along_the_chain_without_the_database(play, caplog, database_away) -> None:
    play([*words("Half"), ProviderUnavailable(code="cut")], provider="responses")
    play(words("AAPL closed at 430.47."))
    with database_away():
        events = await ask(override=None)
    assert switches(events) == [(2, "analyst", "responses", "cut", True)]
    assert isinstance(events[-1], Done)
    (ended,) = said(caplog, "Turn ended without the database")
    assert (ended.provider, ended.attempts) == ("analyst", 2)


async def test_a_provider_that_says_come_back_soon_is_asked_once_more(play, database_away) -> None:
    play([ProviderUnavailable(code="rate_limited", retry_after_s=0.01)], words("Here."), provider="responses")
    with database_away():
        events = await ask(override=None)
    assert switches(events) == [(2, "responses", "responses", "rate_limited", False)]
    assert isinstance(events[-1], Done)


async def test_one_that_nobody_can_serve_ends_in_a_sentence(play, caplog, database_away) -> None:
    play([ProviderUnavailable("Ask again.", code="cut")])
    with database_away():
        events = await ask(override="analyst")
    assert events[-1] == Error(message="Ask again.", retryable=True, code="cut")
    (ended,) = said(caplog, "Turn ended without the database")
    assert (ended.status, ended.error) == ("failed", "cut")


async def test_an_override_that_cannot_serve_is_refused_all_the_same(play, database_away) -> None:
    with database_away(), pytest.raises(OverrideRefused):
        await ask(override="astrologer")


async def test_a_stop_that_was_seen_holds_without_the_database(play, database_away) -> None:
    from asgiref.sync import sync_to_async

    served = play(words("Never said"), provider="workflow")
    play(words("Here."), provider="responses")
    await sync_to_async(set_shares)(shares={"workflow": 10_000}, by="Bob")
    await sync_to_async(kill)(provider="workflow", by="Bob")
    await sync_to_async(resolve)(session_id=uuid.uuid4())
    with database_away():
        events = await ask(override=None)
    assert (events[0].data["provider"], events[0].data["route_reason"]) == ("responses", "kill_switch")
    assert not served.requests


async def test_whoever_cannot_be_known_is_answered_without_a_row_though_the_database_is_there(play) -> None:
    play(words("AAPL closed at 430.47."))
    events = run_turn(session_id=uuid.uuid4(), question="Hi", owner=ALICE, override="analyst", is_recorded=False)
    async with aclosing(events):
        found = [event async for event in events]
    assert found[0].data["is_recorded"] is False
    assert isinstance(found[-1], Done)
    assert not await Turn.objects.aexists()


async def read_until_text_and_lose_the_database(away: ExitStack, database_away) -> list[Event]:
    found = []
    turn = run_turn(session_id=uuid.uuid4(), question=QUESTION, owner=ALICE, override="analyst")
    async with aclosing(turn) as events:
        async for event in events:
            found.append(event)
            if isinstance(event, Text):
                away.enter_context(database_away())
    return found


async def test_a_database_that_goes_away_meanwhile_takes_no_answer_from_anybody(play, caplog, database_away) -> None:
    play(words("430.47."))
    with ExitStack() as away:
        events = await read_until_text_and_lose_the_database(away, database_away)
    note, end = events[-2:]
    assert isinstance(note, Meta)
    assert note.data["is_recorded"] is False
    assert isinstance(end, Done)
    (ended,) = said(caplog, "Turn ended without the database")
    assert (ended.status, ended.request_id) == ("succeeded", events[0].data["request_id"])
    assert ((await the_row()).status, (await the_turn()).status) == ("started", "running"), "left to the sweep"


async def test_a_person_who_leaves_while_the_database_is_away_raises_nothing(play, database_away) -> None:
    script = play([*words("One two three"), 30])
    with ExitStack() as away:
        turn = run_turn(session_id=uuid.uuid4(), question="Count", owner=ALICE, override="analyst")
        async for event in turn:
            if isinstance(event, Text):
                away.enter_context(database_away())
                break
        await turn.aclose()
    assert script.closed
