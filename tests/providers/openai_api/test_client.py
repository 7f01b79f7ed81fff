"""One client for all turns of a loop, made off the loop, for the server that the settings name now."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings

from apps.providers.errors import ProviderUnavailable
from apps.providers.openai_api import client as module
from apps.providers.openai_api.client import close_client, openai_client
from apps.providers.openai_api.upstream import OPENAI_URL, sandbox_key, upstream, why_no_upstream
from tests.providers.openai_api.answers import answer
from tests.providers.openai_api.scripted_upstream import ScriptedUpstream


@asynccontextmanager
async def closing() -> AsyncIterator[None]:
    try:
        yield
    finally:
        await close_client()


async def read_one(**body: Any) -> None:
    client = await openai_client()
    stream = await client.responses.create(model="gpt-6.1-terra", input="q", stream=True, **body)
    async for _ in stream:
        pass


async def test_ten_turns_at_once_share_one_client(upstream_server: ScriptedUpstream) -> None:
    async with closing():
        clients = await asyncio.gather(*(openai_client() for _ in range(10)))
        assert len({id(client) for client in clients}) == 1


async def test_turns_one_after_another_share_a_connection(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(answer("One."), answer("Two."), answer("Three."))
    async with closing():
        for _ in range(3):
            await read_one()
    assert len({request.connection for request in upstream_server.requests}) == 1


def test_each_loop_has_its_own_client_and_one_that_has_ended_keeps_none(upstream_server: ScriptedUpstream) -> None:
    async def client_and_loop() -> tuple[object, asyncio.AbstractEventLoop]:
        return await openai_client(), asyncio.get_running_loop()

    first, first_loop = async_to_sync(client_and_loop)()
    second, second_loop = async_to_sync(client_and_loop)()
    assert first is not second
    assert not {first_loop, second_loop} & module._clients.keys()


def test_a_loop_that_ends_closes_its_client(upstream_server: ScriptedUpstream) -> None:
    async def ask_and_leave() -> Any:
        await read_one()
        return await openai_client()

    upstream_server.will(answer("One."))
    assert asyncio.run(ask_and_leave()).is_closed()


async def test_new_settings_get_a_new_client_and_the_old_one_is_closed(
    upstream_server: ScriptedUpstream, settings: LazySettings
) -> None:
    async with closing():
        first = await openai_client()
        assert await openai_client() is first
        settings.OPENAI_API_KEY = "sk-bob"
        second = await openai_client()
        assert second is not first
        assert (first.is_closed(), second.is_closed()) == (True, False)
        assert (second.api_key, str(second.base_url)) == ("sk-bob", f"{upstream_server.base_url}/")
        settings.CHUNK_GAP_DEADLINE_S = 3.5
        third = await openai_client()
        assert second.is_closed()
        assert third.timeout.read == 3.5  # type: ignore[union-attr]


async def test_ten_turns_that_see_new_settings_share_the_new_client(
    upstream_server: ScriptedUpstream, settings: LazySettings
) -> None:
    async with closing():
        first = await openai_client()
        settings.OPENAI_API_KEY = "sk-bob"
        clients = await asyncio.gather(*(openai_client() for _ in range(10)))
        assert len({id(client) for client in clients} | {id(first)}) == 2
        assert not clients[0].is_closed()


async def test_a_proxy_of_the_network_does_not_get_what_stays_on_this_machine(
    upstream_server: ScriptedUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    upstream_server.will(answer("One."))
    async with closing():
        await read_one()
    assert len(upstream_server.requests) == 1


async def test_an_upstream_elsewhere_is_reached_through_the_proxy(
    upstream_server: ScriptedUpstream, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The scripted server stands in for a proxy here: a plain-HTTP request reaches it with its whole address.
    settings.OPENAI_BASE_URL = "http://upstream.invalid/v1"
    monkeypatch.setenv("HTTP_PROXY", upstream_server.base_url.removesuffix("/v1"))
    upstream_server.will(answer("One."))
    async with closing():
        await read_one()
    assert upstream_server.requests[0].headers["host"] == "upstream.invalid"


async def test_a_name_and_a_password_in_the_address_stand_above_the_key(
    upstream_server: ScriptedUpstream, settings: LazySettings
) -> None:
    settings.OPENAI_BASE_URL = upstream_server.base_url.replace("http://", "http://alice:w%40nder@")
    upstream_server.will(answer("One."))
    async with closing():
        await read_one()
    request = upstream_server.requests[0]
    assert request.headers["authorization"] == "Basic YWxpY2U6d0BuZGVy"
    assert "alice" not in request.headers["host"]


def test_the_sdk_and_the_prices_are_read_in_a_thread_and_not_on_the_loop() -> None:
    script = """
