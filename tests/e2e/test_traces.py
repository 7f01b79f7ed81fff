"""A server that is told to stop sends what it has traced, and waits for no Langfuse that is gone."""

import asyncio
import signal
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from bench.turns import ask, open_page
from tests.servers import product
from tests.tracing.receiver import receiver

pytestmark = pytest.mark.e2e

LONG_S = 60.0
#: The SDK by itself waits longer for a host that hangs, even for one turn.
BOUND_S = 7.0


async def one_turn(url: str) -> None:
    async with httpx2.AsyncClient(base_url=url, timeout=LONG_S) as client:
        token = await open_page(client)
        timing = await ask(client, token, uuid.uuid4(), "Where would you enter IBM and where is the stop?")
        assert timing.whole


@pytest.mark.parametrize("hangs", [False, True], ids=["a host that answers", "a host that hangs"])
@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_stop_sends_its_traces_if_it_can(
    tmp_path: Path, order: signal.Signals, hangs: bool
) -> None:
    with receiver() as host:
        if hangs:
            host.may_answer.clear()
        keys = {"LANGFUSE_PUBLIC_KEY": "pk-lf-e2e", "LANGFUSE_SECRET_KEY": "sk-lf-e2e", "LANGFUSE_BASE_URL": host.url}
        with product(tmp_path, **keys) as server:
            # Playwright's synchronous API keeps a loop in this thread for the rest of the session.
            with ThreadPoolExecutor(max_workers=1) as elsewhere:
                elsewhere.submit(asyncio.run, one_turn(server.url)).result()
            server.process.send_signal(order)
            assert server.process.wait(timeout=BOUND_S if hangs else LONG_S) == 0
        assert host.bodies
        if not hangs:
            assert host.tree()[0].said("observation.metadata.status") == "succeeded"
            assert len(host.scores) == 3
