"""Bodies that are written as they come: they end when the client goes, and can be broken off for real."""

import asyncio
import contextlib
import functools
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from starlette.types import Message, Receive, Scope, Send

#: Where the outermost application keeps the server's own `send`, which knows the connection.
SERVER_SEND = "sandbox.server_send"
#: How long a server may take to notice that a connection it closed is closed.
GONE_S = 1.0
EVENT_STREAM = "text/event-stream; charset=utf-8"


class HangUp(Exception):
    """The connection is to be closed in the middle of the body."""


def sse(event: Mapping[str, Any]) -> bytes:
    """One server-sent event, named by its `type`."""
    return b"event: %s\ndata: %s\n\n" % (event["type"].encode(), json_bytes(event))


def json_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class WireStream:
    """A response whose body is `chunks`. A chunk source may raise HangUp; it is closed when the client goes."""

    def __init__(
        self, chunks: AsyncGenerator[bytes], *, media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self._chunks = chunks
        self._headers = {"content-type": media_type, "cache-control": "no-store", **(headers or {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        writing = asyncio.create_task(self._write(scope, send))
        leaving = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            writing.cancel()
            await asyncio.wait({writing, leaving})
        if not writing.cancelled():
            writing.result()

    async def _write(self, scope: Scope, send: Send) -> None:
        headers = [(name.encode(), value.encode("latin-1")) for name, value in self._headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            async with contextlib.aclosing(self._chunks):
                async for chunk in self._chunks:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except HangUp:
            await _hang_up(scope[SERVER_SEND])
            return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _until_gone(receive: Receive) -> None:
    message: Message = {"type": "http.request"}
    while message["type"] != "http.disconnect":
        message = await receive()


async def _hang_up(send: Send) -> None:
    """Closes the connection after what was written.

    No server gives an application a word for it, and each has an opinion on a response that is left unfinished. But
    their `send` is bound to what holds the transport: Daphne's request, uvicorn's response.
    """
    holder = send.args[0] if isinstance(send, functools.partial) and send.args else getattr(send, "__self__", None)
    transport = getattr(holder, "transport", None)
    if transport is None:
        return
    close = getattr(transport, "loseConnection", None) or transport.close
    close()
    # The server says that the client is gone, and whoever waits for that ends this.
    await asyncio.sleep(GONE_S)
