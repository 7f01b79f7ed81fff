"""The ASGI entry point: which thread does what for a request, and what becomes of connections that are not HTTP."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import ThreadSensitiveContext
from asgiref.testing import ApplicationCommunicator
from channels.testing import WebsocketCommunicator
from django.conf import LazySettings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, reset_queries
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.test.utils import CaptureQueriesContext

from apps.chat import views
from apps.core.threads import lent_executor
from gvses.asgi import SHORT_FORM_BYTES, Site, _forget_queries, application, tidy_up_once


async def test_a_socket_is_refused_before_its_handshake() -> None:
    accepted, _ = await WebsocketCommunicator(application, "/v1/realtime").connect()
    assert not accepted


async def answer_of(method: str, path: str, *, body: bytes = b"") -> list[dict[str, Any]]:
    """The messages that a server would get for one request."""
    headers = [(b"host", b"testserver"), (b"content-type", b"application/x-www-form-urlencoded")]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
    communicator = ApplicationCommunicator(application, scope)
    await communicator.send_input({"type": "http.request", "body": body})
    messages = [await communicator.receive_output(10)]
    while messages[-1]["type"] != "http.response.body" or messages[-1].get("more_body"):
        messages.append(await communicator.receive_output(10))
    await communicator.wait(10)
    return messages


@pytest.mark.django_db(transaction=True)
async def test_a_question_without_the_pages_token_is_refused() -> None:
    messages = await answer_of("POST", f"/chat/{uuid4()}/turns/", body=b"message=hello")
    assert messages[0]["status"] == 403


async def test_a_page_without_the_database_is_served() -> None:
    messages = await answer_of("GET", "/healthz")
    assert messages[0]["status"] == 200


def form_of(
    *, method: str = "POST", content_type: str = "application/x-www-form-urlencoded", **meta: str
) -> HttpRequest:
    request = HttpRequest()
    request.method, request.content_type = method, content_type
    request.META.update(meta)
    return request


SHORT = {
    "a page that is read": form_of(method="GET", content_type=""),
    "a question": form_of(CONTENT_LENGTH="90"),
}
LONG = {
    "a long form": form_of(CONTENT_LENGTH=str(SHORT_FORM_BYTES + 1)),
    "a form of several parts": form_of(content_type="multipart/form-data", CONTENT_LENGTH="90"),
    "a form that does not say how long it is": form_of(),
    "a form of a length that is none": form_of(CONTENT_LENGTH="-1"),
}


@pytest.mark.parametrize(
    ("request_", "is_on_the_loop"),
    [*((request, True) for request in SHORT.values()), *((request, False) for request in LONG.values())],
    ids=[*SHORT, *LONG],
)
async def test_only_a_short_form_is_read_on_the_loop(request_: HttpRequest, is_on_the_loop: bool) -> None:
    class Noting(CsrfViewMiddleware):
        def process_view(self, *args: Any) -> None:  # type: ignore[override]
            ran_in.append(threading.get_ident())

    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("yes")

    ran_in: list[int] = []
    with lent_executor() as executor:
        async with ThreadSensitiveContext(executor=executor):
            await Site().adapt_method_mode(True, Noting(view).process_view)(request_, view, (), {})
    assert [thread == threading.get_ident() for thread in ran_in] == [is_on_the_loop]


async def test_requests_one_after_another_share_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def page(*args: Any, **kwargs: Any) -> HttpResponse:
        ran_in.append(threading.get_ident())
        return HttpResponse("yes")

    ran_in: list[int] = []
    monkeypatch.setattr(views, "_page", page)
    for _ in range(3):
        assert (await answer_of("GET", "/"))[0]["status"] == 200
    assert len(set(ran_in)) == 1
    assert threading.get_ident() not in ran_in


def test_a_thread_is_tidied_up_when_a_request_ends_and_no_request_waits_for_it_before_it_begins() -> None:
    tidy_up_once()  # once more: Django's test client connects the receivers of the start again
    sync_at_start, _ = request_started._live_receivers(Site)  # type: ignore[attr-defined]
    assert close_old_connections not in sync_at_start
    assert reset_queries not in sync_at_start
    at_end, _ = request_finished._live_receivers(Site)  # type: ignore[attr-defined]
    assert close_old_connections in at_end


@pytest.mark.django_db
def test_queries_are_forgotten_with_their_request_but_for_those_that_somebody_captures() -> None:
    def ask_and_finish() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _forget_queries()
        return len(connection.queries_log)

    connection.queries_log.clear()
    with CaptureQueriesContext(connection) as captured:
        assert ask_and_finish() == 1
    assert len(captured.captured_queries) == 1
    assert ask_and_finish() == 0


async def test_whoever_takes_nothing_of_an_answer_ends_it(settings: LazySettings) -> None:
    async def pieces() -> AsyncGenerator[bytes]:
        try:
            while True:
                yield b"piece"
        finally:
            has_ended.set()

    async def take_three(message: Any) -> None:
        taken.append(message["type"])
        if len(taken) > 3:
            await asyncio.Event().wait()

    settings.UNREAD_DEADLINE_S = 0.1
    has_ended = asyncio.Event()
    taken: list[str] = []
    with pytest.raises(asyncio.CancelledError):
        await Site().send_response(StreamingHttpResponse(pieces()), take_three)
    assert taken == ["http.response.start", *["http.response.body"] * 3]
    await asyncio.wait_for(has_ended.wait(), 10)
