"""The ASGI entry point: HTTP for pages and token streams, the sandbox where it is on, sockets refused."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import django
from asgiref.sync import ThreadSensitiveContext
from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.module_loading import import_string

from apps.core.threads import request_thread

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gvses.settings")

SANDBOX = "apps.sandbox.asgi.application"

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Site(ASGIHandler):
    """Django, with a thread lent to each request where it would start one."""

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        with request_thread() as executor:
            async with ThreadSensitiveContext(executor=executor):
                await self.handle(scope, receive, send)

    def adapt_method_mode(self, is_async: bool, method: Any, *args: Any, **kwargs: Any) -> Any:
        """Where a step of a middleware runs. The look at a form's token waits for nothing and needs no thread."""
        if is_async and isinstance(getattr(method, "__self__", None), CsrfViewMiddleware):

            async def on_the_loop(*args: Any, **kwargs: Any) -> Any:
                return method(*args, **kwargs)

            return on_the_loop
        return super().adapt_method_mode(is_async, method, *args, **kwargs)


def tidy_up_once() -> None:
    """A thread is tidied up after each request, so that none has to wait for the same before it begins."""
    request_started.disconnect(close_old_connections)
    request_started.disconnect(reset_queries)
    request_finished.connect(reset_queries)


django.setup(set_prefix=False)
tidy_up_once()
site = Site()
import_string("apps.providers.warm_up.warm_up")()


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


application = ProtocolTypeRouter({"http": http, "websocket": refuse_socket})  # type: ignore[no-untyped-call]
