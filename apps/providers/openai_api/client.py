"""The one SDK client of an event loop: its connections are reused by every turn and every provider.

The SDK is imported at first use, off the event loop: it takes a second and fifty megabytes.
"""

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from django.conf import settings

from apps.providers.openai_api.upstream import Upstream, upstream

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Upstream, AsyncOpenAI]]" = WeakKeyDictionary()


async def openai_client() -> "AsyncOpenAI":
    """The running loop's client for the configured upstream. It never retries by itself: the engine decides that."""
    loop = asyncio.get_running_loop()
    held = _clients.get(loop)
    # Settings are compared without a thread: only the sandbox's first start takes time.
    wanted = upstream() if held is not None else await asyncio.to_thread(_prepare)
    if held is not None and held[0] == wanted:
        return held[1]
    # Another turn may have made one while this one waited for its thread.
    held = _clients.get(loop)
    if held is None or held[0] != wanted:
        _clients[loop] = held = (wanted, _new_client(wanted))
    return held[1]


async def close_client() -> None:
    """Closes the running loop's client, for a process or a test that ends before the loop's connections time out."""
    held = _clients.pop(asyncio.get_running_loop(), None)
    if held is not None:
        await held[1].close()


def _prepare() -> Upstream:
    import openai  # noqa: F401  the import itself is what takes the time

    return upstream()


def _new_client(wanted: Upstream) -> "AsyncOpenAI":
    import httpx2
    from openai import AsyncOpenAI

    gap_s = settings.CHUNK_GAP_DEADLINE_S
    return AsyncOpenAI(
        api_key=wanted.api_key,
        base_url=wanted.base_url,
        max_retries=0,
        timeout=httpx2.Timeout(connect=settings.CONNECT_DEADLINE_S, read=gap_s, write=gap_s, pool=gap_s),
    )
