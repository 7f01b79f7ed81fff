"""The one SDK client of an event loop: its connections are reused by every turn and every provider.

The SDK and the price list are imported at first use, off the event loop: together they take a second and sixty
megabytes.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from django.conf import settings

from apps.providers.errors import AccessRefused, ProviderUnavailable
from apps.providers.openai_api.failures import translated
from apps.providers.openai_api.refused_parameters import without_refused
from apps.providers.openai_api.upstream import Upstream, upstream
from apps.providers.prices.listed import load_prices

if TYPE_CHECKING:
    from openai import AsyncOpenAI

#: Its traffic never leaves this machine, so a proxy for the network must not get it.
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
#: How long the end of a stream is waited for once its answer is whole, so that its connection can serve the next call.
DRAIN_S = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """All that a client is made of; another one is needed where any of it differs."""

    upstream: Upstream
    connect_s: float
    gap_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    client: "AsyncOpenAI"
    wanted: _Wanted
    #: A loop that ends closes the generators that are open on it, and this one closes the client.
    until_closed: AsyncGenerator[None]


#: By loop: a connection belongs to the loop that opened it.
_clients: dict[asyncio.AbstractEventLoop, _Held] = {}


async def openai_client() -> "AsyncOpenAI":
    """The running loop's client for the configured upstream. It never retries by itself: the engine decides that.

    Raises ProviderError where the sandbox does not start or the address is none.
    """
    loop = asyncio.get_running_loop()
    # Settings are compared without a thread: only the first look imports, and only it may start the sandbox.
    wanted = _wanted() if loop in _clients else await asyncio.to_thread(_prepare)
    # Another turn may have made one while this one waited for its thread.
    held = _clients.get(loop)
    if held is not None and held.wanted == wanted:
        return held.client
    with translated():
        client = _new_client(wanted)
    until_closed = _until_closed(loop, client)
    await anext(until_closed)
    _clients[loop] = _Held(client=client, wanted=wanted, until_closed=until_closed)
    if held is not None:
        await held.until_closed.aclose()
    return client


async def close_client() -> None:
    """Closes the running loop's client before the loop ends."""
    held = _clients.get(asyncio.get_running_loop())
    if held is not None:
        await held.until_closed.aclose()


async def _until_closed(loop: asyncio.AbstractEventLoop, client: "AsyncOpenAI") -> AsyncGenerator[None]:
    try:
        yield
    finally:
        if _clients[loop].client is client:
            del _clients[loop]
        await client.close()


def load() -> None:
    """Imports the SDK and the price list; at once after the first time."""
    import openai  # noqa: F401  the import itself is what takes the time

    load_prices()


def _prepare() -> _Wanted:
    load()
    try:
        return _wanted()
    except (OSError, RuntimeError) as error:
        # The sandbox found no port, no thread, or no time to start.
        raise ProviderUnavailable(code="refused") from error


def _wanted() -> _Wanted:
    return _Wanted(upstream=upstream(), connect_s=settings.CONNECT_DEADLINE_S, gap_s=settings.CHUNK_GAP_DEADLINE_S)


def _new_client(wanted: _Wanted) -> "AsyncOpenAI":
    import httpx2
    from openai import DefaultAioHttpClient

    if not wanted.upstream.api_key.isprintable():
        # No header can carry it.
        raise AccessRefused(code="unauthorized")
    address, headers = httpx2.URL(wanted.upstream.base_url), None
    if address.userinfo:
        # A name and a password in the address stand above the key, as they do in a browser.
        headers = {"Authorization": f"Basic {b64encode(unquote_to_bytes(address.userinfo)).decode()}"}
        address = address.copy_with(userinfo=b"")
    is_on_this_machine = address.host in LOOPBACK
    timeout = httpx2.Timeout(connect=wanted.connect_s, read=wanted.gap_s, write=None, pool=wanted.connect_s)
    return _client_class()(
        api_key=wanted.upstream.api_key,
        base_url=address,
        default_headers=headers,
        max_retries=0,
        timeout=timeout,
        # Aiohttp reads a stream for half of what the SDK's own transport takes.
        # A redirect would carry a person's question to a server that nobody configured.
        http_client=DefaultAioHttpClient(timeout=timeout, follow_redirects=False, trust_env=not is_on_this_machine),
    )


@cache
def _client_class() -> "type[AsyncOpenAI]":
    from openai import AsyncOpenAI

    class Client(AsyncOpenAI):
        """Every call of every provider passes through `request`, also those that openai-agents makes."""

        async def request(self, cast_to: Any, options: Any, **how: Any) -> Any:
            async def send(options: Any) -> Any:
                return await super(Client, self).request(cast_to, options, **how)

            return await without_refused(send, options, base_url=str(self.base_url).rstrip("/"))

    return Client
