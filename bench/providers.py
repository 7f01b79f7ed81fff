"""What the whole turn adds to the bare OpenAI SDK, side by side in one run: time to first text, throughput, memory.

The upstream answers at once with 50 deltas (`bench.upstream`). "Bare" is the official SDK as it comes, reading that
stream and keeping nothing; "turn" is a form POST to the product until the end of its events, with every row written.
Whoever loads the product does it over plain sockets, so that the client costs little on the same machine.
"""

import asyncio
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx2

from bench.turns import percentile
from tests.servers import Product, product

ROUNDS = 200
WARM_UP = 20
STREAMS = 20
TURNS_PER_STREAM = 10
OPEN_STREAMS = 100
QUESTION = "What moves prices?"


@dataclass(frozen=True)
class Figures:
    """Times in ms; `per_s` is whole answers a second with 20 streams at once."""

    first_text_ms: list[float]
    per_s: float


@contextmanager
def upstream(*options: str) -> Iterator[str]:
    """The base URL of an upstream of its own process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.upstream", *options],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    assert process.stdout
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.terminate()
        process.wait(timeout=10)


async def bare(url: str) -> Figures:
    """The SDK alone; run in a process of its own (`python -m bench.providers URL`)."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(api_key="none", base_url=url, max_retries=0)

    async def ask() -> float:
        begin, first = time.perf_counter(), 0.0
        stream = await client.responses.create(model="bench", input=QUESTION, stream=True, store=False)
        async for event in stream:
            if event.type == "response.output_text.delta" and not first:
                first = (time.perf_counter() - begin) * 1000
        return first

    for _ in range(WARM_UP):
        await ask()
    first_text_ms = [await ask() for _ in range(ROUNDS)]

    async def stream_of_turns() -> None:
        for _ in range(TURNS_PER_STREAM):
            await ask()

    begin = time.perf_counter()
    await asyncio.gather(*[stream_of_turns() for _ in range(STREAMS)])
    return Figures(first_text_ms, STREAMS * TURNS_PER_STREAM / (time.perf_counter() - begin))


def bare_in_its_process(url: str) -> Figures:
    printed = subprocess.run(
        [sys.executable, "-m", "bench.providers", url],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return Figures(**json.loads(printed))


@dataclass(frozen=True)
class Visitor:
    """One trial visitor: the request that asks in a session of theirs, but for its path and body."""

    host: str
    port: int
    token: str
    cookies: str

    def request(self, session: uuid.UUID) -> bytes:
        body = urlencode({"csrfmiddlewaretoken": self.token, "message": QUESTION}).encode()
        return (
            f"POST /chat/{session}/turns/ HTTP/1.1\r\nhost: {self.host}:{self.port}\r\ncookie: {self.cookies}\r\n"
            f"content-type: application/x-www-form-urlencoded\r\ncontent-length: {len(body)}\r\n"
            "accept: text/event-stream\r\n\r\n"
        ).encode() + body

    async def connect(self) -> "Connection":
        return Connection(self, *await asyncio.open_connection(self.host, self.port))


@dataclass(frozen=True)
class Connection:
    """Kept from one question to the next, as a browser and the bare SDK keep theirs."""

    visitor: Visitor
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, session: uuid.UUID) -> float:
        """The time to the first text in ms. Raises where the answer is not whole."""
        begin, first = time.perf_counter(), 0.0
        self.writer.write(self.visitor.request(session))
        received = b""
        while not received.endswith(b"\r\n0\r\n\r\n"):
            piece = await self.reader.read(65536)
            assert piece, received[-2000:]
            received += piece
            if not first and b"event: text" in received:
                first = (time.perf_counter() - begin) * 1000
        assert b"event: done" in received, received[-2000:]
        return first


