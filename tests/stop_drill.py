"""Stops under load: several processes of the product on one PostgreSQL, people who ask without pause, and an operator.

The upstream speaks slowly, so that answers are under way at every moment, and notes when each connection was wanted and
when it ended. All readings are of this machine's clock, in seconds.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import psycopg

from tests.providers.openai_api.answers import answer
from tests.providers.openai_api.scripted_upstream import sse
from tests.servers import ROOT, Product, free_port, postgres, product

#: Who is stopped, and who then serves; the SDK behind the first names itself in its requests.
STOPPED, NEXT = "agents_sdk", "responses"
USER_AGENT = b"user-agent: agents/"
QUESTION = "What is the price of TSLA?"
#: A rush is over after about a second.
RUSH_S = 0.2


@dataclass(slots=True)
class Call:
    """One request of the provider that is stopped; `ended_at` is None while it is being answered."""

    asked_at: float
    ended_at: float | None = None


@dataclass
class SlowUpstream:
    """Answers with `n_pieces`, one each `pace_s`."""

    n_pieces: int
    pace_s: float
    calls: list[Call] = field(default_factory=list)

    @property
    def open_calls(self) -> list[Call]:
        return [call for call in self.calls if call.ended_at is None]

    async def until_open(self, n_calls: int) -> None:
        """Waits until more than so many answers are under way."""
        async with asyncio.timeout(60):
            while True:
                if len(self.open_calls) > n_calls:
                    return
                await asyncio.sleep(0.01)

    async def serve(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._handle, "127.0.0.1", port)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The loop that ends cancels who still waits for a request.
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = re.search(rb"content-length: (\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                call = Call(asked_at=time.time())
                if USER_AGENT in head:
                    self.calls.append(call)
                speaking = asyncio.create_task(self._speak(writer))
                # Whoever asks says nothing while it is answered: what comes is its end.
                leaving = asyncio.create_task(reader.read(1))
                await asyncio.wait((speaking, leaving), return_when=asyncio.FIRST_COMPLETED)
                call.ended_at = time.time()
                is_over = leaving.done()
                for task in (speaking, leaving):
                    task.cancel()
                await asyncio.gather(speaking, leaving, return_exceptions=True)
                if is_over:
                    break
        writer.close()

    async def _speak(self, writer: asyncio.StreamWriter) -> None:
        events = answer(*["Prices move. "] * self.n_pieces)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for event in events:
            data = sse(event)
            writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            if event["type"] == "response.output_text.delta":
                await writer.drain()
                await asyncio.sleep(self.pace_s)
        writer.write(b"0\r\n\r\n")
        await writer.drain()


@dataclass(frozen=True)
class Person:
    """A trial visitor of one process, who asks in a new conversation each time."""

    host: str
    port: int
    token: str
    cookies: str

    async def ask(self) -> str:
        """The whole answer's events."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        body = urlencode({"csrfmiddlewaretoken": self.token, "message": QUESTION}).encode()
        head = (
            f"POST /chat/{uuid.uuid4()}/turns/ HTTP/1.1\r\nhost: {self.host}:{self.port}\r\ncookie: {self.cookies}\r\n"
            f"content-type: application/x-www-form-urlencoded\r\ncontent-length: {len(body)}\r\n"
            "accept: text/event-stream\r\nconnection: close\r\n\r\n"
        )
        writer.write(head.encode() + body)
        received = await reader.read()
        writer.close()
        return received.decode()


def visit(server: Product) -> Person:
    """One whose cookie the product has set, which it does at a first question."""
    with httpx2.Client(base_url=server.url, timeout=60) as client:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get("/").text)
        assert found, "the page has no CSRF token"
        first = {"csrfmiddlewaretoken": found[1], "message": QUESTION}
        assert "event: done" in client.post(f"/chat/{uuid.uuid4()}/turns/", data=first).text
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    address = httpx2.URL(server.url)
    return Person(host=address.host, port=address.port or 80, token=found[1], cookies=cookies)


@dataclass(frozen=True)
class Moments:
    """Of one verb: just before it was called, just after its commit."""

    before: float
    after: float


