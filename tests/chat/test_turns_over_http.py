"""The stream of a turn over HTTP, and every way it is refused before it starts."""

import asyncio
import json
import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.test import AsyncClient

from apps.assistant import engine
from apps.assistant.models import Conversation, Turn
from apps.chat.visitor import VISITOR_COOKIE
from apps.metrics.models import RequestLog
from apps.providers.errors import ProviderUnavailable
from apps.routing.models import SessionAssignment
from tests.factories import make_conversation, make_user
from tests.scripted import words

pytestmark = pytest.mark.django_db
STREAM = {"Accept": "text/event-stream"}


async def send(client: AsyncClient, message: str, session: uuid.UUID | None = None) -> Any:
    return await client.post(f"/chat/{session or uuid.uuid4()}/turns/", {"message": message}, headers=STREAM)


async def read(response: Any) -> list[dict[str, Any]]:
    """The events of a stream, each checked to be one `event:` line and one `data:` line that agree."""
    body = b"".join([chunk async for chunk in response.streaming_content]).decode()
    events = []
    for block in body.strip().split("\n\n"):
        name, data = block.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert event["type"] == name.removeprefix("event: ")
        events.append(event)
    return events


async def test_a_question_is_answered_as_a_stream_that_ends_with_done(async_client, play) -> None:
    play(words("AAPL closed at **430.47**."))
    response = await send(async_client, "Price of AAPL?")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/event-stream"
    assert response["Cache-Control"] == "no-store"
    assert response["X-Accel-Buffering"] == "no"
    assert response["Content-Encoding"] == "identity"
    events = await read(response)
    assert [event["type"] for event in events] == ["meta", "text", "text", "text", "text", "done"]
    assert "".join(event["content"] for event in events if event["type"] == "text") == "AAPL closed at **430.47**. "
    done = events[-1]
    assert {"request_id", "provider", "model", "sidecar", "html", "title"} <= done.keys()
    assert "<strong>430.47</strong>" in done["html"]


async def test_a_failed_turn_ends_with_an_error_that_says_what_to_do(async_client, play) -> None:
    play([*words("So"), ProviderUnavailable("The backend is not answering. Ask again.")])
    events = await read(await send(async_client, "Hello"))
    assert events[-1]["type"] == "error"
    assert events[-1]["message"] == "The backend is not answering. Ask again."
    assert "The backend is not answering. Ask again." in events[-1]["html"]


@pytest.mark.parametrize("message", ["", "   ", "x" * 8001])
async def test_an_empty_or_endless_message_is_a_400_with_its_reason_and_stores_nothing(async_client, message) -> None:
    response = await send(async_client, message)
    assert response.status_code == 400
    assert response.json()["error"]["message"]
    assert not await Conversation.objects.aexists()
    assert not await RequestLog.objects.aexists()
    assert not await SessionAssignment.objects.aexists()


async def test_no_csrf_token_is_a_403(play) -> None:
    play(words("Hi"))
    client = AsyncClient(enforce_csrf_checks=True)
    response = await send(client, "Hello")
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "csrf"
    assert not await Turn.objects.aexists()


async def test_a_get_starts_nothing(async_client) -> None:
    assert (await async_client.get(f"/chat/{uuid.uuid4()}/turns/")).status_code == 405


async def test_another_persons_conversation_is_not_there(async_client, play) -> None:
    play(words("Hi"))
    alice = await sync_to_async(make_user)("alice")
    theirs = await sync_to_async(make_conversation)(user=alice)
    assert (await send(async_client, "Hello", theirs.pk)).status_code == 404
    assert (await async_client.get(f"/chat/{theirs.pk}/")).status_code == 404
    assert (await async_client.post(f"/chat/{theirs.pk}/delete/")).status_code == 404
    assert (await async_client.post(f"/chat/{theirs.pk}/rename/", {"title": "Mine"})).status_code == 404
    assert await Conversation.objects.filter(pk=theirs.pk, title="AAPL price").aexists()


async def test_a_second_send_meanwhile_is_a_409_that_says_so(async_client, play, monkeypatch) -> None:
    monkeypatch.setattr("apps.assistant.engine.BUSY_WAIT_S", 0.05)
    play(words("Slow"))
    session = uuid.uuid4()
    first = await send(async_client, "First", session)
    second = await send(async_client, "Second", session)
    assert second.status_code == 409
    assert "still being written" in second.json()["error"]["message"]
    assert (await read(first))[-1]["type"] == "done"


async def test_too_many_questions_are_a_429_that_says_when(async_client, play, settings) -> None:
    settings.TURNS_PER_PERSON = "2/60"
    play(words("Hi"))
    for _ in range(2):
        await read(await send(async_client, "Hello"))
    response = await send(async_client, "Hello")
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 120
    assert response.json()["error"]["retry_after_s"] == int(response["Retry-After"])


