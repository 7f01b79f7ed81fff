"""The page while the database is away: who may still ask, what they read, and what is refused with a sentence."""

import json
import re
import uuid
from contextlib import ExitStack
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from apps.assistant.models import Conversation, Turn
from apps.assistant.unrecorded import NOT_RECORDED
from apps.chat.visitor import VISITOR_COOKIE
from apps.market.tools.market_toolbox import default_toolbox
from apps.providers.errors import ProviderUnavailable
from tests.chat.test_turns_over_http import read, send
from tests.factories import make_conversation, make_turn, make_user
from tests.scripted import UseTool, words

pytestmark = pytest.mark.django_db
PRICE = [UseTool("get_quote", {"symbol": "AAPL"}), *words("AAPL closed at **430.47**.")]


@pytest.fixture(autouse=True)
def _data_is_open():
    default_toolbox()


async def log_in(client: AsyncClient, name: str) -> Any:
    user = await sync_to_async(make_user)(name)
    await client.aforce_login(user)
    return user


async def test_a_visitor_is_answered_and_reads_that_it_is_not_kept(async_client, play, database_away) -> None:
    play(PRICE)
    with database_away():
        response = await send(async_client, "Price of AAPL?")
        events = await read(response)
    assert (response.status_code, events[0]["is_recorded"]) == (200, False)
    done = events[-1]
    assert done["type"] == "done"
    assert NOT_RECORDED in done["html"]
    assert "<strong>430.47</strong>" in done["html"]
    assert "Quote for AAPL" in done["html"]
    assert "title" not in done
    assert VISITOR_COOKIE in response.cookies


async def test_the_answer_looks_as_a_kept_one_does(async_client, play, database_away) -> None:
    def compared(events: list[dict[str, Any]]) -> str:
        html = events[-1]["html"].replace(events[0]["request_id"], "ID")
        html = html.replace(f'<p class="answer-note unkept">{NOT_RECORDED}</p>', "")
        # How long a tool took differs, and PostgreSQL gives the keys of an object back in an order of its own.
        return "".join(re.sub(r"[\d.]+ ms|<pre.*?</pre>", "", html, flags=re.DOTALL).split())

    fails = [*words("Half of an"), ProviderUnavailable("Ask again.", code="cut")]
    for steps in (PRICE, fails):
        play(steps)
        kept = await read(await send(async_client, "Price of AAPL?"))
        with database_away():
            unkept = await read(await send(async_client, "Price of AAPL?"))
        assert compared(unkept) == compared(kept)


async def test_somebody_with_an_account_asks_as_a_stranger_and_sees_nothing_of_their_own(
    async_client, play, database_away
) -> None:
    script = play(PRICE)
    alice = await log_in(async_client, "alice")
    conversation = await sync_to_async(make_conversation)(user=alice)
    await sync_to_async(make_turn)(conversation, question="What did I ask?")
    with database_away():
        response = await send(async_client, "And now?", conversation.pk)
        events = await read(response)
    assert events[-1]["type"] == "done"
    assert script.requests[0].history == ()
    assert VISITOR_COOKIE not in response.cookies
    assert await Turn.objects.acount() == 1


async def test_a_database_that_comes_back_in_the_middle_stores_nothing_under_a_strangers_name(
    async_client, play, database_away
) -> None:
    play(PRICE)
    alice = await log_in(async_client, "alice")
    conversation = await sync_to_async(make_conversation)(user=alice)
    with ExitStack() as away:
        away.enter_context(database_away())
        from apps.chat import views

        def then_back(request, owner):
            away.close()
            return 0

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(views, "turn_wait_s", then_back)
            events = await read(await send(async_client, "And now?", conversation.pk))
    assert events[0]["is_recorded"] is False
    assert not await Turn.objects.aexists()
    assert await Conversation.objects.acount() == 1


async def test_where_strangers_may_not_ask_nobody_does_whose_session_cannot_be_read(
    async_client, play, settings, database_away
) -> None:
    settings.ANONYMOUS_CHAT = False
    script = play(PRICE)
    await log_in(async_client, "alice")
    with database_away():
        response = await send(async_client, "Price of AAPL?")
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    error = json.loads(response.content)["error"]
    assert (error["code"], error["retry_after_s"]) == ("database_away", 5)
    assert error["message"].endswith("Send it again in a moment.")
    assert not script.requests
    assert (await read(await send(async_client, "Price of AAPL?")))[-1]["type"] == "done"


async def test_limits_hold_without_the_database(async_client, play, settings, database_away) -> None:
    settings.TURNS_PER_PERSON = "1/60"
    play(PRICE)
    await log_in(async_client, "alice")
    with database_away():
        await read(await send(async_client, "Price of AAPL?"))
        refused = await send(async_client, "Price of AAPL?")
    assert refused.status_code == 429


async def test_a_database_that_goes_away_meanwhile_costs_the_reader_a_note(async_client, play, database_away) -> None:
    with ExitStack() as away:
        play([*PRICE, lambda: away.enter_context(database_away())])
        events = await read(await send(async_client, "Price of AAPL?"))
    assert events[-1]["type"] == "done"
    assert NOT_RECORDED in events[-1]["html"]
    assert "<strong>430.47</strong>" in events[-1]["html"]


async def test_a_kept_answer_whose_rows_cannot_be_read_again_is_shown_without_the_note(
    async_client, play, monkeypatch, database_away
) -> None:
    play(PRICE)
    response = await send(async_client, "Price of AAPL?")
    with ExitStack() as away:
        from apps.chat import stream

        finished_turn = stream.finished_turn

        def too_late(**asked):
            away.enter_context(database_away())
            return finished_turn(**asked)

        monkeypatch.setattr(stream, "finished_turn", too_late)
        events = await read(response)
    assert events[-1]["type"] == "done"
    assert "<strong>430.47</strong>" in events[-1]["html"]
    assert NOT_RECORDED not in events[-1]["html"]
    assert (await Turn.objects.aget()).status == "succeeded"


@pytest.mark.parametrize("debug", [True, False])
async def test_a_page_that_cannot_be_made_says_so_in_the_products_clothes(
    async_client, settings, debug, play, database_away
) -> None:
    settings.DEBUG = debug
    await read(await send(async_client, "Hello"))
    with database_away():
        page = await async_client.get("/", headers={"Accept": "text/html"})
        script = await async_client.get("/", headers={"Accept": "application/json"})
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    assert "no-store" in page["Cache-Control"]
    assert "Our records cannot be reached right now" in page.content.decode()
    assert json.loads(script.content)["error"]["code"] == "database_away"


async def test_an_error_of_another_kind_is_left_alone(async_client, play, monkeypatch) -> None:
    def fail(**asked):
        raise ZeroDivisionError

    await read(await send(async_client, "Hello"))
    monkeypatch.setattr("apps.assistant.services.conversations_of", fail)
    with pytest.raises(ZeroDivisionError):
        await async_client.get(f"/?{uuid.uuid4()}")
