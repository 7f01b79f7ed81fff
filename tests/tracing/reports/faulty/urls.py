"""Views that fail, beside the product's own."""

import logging
import threading
from contextvars import copy_context

from django.contrib.auth import get_user_model
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from tests.tracing.reports.faulty import planted

logger = logging.getLogger("apps.faulty")


@csrf_exempt
def crash(request: HttpRequest) -> HttpResponse:
    text = planted.LOCAL
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT '{planted.SQL}'")
    # Before it fails, so that it is in the way of the error that follows.
    logger.warning("Earlier line", extra={"note": planted.EXTRA, "code": "early"})
    raise ValueError(f"cannot take {request.body!r} {text}")


def twice(request: HttpRequest) -> HttpResponse:
    name = f"charlie {planted.ROW}"
    for _ in range(2):
        get_user_model().objects.create(username=name)
    return HttpResponse()


def log(request: HttpRequest) -> HttpResponse:
    logger.error("Static line", extra={"error": planted.EXTRA, "note": planted.EXTRA, "code": "bad", "attempts": 2})
    logger.error("Refused %s", planted.ARGUMENT)
    logger.error(f"It said {planted.LIBRARY}")  # noqa: G004  as a library would
    error = KeyError(planted.QUOTED)
    error.add_note(planted.NOTE)
    try:
        raise ExceptionGroup(f"group {planted.QUOTED}", [error, ValueError("A sentence of the code")])
    except ExceptionGroup:
        logger.exception("Grouped")
    return HttpResponse()


def in_a_thread(request: HttpRequest) -> HttpResponse:
    def work() -> None:
        logger.error("From a thread")

    thread = threading.Thread(target=copy_context().run, args=(work,))
    thread.start()
    thread.join()
    return HttpResponse()


urlpatterns = [
    path("crash/", crash),
    path("twice/", twice),
    path("log/", log),
    path("chat/<uuid:session_id>/thread/", lambda request, session_id: in_a_thread(request)),
    path("", include("gvses.urls")),
]
