"""A Responses server on a real socket, which plays one scripted reply a request and keeps what it was sent."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from django.test import override_settings

from apps.providers.openai_api.client import close_client

Json = dict[str, Any]
#: What a reply does in the place of a further event: break the connection, or say nothing until the client leaves.
Act = Literal["cut", "stall"]


@dataclass
class Reply:
    """Events as JSON, raw text sent as it is, and acts; with another status than 200, `body` is sent instead."""

    steps: Sequence[Json | str | Act] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)


@dataclass
class Upstream:
    replies: Sequence[Reply] | Callable[[Json], Reply]
    url: str = ""
    #: The bodies of the requests and their headers, in the order of arrival.
    requests: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    n_connections: int = 0
    #: Set when a client leaves before its reply is over.
    left: asyncio.Event = field(default_factory=asyncio.Event)
    #: Set while a reply says nothing.
    stalling: asyncio.Event = field(default_factory=asyncio.Event)

    serving: set["asyncio.Task[None]"] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.n_connections += 1
        task = asyncio.current_task()
        assert task
        self.serving.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._answer(reader, writer):
                pass
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        self.serving.discard(task)

    async def everybody_left(self) -> None:
        if self.serving:
            await asyncio.wait(self.serving, timeout=5)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        request = json.loads(await reader.readexactly(int(headers["content-length"])))
        self.requests.append(request)
        self.headers.append(headers)
        reply = self.replies(request) if callable(self.replies) else self.replies[len(self.requests) - 1]
        if reply.status != 200:
            body = json.dumps(reply.body).encode()
            lines = {"content-type": "application/json", "content-length": str(len(body)), **reply.headers}
            writer.write(_head(reply.status, lines) + body)
            await writer.drain()
            return True
        writer.write(_head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"}))
        for step in reply.steps:
            if step == "cut":
                writer.transport.abort()
                return False
            if step == "stall":
                self.stalling.set()
                await reader.read()
                self.left.set()
                return False
            text = step if isinstance(step, str) else f"event: {step['type']}\ndata: {json.dumps(step)}\n\n"
            writer.write(_chunk(text.encode()))
            await writer.drain()
            # Lets the client read event by event, as it would over a distance.
            await asyncio.sleep(0)
        writer.write(_chunk(b""))
        await writer.drain()
        return True


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


@asynccontextmanager
async def scripted_upstream(
    *replies: Reply | Sequence[Json | str | Act], by: Callable[[Json], Reply] | None = None
) -> AsyncIterator[Upstream]:
    """Serves the replies in order, or what `by` makes of each request, to the OpenAI providers of this event loop."""
    upstream = Upstream(
        replies=by or [reply if isinstance(reply, Reply) else Reply(steps=reply) for reply in replies],
    )
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    upstream.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    with override_settings(OPENAI_BASE_URL=upstream.url, OPENAI_API_KEY="a key of no worth"):
        try:
            yield upstream
        finally:
            await close_client()
            server.close()
            await upstream.everybody_left()
            await server.wait_closed()
