"""What one analyst turn costs over HTTP: start-up, first byte, whole answer, memory, twenty clients at once.

Prints medians and percentiles of one run on this machine. The figures are for reading, never for a test.
"""

import asyncio
import re
import statistics
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.servers import Product, product

QUESTIONS = (
    "What's the price of AAPL?",
    "Show me the MSFT chart",
    "Where would you enter IBM and where is the stop?",
    "Compare AAPL and GOOG",
    "What's your philosophy?",
)
ROUNDS = 40
CLIENTS = 20
TURNS_PER_CLIENT = 5


@dataclass(frozen=True)
class Timing:
    first_byte_ms: float
    first_text_ms: float
    done_ms: float
    whole: bool


async def open_page(client: httpx2.AsyncClient) -> str:
    """The CSRF token of a fresh page; the client keeps its cookies."""
    page = await client.get("/")
    match = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert match, "the page has no CSRF token"
    return match.group(1)


async def ask(client: httpx2.AsyncClient, token: str, session: uuid.UUID, question: str) -> Timing:
    begin = time.perf_counter()
    first_byte = first_text = 0.0
    tail = b""
    async with client.stream(
        "POST",
        f"/chat/{session}/turns/",
        data={"message": question, "csrfmiddlewaretoken": token},
        headers={"Accept": "text/event-stream"},
    ) as response:
        async for chunk in response.aiter_raw():
            now = (time.perf_counter() - begin) * 1000
            first_byte = first_byte or now
            if not first_text and b"event: text" in chunk:
                first_text = now
            tail = chunk if b"event: " in chunk else tail + chunk
    done = (time.perf_counter() - begin) * 1000
    return Timing(first_byte, first_text, done, response.status_code == 200 and b"event: done" in tail)


def percentile(values: list[float], share: float) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1]


def show(name: str, values: list[float]) -> None:
    print(
        f"  {name:<34} p50 {statistics.median(values):7.1f}   p95 {percentile(values, 0.95):7.1f} ms   n={len(values)}"
    )


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024  # type: ignore[union-attr]


async def one_client(server: Product) -> None:
    async with httpx2.AsyncClient(base_url=server.url, timeout=30) as client:
        token = await open_page(client)
        cold = await ask(client, token, uuid.uuid4(), QUESTIONS[0])
        print(f"  first question after start           {cold.done_ms:7.1f} ms")
        for question in QUESTIONS:
            await ask(client, token, uuid.uuid4(), question)
        by_question: dict[str, list[Timing]] = {question: [] for question in QUESTIONS}
        for _ in range(ROUNDS):
            for question in QUESTIONS:
                by_question[question].append(await ask(client, token, uuid.uuid4(), question))
    everything = [timing for timings in by_question.values() for timing in timings]
    assert all(timing.whole for timing in everything), "an answer was not whole"
    show("request to first byte", [timing.first_byte_ms for timing in everything])
    show("request to first text", [timing.first_text_ms for timing in everything])
    show("request to done", [timing.done_ms for timing in everything])
    for question, timings in by_question.items():
        show(f"  {question[:30]}", [timing.done_ms for timing in timings])


async def many_clients(server: Product) -> None:
    async def converse() -> list[Timing]:
        async with httpx2.AsyncClient(base_url=server.url, timeout=60) as client:
            token = await open_page(client)
            session = uuid.uuid4()
            return [await ask(client, token, session, QUESTIONS[i % len(QUESTIONS)]) for i in range(TURNS_PER_CLIENT)]

    begin = time.perf_counter()
    timings = [timing for found in await asyncio.gather(*[converse() for _ in range(CLIENTS)]) for timing in found]
    elapsed_s = time.perf_counter() - begin
    whole = sum(timing.whole for timing in timings)
    print(
        f"  {CLIENTS} clients at once: {whole} of {len(timings)} answers whole, {len(timings) / elapsed_s:.1f} turns/s"
    )
    show(f"request to done, {CLIENTS} at once", [timing.done_ms for timing in timings])


def main() -> None:
    print("Analyst turns over HTTP (SQLite, one process)")
    starts = []
    with tempfile.TemporaryDirectory(prefix="gvses-bench-") as folder:
        with product(Path(folder)) as server:
            print(f"  first start, with migrations         {server.started_s:7.2f} s")
        for _ in range(3):
            with product(Path(folder)) as server:
                starts.append(server.started_s)
        print(f"  start-up, median of {len(starts)}                {statistics.median(starts):7.2f} s")
        with product(Path(folder)) as server:
            print(f"  resident before the first question   {resident_mb(server.process.pid):7.1f} MB")
            asyncio.run(one_client(server))
            print(f"  resident after {ROUNDS * len(QUESTIONS)} turns     {resident_mb(server.process.pid):7.1f} MB")
            asyncio.run(many_clients(server))
            print(f"  resident after {CLIENTS} clients at once      {resident_mb(server.process.pid):7.1f} MB")
