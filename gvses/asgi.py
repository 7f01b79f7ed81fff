"""The ASGI entry point: HTTP for pages and token streams, the sandbox where it is on, sockets refused."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

import django
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.signals import request_finished, request_started
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections, reset_queries
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.module_loading import import_string

from apps.core.request_ids import Application, Receive, Send, with_request_ids
from apps.core.threads import lent_executor
from apps.tracing.sentry import around

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gvses.settings")

SANDBOX = "apps.sandbox.asgi.application"
SHORT_FORM_BYTES = 65_536


class Site(ASGIHandler):
    """Django, with a thread lent to each request where it would start one."""

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        with lent_executor() as executor:
            async with ThreadSensitiveContext(executor=executor):
                await self.handle(scope, receive, send)

    async def send_response(self, response: HttpResponseBase, send: Send) -> None:
        """Sends it without a pooled connection in hand: whoever reads slowly would keep it from everybody else.

        Whoever takes nothing of it any more is treated as gone, and a turn that they asked for ends.
        """
        if connections[DEFAULT_DB_ALIAS].vendor != "sqlite" and not response.streaming:
            await sync_to_async(close_old_connections)()

        async def send_in_time(message: Mapping[str, Any]) -> None:
            try:
                async with asyncio.timeout(settings.UNREAD_DEADLINE_S):
                    await send(message)
            except TimeoutError:
                # What Django takes for a client that has left.
                raise asyncio.CancelledError from None

        await super().send_response(response, send_in_time)

    def adapt_method_mode(self, is_async: bool, method: Any, *args: Any, **kwargs: Any) -> Any:
        """The step as the chain calls it. A token in a short form is looked for at once, without a thread."""
        adapted: Any = super().adapt_method_mode(is_async, method, *args, **kwargs)
        if not is_async or not isinstance(getattr(method, "__self__", None), CsrfViewMiddleware):
            return adapted

        async def step(request: HttpRequest, *args: Any) -> Any:
            return method(request, *args) if _is_short_form(request) else await adapted(request, *args)

        return step


def _is_short_form(request: HttpRequest) -> bool:
    """Whether there are no fields, or reading them takes no time.

    Whatever is long, comes in several parts or does not say how long it is would hold up every stream.
    """
    if request.method in ("GET", "HEAD"):
        return True
    length = request.META.get("CONTENT_LENGTH", "")
    is_form = request.content_type == "application/x-www-form-urlencoded"
    return is_form and length.isdecimal() and int(length) <= SHORT_FORM_BYTES


def tidy_up_once() -> None:
    """A lent thread is tidied up after each request, so that the next has not to wait for it before it begins."""
    request_started.disconnect(close_old_connections)
    request_started.disconnect(reset_queries)
    request_finished.connect(_forget_queries)


def _forget_queries(**_: Any) -> None:
    for connection in connections.all(initialized_only=True):
        # Somebody who captures queries reads them after the request.
        if not connection.force_debug_cursor:
            connection.queries_log.clear()


django.setup(set_prefix=False)
tidy_up_once()
site = Site()
import_string("apps.providers.warm_up.warm_up")()
import_string("apps.tracing.recorder.warm_up")()


async def http(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """To the sandbox or to the site; the sandbox is imported at its first request, off the event loop."""
    if settings.GVSES_SANDBOX and scope["path"].startswith("/sandbox/"):
        sandbox = await asyncio.to_thread(import_string, SANDBOX)
        await sandbox(scope, receive, send)
    else:
        await site(scope, receive, send)


async def refuse_socket(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Closes before the handshake, which the client reads as a 403."""
    await send({"type": "websocket.close"})


def watched(application: Application) -> Application:
    """The whole application with an id for each request and socket, and with reports of their errors."""
    return with_request_ids(around(application))


application = watched(
    ProtocolTypeRouter({"http": http, "websocket": refuse_socket})  # type: ignore[no-untyped-call]
)
