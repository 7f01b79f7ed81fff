"""Middleware under ASGI: no thread for a look at headers, one for whatever may wait for the database."""

import threading

import pytest
from django.conf import settings
from django.contrib import messages
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils.module_loading import import_string

from gvses import middleware

OURS = [import_string(path) for path in settings.MIDDLEWARE if path.startswith("gvses.middleware.")]
DJANGOS_OWN = [import_string(path) for path in settings.MIDDLEWARE if path.startswith("django.")]


def noting(kind: type, ran_in: list[int]) -> type:
    """The middleware, noting in which thread its steps run."""

    class Noting(kind):  # type: ignore[misc]
        def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
            ran_in.append(threading.get_ident())
            return super().process_response(request, response) if hasattr(kind, "process_response") else response

    return Noting


async def respond(request: HttpRequest) -> HttpResponse:
    return HttpResponse("yes")


def plain_request() -> HttpRequest:
    request = RequestFactory().get("/")
    request.session = SessionStore()
    return request


@pytest.mark.parametrize("kind", [*OURS, *DJANGOS_OWN])
async def test_a_step_that_waits_for_nothing_runs_where_it_is_called(kind: type) -> None:
    ran_in: list[int] = []
    response = await noting(kind, ran_in)(respond)(plain_request())
    assert response.content == b"yes"
    assert ran_in == [threading.get_ident()]


@pytest.mark.django_db
async def test_a_session_that_has_changed_is_saved_in_a_thread() -> None:
    ran_in: list[int] = []

    async def changed(request: HttpRequest) -> HttpResponse:
        request.session["seen"] = True
        return HttpResponse("yes")

    response = await noting(middleware.Sessions, ran_in)(changed)(plain_request())
    assert ran_in
    assert threading.get_ident() not in ran_in
    assert response.cookies[settings.SESSION_COOKIE_NAME].value


async def test_messages_that_were_added_are_stored_in_a_thread() -> None:
    ran_in: list[int] = []

    async def tells(request: HttpRequest) -> HttpResponse:
        messages.info(request, "Saved.")
        return HttpResponse("yes")

    response = await noting(middleware.Messages, ran_in)(tells)(plain_request())
    assert threading.get_ident() not in ran_in
    assert "messages" in response.cookies
