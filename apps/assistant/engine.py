"""One turn from question to row, whatever surface it comes from and whichever provider answers.

`run_turn` is the only way to ask. It emits a `Meta` first, when the rows exist and the provider is chosen, then
what the provider emits, and ends with exactly one `Done` or `Error`, after the rows are finished.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import assert_never
from uuid import UUID

from django.db import Error as DatabaseFailure
from django.utils import timezone

from apps.assistant.attempts import INTERNAL, Attempts
from apps.assistant.errors import ConversationBusy
from apps.assistant.messages import clean_message
from apps.assistant.models import Turn
from apps.assistant.owner import Owner
from apps.assistant.traced_turn import trace_turn
from apps.assistant.transcript import Transcript
from apps.assistant.turns import NOT_KEPT, BegunTurn, begin_turn, finish_turn, give_up_turn
from apps.assistant.unrecorded import begin_unrecorded, log_unrecorded_end, went_away
from apps.core.database_away import is_away, with_second_look
from apps.core.request_context import bind_ids, current_ids
from apps.core.threads import in_database_thread
from apps.metrics.records import TurnRecord
from apps.providers.errors import ProviderError
from apps.providers.events import Done, Error, Event, Json, Meta
from apps.routing.choose import Route
from apps.routing.errors import NoProvider

logger = logging.getLogger(__name__)

#: How long a second question in one conversation waits for the first answer to end.
BUSY_WAIT_S = 1.0
BUSY_POLL_S = 0.05


async def run_turn(
    *,
    session_id: UUID,
    question: str,
    owner: Owner,
    is_voice: bool = False,
    override: str | None = None,
    override_by: str = "",
    is_recorded: bool = True,
) -> AsyncGenerator[Event]:
    """Yields the events of one turn.

    `override` is the provider that staff ask for this turn, `override_by` whose signed header says so, for the audit
    log; without one there is no entry.

    While the database is away the turn is answered without history and without rows, and its first `Meta` says so with
    `is_recorded` false. The parameter `is_recorded` is False where nobody could find out who asks: nothing may be read
    or written in their name.

    Raises TurnRefused (assistant.errors) or RoutingError before the first event, with nothing stored. Closing the
    generator, or cancelling the task that reads it, ends the turn as interrupted with what was said so far.
    """
    started, started_at = time.perf_counter(), timezone.now()
    question = clean_message(question)
    transcript = Transcript(started=started, started_at=started_at)
    begun = await _begin(
        session_id=session_id,
        question=question,
        owner=owner,
        is_voice=is_voice,
        override=override,
        override_by=override_by,
        transcript=transcript,
        is_recorded=is_recorded,
    )
    asked_in = {"http_request_id": current_ids()["request_id"]} if "request_id" in current_ids() else {}
    bind_ids(session_id=session_id, request_id=begun.request_id, channel="voice" if is_voice else "text")
    # The one line that has the id of the surface's request beside the turn's, which all further lines have.
    logger.info("Turn began", extra=asked_in)
    attempts = Attempts(begun=begun, transcript=transcript, person_hash=owner.hashed)
    try:
        async with aclosing(_answer(begun, transcript, attempts)) as events:
            async for event in events:
                yield event
    finally:
        # The person has read the end by now; what a provider still has to close keeps nobody waiting.
        await asyncio.shield(attempts.close())


async def _answer(begun: BegunTurn, transcript: Transcript, attempts: Attempts) -> AsyncGenerator[Event]:
    status, error = Turn.Status.INTERRUPTED, None
    try:
        yield _opening(begun)
        try:
            async with aclosing(attempts.events()) as events:
                async for event in events:
                    if not isinstance(event, Done):
                        yield event
            status = Turn.Status.SUCCEEDED
        except Exception as exception:  # the outermost edge of a turn: it becomes a row and a sentence
            status, error = Turn.Status.FAILED, _as_event(exception)
            _note_failed_turn(error, transcript, why=str(exception) if isinstance(exception, NoProvider) else "")
    finally:
        # Shielded: whoever cancels the turn must not cancel its row.
        word = await asyncio.shield(_finish(begun, transcript, status=status, error=error))
    if word is not None:
        yield word
    if isinstance(word, Error):
        return
    if error is not None:
        yield error
    elif transcript.done is not None:
        yield transcript.done


async def _begin(
    *,
    session_id: UUID,
    question: str,
    owner: Owner,
    is_voice: bool,
    override: str | None,
    override_by: str,
    transcript: Transcript,
    is_recorded: bool,
) -> BegunTurn:
    """Begins the turn, waiting a moment for the answer before it: stopping one and asking again is one gesture."""
    give_up = time.perf_counter() + BUSY_WAIT_S
    while is_recorded:
        beginning = asyncio.ensure_future(
            in_database_thread(
                with_second_look,
                begin_turn,
                session_id=session_id,
                question=question,
                owner=owner,
                is_voice=is_voice,
                override=override,
                override_by=override_by,
            )
        )
        try:
            return await asyncio.shield(beginning)
        except ConversationBusy:
            if time.perf_counter() >= give_up:
                raise
            await asyncio.sleep(BUSY_POLL_S)
        except asyncio.CancelledError:
            # The thread writes its rows all the same; nobody but this place would ever finish them.
            await asyncio.shield(_end_unseen(beginning, transcript))
            raise
        except DatabaseFailure as error:
            if not is_away(error):
                raise
            is_recorded = False
    return begin_unrecorded(session_id=session_id, question=question, owner=owner, is_voice=is_voice, override=override)


async def _end_unseen(beginning: asyncio.Future[BegunTurn], transcript: Transcript) -> None:
    try:
        begun = await beginning
    except Exception:  # a turn that did not begin has no row to finish
        return
    await _finish(begun, transcript, status=Turn.Status.INTERRUPTED, error=None)


async def _finish(
    begun: BegunTurn, transcript: Transcript, *, status: Turn.Status, error: Error | None
) -> Error | Meta | None:
    """Stores the end and hands the turn to whoever traces it; what is to be said of it where it was not stored."""
    ended = time.perf_counter()
    word, record = await _store_end(begun, transcript, status=status, error=error, ended=ended)
    if isinstance(word, Error):
        status, error = Turn.Status.FAILED, word
    trace_turn(begun=begun, transcript=transcript, status=status, error=error, ended=ended, record=record)
    return word


async def _store_end(
    begun: BegunTurn, transcript: Transcript, *, status: Turn.Status, error: Error | None, ended: float
) -> tuple[Error | Meta | None, TurnRecord | None]:
    """What is to be said where it was not stored, and what its row was given where it was.

    Where the database refuses it, the rows are closed without it: no turn stays open, and the next question need not
    wait until a sweep finds this one. Where the database is away, the answer stands and the rows are left to the sweep.
    """
    if not begun.is_recorded:
        log_unrecorded_end(begun, transcript, status=status, error=error)
        return None, None
    try:
        record = await in_database_thread(
            with_second_look,
            finish_turn,
            begun=begun,
            transcript=transcript,
            status=status,
            error=error,
            ended=ended,
        )
    except Exception as exception:  # what a provider said may be something that no column takes
        logger.error("Turn could not be stored", exc_info=exception)
        if is_away(exception):
            log_unrecorded_end(begun, transcript, status=status, error=error)
            return went_away(), None
        await in_database_thread(give_up_turn, begun=begun)
        return Error(message=NOT_KEPT, retryable=True, code="not_kept"), None
    return None, record


def _opening(begun: BegunTurn) -> Meta:
    turn: Json = {
        "request_id": str(begun.request_id),
        "session_id": str(begun.session_id),
    }
    turn |= {"turn_number": begun.number} if begun.is_recorded else {"is_recorded": False}
    match begun.route:
        case NoProvider() as error:
            return Meta(data=turn | {"provider": None, "route_reason": error.code, "explanation": str(error)})
        case Route() as route:
            return Meta(
                data=turn
                | {
                    "provider": route.provider,
                    "assigned_provider": route.assigned_provider,
                    "route_reason": str(route.reason),
                    "explanation": route.explanation,
                }
            )
        case _:
            assert_never(begun.route)


def _note_failed_turn(error: Error, transcript: Transcript, *, why: str) -> None:
    """One line for each turn whose person read an error: an attempt that failed may have been rescued."""
    details = {"code": error.code, "tried": ",".join(attempt.provider for attempt in transcript.attempts)}
    logger.error("Turn answered with an error", extra=details | ({"why": why} if why else {}))


def _as_event(exception: Exception) -> Error:
    if isinstance(exception, ProviderError):
        return Error(message=str(exception), retryable=exception.retryable, code=exception.code)
    if isinstance(exception, NoProvider):
        return Error(message=exception.for_people, retryable=exception.retryable, code=exception.code)
    logger.error("Turn failed", exc_info=exception)
    return Error(message=INTERNAL, retryable=True, code="internal")
