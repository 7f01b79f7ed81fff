"""A Responses server whose next answers a test sets, on a real socket in a thread of its own."""

import asyncio
import faulthandler
import json
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

STOP_TIMEOUT_S = 20


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A plain answer, with a JSON body unless `body` is bytes."""

    status: int
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Events sent one by one; bytes are sent as they are. `then` is "end", "cut" or "hold" (until the client goes)."""

    events: Sequence[dict[str, Any] | bytes]
    then: str = "end"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A request as it came; header names are in lower case, `connection` is the client's port."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    connection: int


class ScriptedUpstream:
    """Takes the next of `answers` for each request, and asks `otherwise` with its body once there are no more.

    `asked` is set once a request has come, `left` once a client went away before the end.
    """

    def __init__(self, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}/v1"
        self.answers: deque[Refusal | Stream] = deque()
        self.otherwise: Callable[[Any], Refusal | Stream] = no_answer
        self.requests: list[Recorded] = []
        self.asked = threading.Event()
        self.left = threading.Event()

    def will(self, *answers: Refusal | Stream | Sequence[dict[str, Any]]) -> None:
        """Sets the next answers; a list of events is a stream that ends after them."""
        self.answers.extend(
            answer if isinstance(answer, Refusal | Stream) else Stream(events=answer) for answer in answers
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.requests.append(
            Recorded(
                method=scope["method"],
                path=scope["path"],
                headers={name.decode(): value.decode() for name, value in scope["headers"]},
                body=json.loads(body) if body else None,
                connection=scope["client"][1],
            )
        )
        self.asked.set()
        answer = self.answers.popleft() if self.answers else self.otherwise(self.requests[-1].body)
        match answer:
            case Refusal():
                await _refuse(answer, send)
            case Stream():
                await self._stream(answer, receive, send)

    async def _stream(self, answer: Stream, receive: Any, send: Any) -> None:
        headers = {"content-type": "text/event-stream", **answer.headers}
        await send({"type": "http.response.start", "status": 200, "headers": _raw(headers)})
        gone = asyncio.ensure_future(_until_gone(receive))
        for event in answer.events:
            chunk = event if isinstance(event, bytes) else sse(event)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        match answer.then:
            case "end":
                await send({"type": "http.response.body", "body": b""})
            case "hold":
                await gone
                self.left.set()
            case "cut":
                # The client shall see the last event before the connection breaks.
                await asyncio.sleep(0.02)
                raise ConnectionAbortedError
        gone.cancel()


def no_answer(body: Any) -> Refusal:
    return Refusal(status=500, body="no answer was set")


def sse(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


async def _until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(answer: Refusal, send: Any) -> None:
    body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
    headers = {"content-type": "application/json", **answer.headers}
    await send({"type": "http.response.start", "status": answer.status, "headers": _raw(headers)})
    await send({"type": "http.response.body", "body": body})


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


@contextmanager
def scripted_upstream() -> Iterator[ScriptedUpstream]:
    """A running one. It listens at once: whoever connects early waits in its queue until it accepts."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        upstream = ScriptedUpstream(listener.getsockname()[1])
        config = uvicorn.Config(upstream, lifespan="off", ws="none", http="h11", log_config=None, log_level="critical")
        server = uvicorn.Server(config)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="scripted upstream", daemon=True
        )
        thread.start()
        try:
            yield upstream
        finally:
            server.should_exit = server.force_exit = True
            thread.join(STOP_TIMEOUT_S)
            if thread.is_alive():
                # It ends with the process and no test asks about its end; what it was doing is worth knowing.
                faulthandler.dump_traceback(sys.__stderr__)