class Operator:
    """Has a process of its own."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.rollout_operator"],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert json.loads(self._answer()) == {"ready": True}

    def set_shares(self, **shares: int) -> Moments:
        return self._do(verb="set_shares", shares=shares)

    async def kill(self, provider: str, *, cut: bool) -> Moments:
        return await asyncio.to_thread(self._do, verb="kill", provider=provider, reason="drill", cut=cut)

    async def unkill(self, provider: str) -> Moments:
        return await asyncio.to_thread(self._do, verb="unkill", provider=provider, reason="The drill is over.")

    def end(self) -> None:
        self._process.communicate(timeout=30)

    def _do(self, **order: Any) -> Moments:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Moments(**json.loads(self._answer()))

    def _answer(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the operator's process has ended"
        return line


@dataclass
class Drill:
    """The scene: processes, operator and database are there; `load` brings upstream and people."""

    database_url: str
    servers: list[Product]
    operator: Operator
    upstream_port: int
    answers: list[str] = field(default_factory=list)
    _people: list[Person] = field(default_factory=list)
    _rushing: list[asyncio.Task[None]] = field(default_factory=list)
    _goes_on: bool = True

    @asynccontextmanager
    async def load(self, upstream: SlowUpstream, *, n_people: int) -> AsyncIterator[None]:
        """People who ask again and again until the block is left; then all answers that have ended are in `answers`."""
        async with await upstream.serve(self.upstream_port):
            self._people = await asyncio.gather(*[asyncio.to_thread(visit, server) for server in self.servers])
            asking = self._begin_asking(n_people, again=True)
            try:
                await upstream.until_open(n_people // 2)
                yield
            finally:
                self._goes_on = False
                await asyncio.gather(*asking, *self._rushing)

    async def rush(self, n_people: int) -> None:
        """So many more ask at the same moment, once; returns in the middle of it, while all wait for one another."""
        self._rushing += self._begin_asking(n_people, again=False)
        await asyncio.sleep(RUSH_S)

    async def calm(self) -> None:
        """Waits until all who came with a rush have their answers."""
        await asyncio.gather(*self._rushing)

    def _begin_asking(self, n_people: int, *, again: bool) -> list[asyncio.Task[None]]:
        async def ask(person: Person) -> None:
            while True:
                self.answers.append(await person.ask())
                if not (again and self._goes_on):
                    return

        people = [self._people[number % len(self._people)] for number in range(n_people)]
        return [asyncio.create_task(ask(person)) for person in people]

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(sql, values).fetchall()

    def starts(self, *, after: float, until: float) -> list[float]:
        """When tries of the stopped provider began between two moments, in seconds after the first."""
        found = self.rows(
            "SELECT extract(epoch FROM started_at) FROM metrics_attempt WHERE provider = %s ORDER BY started_at",
            STOPPED,
        )
        return [float(at) - after for (at,) in found if after < float(at) < until]

    def running(self) -> int:
        """Answers of the stopped provider that have not ended."""
        ((n,),) = self.rows(
            "SELECT count(*) FROM metrics_requestlog WHERE status = 'started' AND provider = %s", STOPPED
        )
        return int(n)


@contextmanager
def drill(folder: Path, *, n_processes: int = 4) -> Iterator[Drill]:
    """Every new session belongs to the provider that is to be stopped. Raises MissingProgram."""
    with postgres() as database_url, ExitStack() as running, ThreadPoolExecutor() as starting:
        port = free_port()
        variables = {
            "DATABASE_URL": database_url,
            "OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1",
            "LOG_LEVEL": "WARNING",
        }

        def start(number: int) -> Product:
            place = folder / str(number)
            place.mkdir()
            return running.enter_context(product(place, **variables))

        # The first brings the database up to date before the others look at it.
        servers = [start(0), *starting.map(start, range(1, n_processes))]
        operator = Operator(servers[0].environment)
        running.callback(operator.end)
        operator.set_shares(**{STOPPED: 10_000})
        yield Drill(database_url=database_url, servers=servers, operator=operator, upstream_port=port)
