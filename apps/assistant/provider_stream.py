"""One provider's events, taken one at a time from a task of their own, so that a turn can leave them at once.

A generator that is closed may hang in its own clean-up, and a cancelled `anext` waits for it. Here iteration and
closing happen in the same task, whose end nobody has to wait for.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from apps.providers.errors import ProviderError, ProviderProtocolError
from apps.providers.events import Done, Event

logger = logging.getLogger(__name__)

#: What a provider gets to close its connections before it is cancelled once more.
CLOSE_WAIT_S = 0.5
CUT_SHORT = "The answer ended before it was whole. Ask again."


class ProviderStream:
    """The events up to and with the first `Done`. The generator runs only while an event is asked for."""

    def __init__(self, events: AsyncGenerator[Event], *, provider: str) -> None:
        self._events = events
        self.provider = provider
        self._asked = asyncio.Event()
        self._answer: asyncio.Future[Event | None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._insisting: asyncio.TimerHandle | None = None
        self._is_closing = False
        self._failure: ProviderError | None = None

    async def next(self, *, within_s: float) -> Event | None:
        """The next event; None where none came in time, after which nothing more may be asked for.

        Raises what the provider raises, ProviderProtocolError where it ends without a `Done`, and what `fail` was told.
        """
        if self._failure is not None:
            raise self._failure
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Event | None] = loop.create_future()
        self._answer = answer
        self._asked.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run())
            self._task.add_done_callback(self._ended)
        elif self._task.done():
            self._ended(self._task)
        # A timer alone: `asyncio.timeout` and `asyncio.wait` cost a turn of the loop for every event.
        late = loop.call_later(within_s, _give_nothing, answer)
        try:
            return await answer
        finally:
            late.cancel()

    def fail(self, error: ProviderError) -> None:
        """Ends it at once, also while nothing is asked of it: whoever waits for an event or asks later gets the error.

        An event that has come already, such as the end of a whole answer, is still given.
        """
        self._failure = error
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.leave()

    def leave(self) -> None:
        """Closes the generator without waiting for it; one that is still closing after a moment is cancelled again."""
        self._answer = None
        if self._task is None or self._task.done() or self._insisting is not None:
            return
        self._insisting = asyncio.get_running_loop().call_later(CLOSE_WAIT_S, self._insist)
        if not self._is_closing:
            self._task.cancel()

    async def left(self) -> None:
        """Waits until the generator is closed, for a bounded time."""
        if self._task is None or self._task.done():
            return
        await asyncio.wait((self._task,), timeout=2 * CLOSE_WAIT_S)
        if not self._task.done():
            logger.error("Provider never closed", extra={"provider": self.provider})

    async def _run(self) -> None:
        async with aclosing(self._events) as events:
            async for event in events:
                if self._answer is None or self._answer.done():
                    return
                self._asked.clear()
                self._answer.set_result(event)
                if isinstance(event, Done):
                    self._is_closing = True
                    return
                await self._asked.wait()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._insisting is not None:
            self._insisting.cancel()
        error = RuntimeError("the provider cancelled itself") if task.cancelled() else task.exception()
        if self._answer is not None and not self._answer.done():
            # Whoever waits hears of it; an end without an error is an end without a `Done`.
            self._answer.set_exception(error or ProviderProtocolError(CUT_SHORT, code="no_terminal_event"))
        elif error is not None and not task.cancelled():
            logger.warning("Provider failed to close", extra={"provider": self.provider}, exc_info=error)

    def _insist(self) -> None:
        if self._task is not None and not self._task.done():
            logger.warning("Provider slow to close", extra={"provider": self.provider})
            self._task.cancel()


def _give_nothing(answer: asyncio.Future[Event | None]) -> None:
    if not answer.done():
        answer.set_result(None)
