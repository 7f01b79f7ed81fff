"""The ASGI entry point: what it does with connections that are not HTTP."""

import threading
from typing import Any
from uuid import uuid4

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.testing import WebsocketCommunicator
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from gvses.asgi import Site, application


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


async def test_the_look_at_the_token_runs_where_it_is_called() -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("yes")

    class Noting(CsrfViewMiddleware):
        def process_view(self, *args: Any) -> None:  # type: ignore[override]
            ran_in.append(threading.get_ident())

    ran_in: list[int] = []
    step = Site().adapt_method_mode(True, Noting(view).process_view)
    await step(HttpRequest(), view, (), {})
    assert ran_in == [threading.get_ident()]