async def test_an_address_is_limited_whatever_cookies_it_drops(play, settings) -> None:
    settings.TURNS_PER_ADDRESS = "2/60"
    play(words("Hi"))
    for _ in range(2):
        assert (await read(await send(AsyncClient(), "Hello")))[-1]["type"] == "done"
    assert (await send(AsyncClient(), "Hello")).status_code == 429


async def test_an_address_has_a_days_limit_beside_its_minutes(play, settings) -> None:
    settings.TURNS_PER_ADDRESS = "100/60, 2/86400"
    play(words("Hi"))
    for _ in range(2):
        assert (await read(await send(AsyncClient(), "Hello")))[-1]["type"] == "done"
    refused = await send(AsyncClient(), "Hello")
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 3600


async def test_a_body_that_cannot_be_read_is_refused_as_json(async_client) -> None:
    fields = {"message": "Hello"} | {f"field{number}": "x" for number in range(1100)}
    response = await async_client.post(f"/chat/{uuid.uuid4()}/turns/", fields, headers=STREAM)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "bad_request"


async def test_without_trial_visitors_a_stranger_is_asked_to_log_in(async_client, settings) -> None:
    settings.ANONYMOUS_CHAT = False
    response = await send(async_client, "Hello")
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "login_required"
    page = await async_client.get("/")
    assert page.status_code == 302
    assert page["Location"].startswith("/accounts/login/")


async def test_script_in_a_question_is_shown_as_text(async_client, play) -> None:
    play(words("<script>alert(1)</script> and <img src=x onerror=alert(2)>"))
    session = uuid.uuid4()
    question = "<script>alert('x')</script> $<b>AAPL</b>"
    events = await read(await send(async_client, question, session))
    page = (await async_client.get(f"/chat/{session}/")).content.decode()
    for html in (events[-1]["html"], page):
        assert "<script>alert" not in html
        assert "<img src=x" not in html
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in page


async def test_leaving_mid_answer_ends_the_row_interrupted(async_client, play) -> None:
    play([*words("One two three"), 30])
    response = await send(async_client, "Count")
    seen = asyncio.Event()

    async def watch() -> None:
        async for chunk in response.streaming_content:
            if b"three" in chunk:
                seen.set()

    reader = asyncio.create_task(watch())
    await seen.wait()
    await asyncio.sleep(0)  # the reader is back inside the stream, waiting for the next event
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert (await RequestLog.objects.aget()).status == "interrupted"
    assert (await Turn.objects.aget()).answer == "One two three "


async def test_a_conversation_deleted_meanwhile_ends_its_stream_with_an_error(async_client, play, caplog) -> None:
    play(words("Nobody keeps this"))
    response = await send(async_client, "Hello")
    await Conversation.objects.all().adelete()
    events = await read(response)
    assert (events[-1]["type"], events[-1]["code"]) == ("error", "internal")
    assert "Stream failed" in caplog.text
    assert (await RequestLog.objects.aget()).status == "succeeded"


async def test_a_turn_that_cannot_be_stored_ends_its_stream_with_an_error(async_client, play, monkeypatch) -> None:
    play(words("Hi"))
    response = await send(async_client, "Hello")

    def fail(**turn):
        raise OperationalError("database is locked")

    monkeypatch.setattr(engine, "finish_turn", fail)
    events = await read(response)
    assert [event["type"] for event in events] == ["meta", "text", "error"]
    assert "locked" not in events[-1]["message"]


async def test_the_visitors_cookie_is_set_with_the_first_question_and_not_before(async_client, play) -> None:
    play(words("Hi"))
    assert VISITOR_COOKIE not in (await async_client.get("/")).cookies
    response = await send(async_client, "Hello")
    cookie = response.cookies[VISITOR_COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    await read(response)
    again = await send(async_client, "Hello again")
    assert VISITOR_COOKIE not in again.cookies
    await read(again)


async def test_whoever_looks_at_the_page_is_known_for_another_year(async_client, play) -> None:
    play(words("Hi"))
    await read(await send(async_client, "Hello"))
    page = await async_client.get("/")
    assert page.cookies[VISITOR_COOKIE]["max-age"] == 365 * 24 * 3600
    assert page.cookies[VISITOR_COOKIE].value.split(":")[0] == str((await Conversation.objects.aget()).visitor_id)


async def test_a_forged_cookie_owns_nothing(async_client, play) -> None:
    play(words("Hi"))
    session = uuid.uuid4()
    await read(await send(async_client, "Hello", session))
    visitor = (await Conversation.objects.aget()).visitor_id
    stranger = AsyncClient()
    stranger.cookies[VISITOR_COOKIE] = f"{visitor}:forged"
    assert (await stranger.get(f"/chat/{session}/")).status_code == 404
