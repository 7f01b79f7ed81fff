"""Gives each HTTP request and each socket an id before anything else sees it, so that every line of it can be found.

It stands around the whole ASGI application: a Django middleware would miss what happens before and after Django, and
sockets never pass one.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from apps.core.request_context import bound_ids, forget_ids

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

HEADER = b"x-request-id"
#: What a proxy's id may look like; nothing that could be a sentence, or break a line of a log.
FOREIGN_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
CHAT = re.compile(r"/chat/([0-9a-fA-F-]{36})/")


def with_request_ids(application: Application) -> Application:
    """Runs the application with `request_id` bound, and `session_id` where the address names a conversation.

    The response says the id in `X-Request-ID`. A turn has an id of its own, which takes the place of this one once it
    begins; the line `Turn began` has both.
    """

    async def identified(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await application(scope, receive, send)
            return
        request_id = request_id_of(scope["headers"], trusted_proxies=settings.TRUSTED_PROXIES)

        async def send_with_id(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = with_header(message, request_id)
            await send(message)

        # The command that serves has bound its own name.
        forget_ids()
        channel = "voice" if scope["type"] == "websocket" else None
        with bound_ids(request_id=request_id, session_id=session_of(scope["path"]), channel=channel):
            await application(scope, receive, send_with_id)

    return identified


def request_id_of(headers: list[tuple[bytes, bytes]], *, trusted_proxies: int) -> str:
    """The id that our proxy gave, where there is one; else a new one."""
    given = [value for name, value in headers if name.lower() == HEADER] if trusted_proxies else []
    if len(given) == 1 and FOREIGN_ID.fullmatch(given[0]):
        return given[0].decode()
    return str(uuid4())


def session_of(path: str) -> str | None:
    """The session that an address of the text surface names."""
    found = CHAT.match(path)
    try:
        return str(UUID(found[1])) if found else None
    except ValueError:
        return None


def with_header(message: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """The start of a response, with the id unless it has one."""
    headers = list(message.get("headers", ()))
    if all(name.lower() != HEADER for name, _ in headers):
        headers.append((HEADER, request_id.encode()))
    return {**message, "headers": headers}
