"""The sandbox for a process that serves no HTTP itself: a thread with a port of its own on the loopback."""

import atexit
import os
import socket
import threading

import uvicorn

from apps.sandbox.asgi import application

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 5.0
#: Longer than any client keeps a connection for later, so that none is closed while it is taken up again.
KEEP_ALIVE_S = 3600

_lock = threading.Lock()
#: Base URL by process: a forked child has the parent's memory and none of its threads.
_started: dict[int, str] = {}


def start_sandbox() -> str:
    """The base URL, ending in /sandbox/v1, of this process's sandbox; the first call starts it and waits until it
    serves. Raises RuntimeError where it cannot be started."""
    with _lock:
        if os.getpid() not in _started:
            _started[os.getpid()] = _start()
        return _started[os.getpid()]


class _Server(uvicorn.Server):
    """Says when it serves, and when it has given up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()


def _start() -> str:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = _Server(
        uvicorn.Config(
            application,
            lifespan="off",
            http="h11",
            ws="none",
            access_log=False,
            log_config=None,
            # A connection that a fault breaks off is no error of the server's.
            log_level="critical",
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=_serve, args=(server, listener), name="sandbox", daemon=True)
    thread.start()
    if not server.settled.wait(START_TIMEOUT_S) or not server.started:
        raise RuntimeError("The sandbox could not be started.")
    atexit.register(_stop, server, thread)
    return f"http://127.0.0.1:{listener.getsockname()[1]}/sandbox/v1"


def _serve(server: _Server, listener: socket.socket) -> None:
    try:
        with listener:
            server.run(sockets=[listener])
    finally:
        server.settled.set()


def _stop(server: _Server, thread: threading.Thread) -> None:
    server.should_exit = True
    thread.join(STOP_TIMEOUT_S)
