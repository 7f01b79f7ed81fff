"""Who is let in: with DEBUG this machine alone, without it whoever has the key."""

from collections.abc import Mapping
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import LazySettings
from openai import AsyncOpenAI, AuthenticationError

from apps.providers.openai_api.upstream import sandbox_key
from apps.sandbox.asgi import application
from tests.sandbox.asking import sdk


async def status(client: str | None, headers: Mapping[str, str]) -> int:
    """Of `GET /models`, asked by a client at this address."""
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/sandbox/v1/models",
        "raw_path": b"/sandbox/v1/models",
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": [client, 50000] if client else None,
        "server": ["127.0.0.1", 8000],
    }
    asked = ApplicationCommunicator(application, scope)
    await asked.send_input({"type": "http.request", "body": b"", "more_body": False})
    start = await asked.receive_output()
    await asked.wait()
    return int(start["status"])


async def models(client: AsyncOpenAI) -> list[str]:
    return [model.id async for model in client.models.list()]


@pytest.mark.parametrize("key", ["sk-wrong", "", "sk-sandbox-" + "0" * 32, "schlüssel"])
async def test_a_wrong_key_is_a_401_without_debug(base_url: str, key: str) -> None:
    assert await status("127.0.0.1", {"authorization": f"Bearer {key}"}) == 401
    if key.isascii() and key:
        async with sdk(base_url, api_key=key) as client:
            with pytest.raises(AuthenticationError) as raised:
                await models(client)
        assert raised.value.code == "invalid_api_key"


async def test_the_key_opens_from_anywhere_without_debug() -> None:
    assert await status("203.0.113.7", {"authorization": f"Bearer {sandbox_key()}"}) == 200
    assert await status("127.0.0.1", {"authorization": f"bearer {sandbox_key()}"}) == 200
    assert await status("127.0.0.1", {}) == 401
    assert await status("127.0.0.1", {"authorization": sandbox_key()}) == 401


async def test_any_key_or_none_opens_on_this_machine_with_debug(base_url: str, settings: LazySettings) -> None:
    settings.DEBUG = True
    async with sdk(base_url, api_key="anything") as client:
        assert "gpt-6.1-terra" in await models(client)
    assert await status("127.0.0.1", {"host": "127.0.0.1:8000"}) == 200
    assert await status("127.0.0.1", {"host": "localhost:8000"}) == 200
    assert await status("::1", {"host": "[::1]:8000"}) == 200
    assert await status("::ffff:127.0.0.1", {"host": "127.0.0.1"}) == 200


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        ("203.0.113.7", {"host": "127.0.0.1"}),
        ("192.168.1.5", {"host": "192.168.1.2"}),
        ("2001:db8::1", {"host": "[::1]"}),
        ("not an address", {"host": "127.0.0.1"}),
        (None, {"host": "127.0.0.1"}),
        # A proxy on this machine, which speaks for somebody else.
        ("127.0.0.1", {"host": "127.0.0.1", "x-forwarded-for": "203.0.113.7"}),
        ("127.0.0.1", {"host": "127.0.0.1", "forwarded": "for=203.0.113.7"}),
        ("127.0.0.1", {"host": "127.0.0.1", "x-real-ip": "203.0.113.7"}),
        ("127.0.0.1", {"host": "127.0.0.1", "x-forwarded-proto": "https"}),
        ("127.0.0.1", {"host": "127.0.0.1", "via": "1.1 proxy"}),
        # A page of another site whose name points here.
        ("127.0.0.1", {"host": "rebound.example.com"}),
        ("127.0.0.1", {}),
    ],
)
async def test_nobody_else_is_let_in_with_debug_even_with_the_key(
    client: str | None, headers: dict[str, str], settings: LazySettings
) -> None:
    settings.DEBUG = True
    assert await status(client, {**headers, "authorization": f"Bearer {sandbox_key()}"}) == 403


async def test_who_is_not_let_in_cannot_arm_a_fault(base_url: str) -> None:
    async with sdk(base_url, api_key="sk-wrong") as client:
        with pytest.raises(AuthenticationError):
            await client.post("/faults", body={"fault": "cut"}, cast_to=object)
    async with sdk(base_url) as client:
        listed: Any = await client.get("/faults", cast_to=object)
    assert listed == {"armed": []}
