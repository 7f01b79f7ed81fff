"""Ends running answers whose provider is stopped, and says before a try begins whether its provider still may.

One watch an event loop. While answers run it looks into the database every moment, one small query for all of them;
while none runs, and for an answer shorter than that moment, it asks nothing and leaves nothing behind.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from django.utils import timezone

from apps.assistant.provider_stream import ProviderStream
from apps.core.request_context import forget_ids
from apps.core.threads import in_express_thread
from apps.providers.errors import ProviderStopped
from apps.routing.stops import StopOrder, stops_in_force

logger = logging.getLogger(__name__)

#: Between two looks. An answer that is to be cut runs on for this long at most, and for the look itself.
POLL_S = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The stops by provider as a query found them that began no earlier than `read_at`, a monotonic reading."""

    read_at: float
    orders: Mapping[str, StopOrder]


class StopWatch:
    """Of one event loop."""

    def __init__(self) -> None:
        self._running: set[ProviderStream] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[Seen | None] | None = None
        self._is_failing = False

    def add(self, stream: ProviderStream) -> None:
        """From now on the stream fails with ProviderStopped once its provider's stop is due."""
        self._running.add(stream)
        self._plan()

    def discard(self, stream: ProviderStream) -> None:
        self._running.discard(stream)
        if not self._running and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def look(self) -> Seen | None:
        """What a look finds that is under way, or begins now; None where the database does not answer."""
        return await asyncio.shield(self._begin_look())

    async def close(self) -> None:
        """Waits for a look that was begun for answers which have all ended."""
        if self._looking is not None and not self._running:
            await asyncio.wait((self._looking,))

    def _plan(self) -> None:
        if self._running and self._timer is None and self._looking is None:
            self._timer = asyncio.get_running_loop().call_later(POLL_S, self._poll)

    def _poll(self) -> None:
        self._timer = None
        self._begin_look()

    def _begin_look(self) -> asyncio.Task[Seen | None]:
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        return self._looking

    async def _look(self) -> Seen | None:
        forget_ids()
        # Of an answer that begins while the look is under way, what it finds may be older than that answer's route.
        running = tuple(self._running)
        try:
            seen = await in_express_thread(_read)
        except Exception as exception:  # the outermost edge of a look: answers go on without it
            if not self._is_failing:
                logger.error("Stops could not be read", exc_info=exception)
            self._is_failing = True
            return None
        finally:
            self._looking = None
            self._plan()
        self._is_failing = False
        now = timezone.now()
        for stream in running:
            order = seen.orders.get(stream.provider)
            if order is not None and order.is_due(now=now) and stream in self._running:
                stream.fail(ProviderStopped())
        return seen


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, StopWatch] = WeakKeyDictionary()


def stop_watch() -> StopWatch:
    """The running loop's."""
    loop = asyncio.get_running_loop()
    watch = _watches.get(loop)
    if watch is None:
        watch = _watches[loop] = StopWatch()
    return watch


def _read() -> Seen:
    read_at = time.perf_counter()
    return Seen(read_at=read_at, orders={order.provider: order for order in stops_in_force()})