import asyncio, sys, threading
import tests.environment
import django
from django.conf import settings
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
django.setup()
settings.OPENAI_BASE_URL = "http://127.0.0.1:1/v1"
import apps.providers.registry
from apps.providers.openai_api.client import close_client, openai_client

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in ("openai", "genai_prices", "genai_prices.data", "httpx2"):
            seen[name] = threading.current_thread() is threading.main_thread()

seen = {}
assert not {"openai", "genai_prices", "agents"} & set(sys.modules)
sys.meta_path.insert(0, Watch())

async def main():
    await openai_client()
    await close_client()

asyncio.run(main())
assert seen["openai"] is False and seen["genai_prices"] is False and seen["genai_prices.data"] is False, seen
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


@pytest.mark.parametrize("starter", ["no_port", "no_thread"])
async def test_a_sandbox_that_does_not_start_is_a_refusal(settings: LazySettings, starter: str) -> None:
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = ""
    settings.SANDBOX_SERVER = f"tests.providers.openai_api.test_client.{starter}"
    with pytest.raises(ProviderUnavailable) as caught:
        await openai_client()
    assert caught.value.code == "refused"


def no_port() -> str:
    raise OSError("no free port")


def no_thread() -> str:
    raise RuntimeError("can't start new thread")


def start_in_thread() -> str:
    started_in.append(threading.current_thread())
    return "http://127.0.0.1:1/sandbox/v1"


started_in: list[threading.Thread] = []


async def test_the_sandbox_is_started_off_the_loop_and_gets_its_own_key(settings: LazySettings) -> None:
    started_in.clear()
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = ""
    settings.SANDBOX_SERVER = "tests.providers.openai_api.test_client.start_in_thread"
    async with closing():
        client = await openai_client()
    assert (str(client.base_url), client.api_key) == ("http://127.0.0.1:1/sandbox/v1/", sandbox_key())
    assert started_in[0] is not threading.current_thread()


@pytest.mark.parametrize(
    ("key", "url", "kind", "base_url", "sent_key"),
    [
        ("sk-alice", "", "openai", OPENAI_URL, "sk-alice"),
        ("sk-alice", "http://127.0.0.1:11434/v1/", "compatible", "http://127.0.0.1:11434/v1", "sk-alice"),
        ("", "http://127.0.0.1:11434/v1", "compatible", "http://127.0.0.1:11434/v1", "none"),
    ],
)
def test_the_settings_name_the_server(
    settings: LazySettings, key: str, url: str, kind: str, base_url: str, sent_key: str
) -> None:
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = key, url
    found = upstream()
    assert (found.kind, found.base_url, found.api_key) == (kind, base_url, sent_key)


@pytest.mark.parametrize(
    ("key", "url", "sandbox", "serves"),
    [
        ("", "", False, False),
        ("sk-alice", "", False, True),
        ("", "http://127.0.0.1:1/v1", False, True),
        ("", "", True, True),
    ],
)
def test_without_key_server_and_sandbox_nothing_serves(
    settings: LazySettings, key: str, url: str, sandbox: bool, serves: bool
) -> None:
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL, settings.GVSES_SANDBOX = key, url, sandbox
    assert (why_no_upstream() is None) == serves
