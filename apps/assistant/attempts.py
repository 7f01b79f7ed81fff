"""The chain of attempts at one turn: the routed provider, then others along the chain, until one answer is whole.

Before the first text a switch is silent. After it, what was written is void: a `Meta` says so, and a whole
replacement follows. An answer is never put together from two.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from django.conf import settings

from apps.assistant.deadlines import Deadlines
from apps.assistant.provider_stream import ProviderStream
from apps.assistant.stop_watch import stop_watch
from apps.assistant.succession import Chosen, Failed, note_failure, once_more, successor
from apps.assistant.transcript import Attempt, Outcome, Transcript
from apps.assistant.turn_toolbox import TurnToolbox
from apps.assistant.turns import BegunTurn
from apps.core.request_context import bind_ids
from apps.core.threads import in_database_thread
from apps.market.tools.market_toolbox import default_toolbox
from apps.providers.errors import (
    NotConfigured,
    ProviderError,
    ProviderProtocolError,
    ProviderStopped,
    ProviderUnavailable,
)
from apps.providers.events import Done, Error, Event, Meta
from apps.providers.protocol import TurnRequest
from apps.providers.registry import get_provider
from apps.routing.choose import Reason, Route
from apps.routing.circuits import is_floor
from apps.routing.errors import NoProvider
from apps.routing.services import forced_provider

logger = logging.getLogger(__name__)

#: A backend that asks for no longer wait than this is asked once more before another takes over.
RETRY_AFTER_MAX_S = 1.0
#: A try begins by stops that were read no longer ago than this; half of what may pass between a stop and a last start.
FRESH_S = 0.05
#: On a machine so busy that no look comes back in time, the answer begins after this many all the same.
MAX_LOOKS = 10
#: Ten times a long answer. A model that repeats itself writes on until something stops it.
LONGEST_ANSWER = 50_000
LATE = "The answer took too long. Ask again."
INTERNAL = "Something went wrong on our side. Your question is kept; ask it again."


class ReaderTooSlow(ProviderUnavailable):
    """The time ran out while nothing was asked of the provider; that says nothing about it."""

    counts_as_failure = False


class Attempts:
    """Of one turn. After `events` is closed or has ended, `close` must be awaited."""

    def __init__(self, *, begun: BegunTurn, transcript: Transcript, person_hash: str) -> None:
        self._begun = begun
        self._transcript = transcript
        self._person_hash = person_hash
        self._toolbox: TurnToolbox | None = None
        self._streams: list[ProviderStream] = []
        self._stops = stop_watch()
        self._tried: set[str] = set()
        self._asked_again: set[str] = set()
        self._deadlines = Deadlines(
            started=transcript.started,
            first_text_s=settings.FIRST_TEXT_VOICE_DEADLINE_S if begun.is_voice else settings.FIRST_TEXT_DEADLINE_S,
            chunk_gap_s=settings.CHUNK_GAP_DEADLINE_S,
            tool_s=settings.TOOL_DEADLINE_S,
            turn_s=settings.TURN_DEADLINE_S,
        )

    async def events(self) -> AsyncGenerator[Event]:
        """What the providers emit, up to and with the `Done` of the one that served, with a `Meta` for each switch.

        Raises NoProvider where there is nobody to try, the ProviderError of the last attempt where none was whole.
        """
        route = self._begun.route
        if isinstance(route, NoProvider):
            raise route
        toolbox = self._toolbox = TurnToolbox(default_toolbox())
        chosen: Chosen | None = Chosen(provider=route.provider, read_at=self._begun.read_at)
        while chosen is not None:
            provider, attempt = chosen.provider, None
            failure: ProviderError = ProviderStopped()
            if await self._may_begin(chosen):
                attempt = self._begin(provider, toolbox)
                try:
                    async with aclosing(self._attempt(attempt)) as events:
                        async for event in events:
                            yield event
                    return
                except ProviderError as error:
                    failure = error
            else:
                self._pass_over(route, provider)
            chosen = await self._next(route, attempt, failure)
            if chosen is None:
                raise failure
            yield self._switch(provider, attempt, failure, to=chosen.provider)

    async def close(self) -> None:
        """Waits, for a bounded time, until every provider is closed and no tool runs."""
        await asyncio.gather(*(stream.left() for stream in self._streams))
        if self._toolbox is not None:
            await self._toolbox.close()
        await self._stops.close()

    async def _may_begin(self, chosen: Chosen) -> bool:
        """Whether the provider is not stopped, by a look that is fresh at the moment this returns."""
        if chosen.provider == forced_provider():
            return True
        read_at = chosen.read_at
        for _ in range(MAX_LOOKS):
            if time.perf_counter() - read_at <= FRESH_S:
                return True
            seen = await self._stops.look()
            if seen is None:
                # Without the database nobody can have stopped it.
                return True
            if chosen.provider in seen.orders:
                return False
            read_at = seen.read_at
        logger.warning("Too busy to look for stops in time", extra={"provider": chosen.provider})
        return True

    def _pass_over(self, route: Route, provider: str) -> None:
        """Of a provider that was stopped between the choice and the try; the turn does not come back to it."""
        logger.info("Provider stopped before it was asked", extra={"provider": provider})
        if provider == route.provider and provider not in self._tried:
            self._transcript.passed_over = Reason.KILL_SWITCH
        self._tried.add(provider)

    def _begin(self, provider: str, toolbox: TurnToolbox) -> Attempt:
        bind_ids(provider=provider)
        self._tried.add(provider)
        attempt = Attempt(
            number=len(self._transcript.attempts) + 1,
            provider=provider,
            toolbox=toolbox.for_attempt(),
            started=time.perf_counter(),
        )
        self._transcript.attempts.append(attempt)
        return attempt

    async def _attempt(self, attempt: Attempt) -> AsyncGenerator[Event]:
        """One provider's whole answer. Raises ProviderError, whatever went wrong."""
        stream: ProviderStream | None = None
        try:
            stream = ProviderStream(
                get_provider(attempt.provider).stream(self._request(attempt)), provider=attempt.provider
            )
            self._streams.append(stream)
            if attempt.provider != forced_provider():
                self._stops.add(stream)
            while attempt.done is None:
                yield await self._next_event(attempt, stream)
            attempt.end(Outcome.SUCCEEDED, now=time.perf_counter())
        except Exception as exception:  # the edge of a provider: whatever it raises becomes one of our errors
            failure = _in_our_words(exception, attempt=attempt)
            attempt.end(Outcome.FAILED, now=time.perf_counter(), error_code=failure.code)
            raise failure from (None if failure is exception else exception)
        finally:
            attempt.toolbox.is_closed = True
            if stream is not None:
                self._stops.discard(stream)
                stream.leave()

    async def _next_event(self, attempt: Attempt, stream: ProviderStream) -> Event:
        now = time.perf_counter()
        due = self._deadlines.next_event(
            now=now,
            attempt_started=attempt.started,
            is_first=attempt.number == 1,
            is_floor=is_floor(attempt.provider),
            has_text=attempt.had_visible_text,
            has_tool_running=attempt.has_tool_running,
        )
        if due.at <= now:
            raise ReaderTooSlow(LATE, code=due.code)
        event = await stream.next(within_s=due.at - now)
        match event:
            case None:
                raise ProviderUnavailable(LATE, code=due.code)
            case Error():
                raise ProviderProtocolError(event.message, code=event.code)
            case Done():
                if not attempt.answer.strip():
                    raise ProviderProtocolError(code="empty")
                event = Done(
                    request_id=str(self._begun.request_id),
                    provider=attempt.provider,
                    model=event.model,
                    sidecar=event.sidecar,
                )
            case _:
                pass
        attempt.add(event, now=time.perf_counter())
        if attempt.n_characters > LONGEST_ANSWER:
            raise ProviderProtocolError(code="endless")
        return event

    def _request(self, attempt: Attempt) -> TurnRequest:
        return TurnRequest(
            request_id=self._begun.request_id,
            session_id=self._begun.session_id,
            question=self._begun.question,
            history=self._begun.history,
            toolbox=attempt.toolbox,
            is_voice=self._begun.is_voice,
            person_hash=self._person_hash,
        )

    async def _next(self, route: Route, attempt: Attempt | None, failure: ProviderError) -> Chosen | None:
        """Who tries next, by a fresh look; None where nobody may or can. Without an attempt there was no try."""
        if not failure.falls_back:
            return None
        failed: Failed | None = None
        if attempt is not None:
            if isinstance(failure, NotConfigured) and attempt.left_no_trace:
                self._forget(route, attempt)
            began_at = self._transcript.moment(attempt.started)
            failed = Failed(provider=attempt.provider, error=failure, began_at=began_at)
            wait_s = self._wait_before_asking_again(attempt, failure)
            if wait_s is not None:
                self._asked_again.add(attempt.provider)
                await in_database_thread(note_failure, failed)
                failed = None
                await asyncio.sleep(wait_s)
                again = await in_database_thread(once_more, attempt.provider)
                if again is not None:
                    return again
        return await in_database_thread(
            successor,
            request_id=self._begun.request_id,
            failed=failed,
            session_provider=route.assigned_provider,
            tried=self._tried,
            only_floor=self._deadlines.leaves_only_the_floor(now=time.perf_counter()),
        )

    def _wait_before_asking_again(self, attempt: Attempt, failure: ProviderError) -> float | None:
        """Seconds, where the backend is busy for so short a time that the same provider is asked once more."""
        wait_s = failure.retry_after_s
        if failure.code != "rate_limited" or wait_s is None or wait_s > RETRY_AFTER_MAX_S:
            return None
        if attempt.had_visible_text or attempt.provider in self._asked_again:
            return None
        too_late = self._deadlines.leaves_only_the_floor(now=time.perf_counter() + wait_s)
        return None if too_late else wait_s

    def _forget(self, route: Route, attempt: Attempt) -> None:
        """An attempt that never was: its provider is not configured. Who comes next has its number."""
        self._transcript.attempts.pop()
        if attempt.provider == route.provider:
            self._transcript.passed_over = Reason.NOT_CONFIGURED

    def _switch(self, provider: str, attempt: Attempt | None, failure: ProviderError, *, to: str) -> Meta:
        return Meta(
            data={
                "attempt": len(self._transcript.attempts) + 1,
                "provider": to,
                "failed_provider": provider,
                "failed_code": failure.code,
                "interrupted": attempt is not None and attempt.had_visible_text,
            }
        )


def _in_our_words(exception: Exception, *, attempt: Attempt) -> ProviderError:
    told = {"provider": attempt.provider, "attempt": attempt.number, "had_visible_text": attempt.had_visible_text}
    if isinstance(exception, ProviderError):
        logger.warning("Provider failed", extra=told | {"code": exception.code})
        return exception
    logger.error("Provider failed unexpectedly", extra=told, exc_info=exception)
    return ProviderError(INTERNAL, code="internal")
