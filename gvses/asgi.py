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


django.setup(set_prefix=False)
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
