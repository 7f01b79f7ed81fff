"""A turn as server-sent events: each event as it comes, and the finished answer's HTML with the last one."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.template.loader import render_to_string

from apps.assistant.services import turn_and_title
from apps.assistant.unrecorded import NOT_RECORDED
from apps.chat.presenter import turn_view
from apps.chat.streamed_turn import StreamedTurn
from apps.core.database_away import is_away, with_second_look
from apps.core.sse import encode_event
from apps.core.threads import in_database_thread
from apps.metrics.selectors import attempts_of, costs_usd
from apps.providers.events import Done, Error, Event, as_json

logger = logging.getLogger(__name__)

#: For a turn whose end could not be stored or shown, such as one whose conversation was deleted meanwhile.
BROKEN = Error(message="The answer could not be kept. Ask again.", retryable=True, code="internal")


async def sse(events: AsyncGenerator[Event], *, first: Event, question: str, is_staff: bool) -> AsyncGenerator[bytes]:
    """Encodes `first` and the rest. `done` and `error` carry the answer as the page shows it after a reload, or would.

    Nothing is raised: the reader would see a broken connection in place of a sentence, and behind `runserver` wait for
    ever. The stream ends with an `error` instead.
    """
    opening = as_json(first)
    request_id = UUID(opening["request_id"])
    streamed = StreamedTurn(request_id=request_id, question=question)
    streamed.add(first)
    async with aclosing(events):
        yield encode_event(first.type, opening)
        try:
            async for event in events:
                data = as_json(event)
                streamed.add(event)
                if isinstance(event, Done | Error):
                    data |= await in_database_thread(ended_turn, streamed, request_id=request_id, is_staff=is_staff)
                yield encode_event(event.type, data)
        except Exception:  # the outermost edge of a stream: it becomes a log line and an event
            logger.exception("Stream failed")
            yield encode_event(BROKEN.type, as_json(BROKEN))


def ended_turn(streamed: StreamedTurn, *, request_id: UUID, is_staff: bool) -> dict[str, Any]:
    """The finished turn from its rows; from its events where it has none, or they cannot be reached now."""
    if streamed.is_recorded:
        try:
            return with_second_look(finished_turn, request_id=request_id, is_staff=is_staff)
        except (OperationalError, InterfaceError) as error:
            if not is_away(error):
                raise
    view = turn_view(streamed.turn(), is_staff=False, unkept="" if streamed.is_recorded else NOT_RECORDED)
    return {"html": render_to_string("chat/_answer.html", {"turn": view})}


def finished_turn(*, request_id: UUID, is_staff: bool) -> dict[str, Any]:
    """What the page needs of a finished turn: `html` of the answer, `title` of the conversation, `turn_number`."""
    turn, title = turn_and_title(request_id)
    cost = costs_usd([request_id]).get(request_id) if is_staff else None
    attempts = attempts_of([request_id])[request_id] if is_staff else []
    view = turn_view(turn, is_staff=is_staff, cost_usd=cost, attempts=attempts)
    html = render_to_string("chat/_answer.html", {"turn": view})
    return {"html": html, "title": title, "turn_number": turn.number}
