"""The sandbox beside the product, in one process of `manage.py serve`: the same faults, on the same wire."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.sandbox.asking import ask, our_tools, sdk
from tests.sandbox.fault_scenes import (
    check_refused_at_once,
    check_struck_in_the_stream,
    check_waits,
    check_wrong_answers,
    stream,
)
from tests.servers import ROOT, Product, free_port, product, wait_until_ready

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder: Path = tmp_path_factory.mktemp("served")
    with product(folder, GVSES_SANDBOX="True", SANDBOX_PACE_MS="0") as running:
        yield running


@pytest.mark.parametrize("check", [check_refused_at_once, check_struck_in_the_stream, check_waits, check_wrong_answers])
async def test_faults_are_what_they_say(served: Product, check: Any) -> None:
    async with sdk(f"{served.url}/sandbox/v1", api_key="any") as client:
        await check(client)


async def test_answers_come_whole_and_the_server_logs_no_failure(served: Product) -> None:
    async with sdk(f"{served.url}/sandbox/v1", api_key="any") as client:
        assert (await ask(client, "Show me the AAPL chart")).startswith("**AAPL over")
        for _ in range(3):
            assert (await stream(client, "cut;after=2")).error
            assert (await stream(client)).is_whole
    log = served.log.read_text()
    assert "Traceback" not in log
    assert "Exception" not in log
    # A cut answer is what the server says of it; nothing else is wrong.
    assert [line for line in log.splitlines() if "ERROR" in line and "without completing response" not in line] == []


@pytest.fixture
def behind_daphne(served: Product, tmp_path: Path) -> Iterator[str]:
    """The address of the same product behind the server of `manage.py runserver`."""
    url, log = f"http://127.0.0.1:{free_port()}", tmp_path / "daphne.log"
    command = [sys.executable, "-m", "daphne", "-p", url.rsplit(":", 1)[1], "gvses.asgi:application"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=served.environment, stdout=output, stderr=output)
    try:
        wait_until_ready(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


async def test_behind_daphne_too_a_cut_closes_the_connection(behind_daphne: str) -> None:
    async with sdk(f"{behind_daphne}/sandbox/v1", api_key="any") as client:
        struck, whole = await stream(client, "cut;after=2"), await stream(client)
    assert (bool(struck.error), struck.is_whole, whole.is_whole) == (True, False, True)


async def test_an_armed_fault_strikes_in_the_served_process(served: Product) -> None:
    async with sdk(f"{served.url}/sandbox/v1", api_key="any") as client:
        order = {"fault": "cut", "after": 1, "provider": "responses"}
        await client.post("/faults", body=order, cast_to=object)
        named = {"X-Client-Request-Id": "gvses.responses.1.1"}
        calls = await stream(client, question="price of AAPL", tools=our_tools(), headers=named)
        struck, after = await stream(client, headers=named), await stream(client, headers=named)
    assert (calls.is_whole, struck.n_deltas, struck.is_whole, after.is_whole) == (True, 1, False, True)


async def test_the_site_answers_while_streams_stall(served: Product) -> None:
    """Nothing blocks the event loop that pages and answers share."""
    async with sdk(f"{served.url}/sandbox/v1", api_key="any") as client, httpx2.AsyncClient() as browser:
        stalled = [
            await client.responses.create(
                model="m", input="price of AAPL", stream=True, extra_headers={"X-Sandbox-Fault": "stall"}
            )
            for _ in range(10)
        ]
        began = time.perf_counter()
        assert (await browser.get(f"{served.url}/healthz")).status_code == 200
        assert time.perf_counter() - began < 1
        for events in stalled:
            await events.close()


async def test_without_debug_the_key_is_asked_for(tmp_path: Path) -> None:
    variables = {"DEBUG": "False", "ALLOWED_HOSTS": "127.0.0.1", "SECURE_SSL_REDIRECT": "False"}
    with product(tmp_path, GVSES_SANDBOX="True", **variables) as running:
        async with httpx2.AsyncClient(base_url=running.url) as client:
            assert (await client.get("/sandbox/v1/models")).status_code == 401
        checked = running.manage("check")
    assert "sandbox.W001" in checked.stderr
    with product(tmp_path, **variables) as running:
        async with httpx2.AsyncClient(base_url=running.url) as client:
            assert (await client.get("/sandbox/v1/models")).status_code == 404
