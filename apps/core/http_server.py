"""The ASGI server of `manage.py serve`: uvicorn, with limits for clients that never end a request or never read one."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

#: What an answer that is being written gets when the server is told to stop; a second Ctrl-C ends it at once. Process
#: managers wait for ten seconds.
GRACE_S = 8
HANGING_UP_S = 5
#: Longer than the proxies in front keep an idle connection, or they would ask over one that is being closed.
KEEP_ALIVE_S = 75
#: No browser's request line and headers are near as long.
HEAD_BYTES = 65_536


class Server(uvicorn.Server):
    """Told to stop, it lets answers end for a while and then hangs up, so that every row is finished."""

    def __init__(self, application: Any, *, host: str, port: int, when_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                host=host,
                port=port,
                loop="asyncio",
                http=Protocol,
                lifespan="off",
                access_log=False,
                log_config=None,
                # Whose word about an address counts is the product's own setting.
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=GRACE_S + HANGING_UP_S,
            )
        )
        self._when_ready = when_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # The site ends what a client does not take; this ends the connection, with what is still to be sent over it.
        # Only Linux has it, and connections take it over from the listener.
        if option := getattr(socket, "TCP_USER_TIMEOUT", None):
            for listener in (listener for server in self.servers for listener in server.sockets):
                listener.setsockopt(socket.IPPROTO_TCP, option, int(settings.UNREAD_DEADLINE_S * 1000))
        self._when_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().call_later(GRACE_S, self._hang_up)
        await super().shutdown(sockets)
        # It would send the signal to itself once more, and the process would end without its last steps.
        self._captured_signals.clear()

    def _hang_up(self) -> None:
        """Django ends a request whose client goes, and its turn is stored as interrupted; one cancelled it forgets."""
        for client in list(self.server_state.connections):
            client.transport.abort()


class Protocol(HttpToolsProtocol):
    """One connection. The parser keeps whatever head a client sends, so its length is watched here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head, self._head_bytes = False, 0
        #: The response that is being written, and those to requests that came before it was done.
        self._unfinished: list[RequestResponseCycle] = []

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self.send_400_response("The head of this request is too long.")

    def on_message_begin(self) -> None:
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()
        if self.cycle is not None:
            self._unfinished = [cycle for cycle in self._unfinished if not cycle.response_complete] + [self.cycle]

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        # Uvicorn tells the latest alone, and it is the first whose answer is being written.
        for cycle in self._unfinished:
            cycle.disconnected = cycle.disconnected or not cycle.response_complete
            cycle.message_event.set()