def visit(server: Product) -> Visitor:
    """A visitor whose cookie the product has set, which it does at a first question."""
    with httpx2.Client(base_url=server.url, timeout=60) as client:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get("/").text)
        assert found, "the page has no CSRF token"
        first = {"csrfmiddlewaretoken": found.group(1), "message": QUESTION}
        with client.stream("POST", f"/chat/{uuid.uuid4()}/turns/", data=first) as answer:
            for chunk in answer.iter_raw():
                if b"event: text" in chunk:
                    break
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    address = httpx2.URL(server.url)
    return Visitor(host=address.host, port=address.port or 80, token=found.group(1), cookies=cookies)


async def turns(visitor: Visitor) -> Figures:
    connection = await visitor.connect()
    for _ in range(WARM_UP):
        await connection.ask(uuid.uuid4())
    first_text_ms = [await connection.ask(uuid.uuid4()) for _ in range(ROUNDS)]
    connection.writer.close()

    async def stream_of_turns(connection: Connection) -> None:
        for _ in range(TURNS_PER_STREAM):
            # A conversation of its own each time: the bare SDK sends no history either.
            await connection.ask(uuid.uuid4())

    connections = [await visitor.connect() for _ in range(STREAMS)]
    begin = time.perf_counter()
    await asyncio.gather(*map(stream_of_turns, connections))
    per_s = STREAMS * TURNS_PER_STREAM / (time.perf_counter() - begin)
    for connection in connections:
        connection.writer.close()
    return Figures(first_text_ms, per_s)


async def kb_per_open_stream(server: Product, visitor: Visitor) -> float:
    """Resident memory that each stream adds while it is open, in KB."""

    async def open_stream() -> asyncio.StreamWriter:
        connection = await visitor.connect()
        connection.writer.write(visitor.request(uuid.uuid4()))
        received = b""
        while b"event: text" not in received:
            piece = await connection.reader.read(65536)
            assert piece, received[-2000:]
            received += piece
        return connection.writer

    writers = [await open_stream() for _ in range(WARM_UP)]
    before = resident_kb(server.process.pid)
    writers += [await open_stream() for _ in range(OPEN_STREAMS)]
    after = resident_kb(server.process.pid)
    for writer in writers:
        writer.close()
    return (after - before) / OPEN_STREAMS


def resident_kb(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found.group(1))


def main() -> None:
    print(f"A turn through `responses` beside the bare SDK (SQLite, one process, {ROUNDS} rounds, {STREAMS} at once)")
    settings = {
        # As in production: a development server keeps every query it makes.
        "DEBUG": "False",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECURE_SSL_REDIRECT": "False",
        "ANONYMOUS_CHAT": "True",
        "LOG_LEVEL": "WARNING",
        "GVSES_FORCE_PROVIDER": "responses",
        "FIRST_TEXT_DEADLINE_S": "60",
    }
    with tempfile.TemporaryDirectory(prefix="gvses-bench-") as folder, upstream() as url:
        alone = bare_in_its_process(url)
        with product(Path(folder), OPENAI_BASE_URL=url, **settings) as server:
            whole = asyncio.run(turns(visit(server)))
    with (
        tempfile.TemporaryDirectory(prefix="gvses-bench-") as folder,
        upstream("--hold") as url,
        product(Path(folder), OPENAI_BASE_URL=url, CHUNK_GAP_DEADLINE_S="60", **settings) as server,
    ):
        kb = asyncio.run(kb_per_open_stream(server, visit(server)))
    added = statistics.median(whole.first_text_ms) - statistics.median(alone.first_text_ms)
    for name, figures in (("bare SDK", alone), ("turn", whole)):
        p50, p95 = (percentile(figures.first_text_ms, share) for share in (0.5, 0.95))
        print(f"  {name:<10} first text p50 {p50:6.1f}   p95 {p95:6.1f} ms   {figures.per_s:6.1f} answers/s")
    print(f"  the turn adds to the first text, p50   {added:6.1f} ms   (limit 15)")
    print(f"  throughput, turn over bare SDK         {whole.per_s / alone.per_s:6.2f} ×    (at least 0.6)")
    print(f"  memory per open stream                 {kb:6.0f} KB   (limit 300, over {OPEN_STREAMS} streams)")


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(bare(sys.argv[1])))))
