"""The server against clients that no browser is: over real sockets, with an application of a few lines."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from apps.core import http_server
from apps.core.http_server import HEAD_BYTES, Server
from tests.servers import free_port

GET = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"


class Application:
    """Answers "yes" at once, or at `/slow` with a piece every 20 ms until the client goes."""

    def __init__(self) -> None:
        self.n_begun = 0
        self.left: list[str] = []
        self.has_left = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.n_begun += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/slow":
            await receive()
            leaving = asyncio.ensure_future(receive())
            while not leaving.done():
                await send({"type": "http.response.body", "body": b"piece\n", "more_body": True})
                await asyncio.sleep(0.02)
            self.left.append(leaving.result()["type"])
            self.has_left.set()
        await send({"type": "http.response.body", "body": b"yes"})


@asynccontextmanager
async def serving(application: Application) -> AsyncIterator[tuple[Server, int]]:
    port, ready = free_port(), asyncio.Event()
    server = Server(application, host="127.0.0.1", port=port, when_ready=ready.set)
    running = asyncio.create_task(server.serve())
    await asyncio.wait_for(ready.wait(), 10)
    try:
        yield server, port
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, 30)


async def talk(port: int, *pieces: bytes) -> tuple[bytes, bool]:
    """What the server says to these bytes, and whether it hangs up then or is silent for a second."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = b""
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        while piece := await asyncio.wait_for(reader.read(65536), 1):
            said += piece
    except TimeoutError:
        return said, False
    except ConnectionError:
        pass
    finally:
        writer.close()
    return said, True


async def test_requests_are_answered_also_those_that_come_together() -> None:
    async with serving(Application()) as (_, port):
        said, is_over = await talk(port, GET * 3)
    assert not is_over
    assert said.count(b"200 OK") == said.count(b"yes") == 3


@pytest.mark.parametrize("n_pieces", [1, 40])
async def test_a_head_without_end_is_refused(n_pieces: int) -> None:
    application = Application()
    flood = b"GET / HTTP/1.1\r\n" + b"x-header: 1234567890\r\n" * (4 * HEAD_BYTES // 22)
    size = len(flood) // n_pieces
    async with serving(application) as (_, port):
        said, is_over = await talk(port, *[flood[at : at + size] for at in range(0, len(flood), size)])
    assert is_over
    assert application.n_begun == 0
    assert b"200 OK" not in said


async def test_a_head_of_many_cookies_is_taken() -> None:
    async with serving(Application()) as (_, port):
        said, _ = await talk(port, b"GET / HTTP/1.1\r\nhost: here\r\ncookie: " + b"c=1; " * 6000 + b"\r\n\r\n")
    assert b"200 OK" in said


async def test_a_client_that_asked_once_more_and_went_is_gone_for_both_requests() -> None:
    application = Application()
    async with serving(application) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET.replace(b"/ ", b"/slow ", 1))
        assert await reader.read(100)
        writer.write(GET)
        await asyncio.sleep(0.1)
        writer.close()
        await asyncio.wait_for(application.has_left.wait(), 10)
    assert application.left == ["http.disconnect"]


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="TCP_USER_TIMEOUT is Linux's")
async def test_the_kernel_gives_up_a_connection_whose_client_takes_nothing() -> None:
    async with serving(Application()) as (server, _):
        listener = server.servers[0].sockets[0]
        assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000


async def test_a_server_that_stops_hangs_up_after_its_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "GRACE_S", 0.2)
    application = Application()
    async with serving(application) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET.replace(b"/ ", b"/slow ", 1))
        assert await reader.read(100)
    assert application.left == ["http.disconnect"]
    writer.close()
