"""The ASGI entry point: HTTP for pages and token streams, sockets refused until a surface needs them."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gvses.settings")


async def refuse_socket(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    """Closes before the handshake, which the client reads as a 403."""
    await send({"type": "websocket.close"})


application = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": refuse_socket})  # type: ignore[no-untyped-call]
