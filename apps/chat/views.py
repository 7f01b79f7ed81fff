"""The text surface: the pages of a conversation and the stream of a turn. Views parse, ask the engine, and encode."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.assistant import services
from apps.assistant.engine import run_turn
from apps.assistant.errors import BadMessage, ConversationBusy, NotYourConversation, TurnRefused
from apps.assistant.models import Conversation, Turn
from apps.assistant.owner import Owner
from apps.chat.errors import AWAY_RETRY_S, refusal
from apps.chat.examples import examples
from apps.chat.limits import turn_wait_s
from apps.chat.presenter import turn_view
from apps.chat.stream import sse
from apps.chat.visitor import new_visitor, owner_of, remember_visitor, stand_in_for
from apps.core.database_away import is_away, with_second_look
from apps.core.sse import STREAM_HEADERS
from apps.core.threads import in_database_thread
from apps.market.repository import default_repository
from apps.metrics.selectors import attempts_of, costs_usd
from apps.routing.errors import OverrideRefused
from apps.routing.overrides.header import HEADER, Override, read_override

STATUS_OF: dict[type[TurnRefused], int] = {BadMessage: 400, NotYourConversation: 404, ConversationBusy: 409}
CONVERSATIONS_SHOWN = 200
#: A page shows the latest turns; `?all` shows every one.
TURNS_SHOWN = 30


@require_safe
@never_cache
def new(request: HttpRequest) -> HttpResponseBase:
    """A page for a conversation that does not exist before its first message."""
    if not request.user.is_authenticated and not settings.ANONYMOUS_CHAT:
        return redirect_to_login(request.path)
    return _page(request, session_id=uuid.uuid4(), conversation=None)


@require_safe
@never_cache
def conversation(request: HttpRequest, session_id: UUID) -> HttpResponseBase:
    with _missing_as_404():
        found = services.conversation_of(session_id=session_id, owner=_owner_or_404(request))
    return _page(request, session_id=session_id, conversation=found)


@require_safe
@never_cache
def conversations(request: HttpRequest) -> HttpResponse:
    """The list at the left alone, for the script that keeps it fresh."""
    context = _list_context(request) | {"current": request.GET.get("current", "")}
    return render(request, "chat/_conversations.html", context)


@require_POST
def rename(request: HttpRequest, session_id: UUID) -> HttpResponse:
    with _missing_as_404():
        services.rename_conversation(
            session_id=session_id, owner=_owner_or_404(request), title=request.POST.get("title", "")
        )
    return redirect("chat:conversation", session_id)


@require_POST
def delete(request: HttpRequest, session_id: UUID) -> HttpResponse:
    with _missing_as_404():
        services.delete_conversation(session_id=session_id, owner=_owner_or_404(request))
    return redirect("chat:new")


@require_POST
async def turns(request: HttpRequest, session_id: UUID) -> HttpResponseBase:
    """One turn as `text/event-stream`. What is refused is refused before the stream, as JSON with its status."""
    asker = await in_database_thread(_asker, request)
    if asker.owner is None and not asker.is_known:
        return refusal(
            status=503,
            code="database_away",
            message="We cannot find out who you are, because our records cannot be reached. Send it again in a moment.",
            retry_after_s=AWAY_RETRY_S,
        )
    if asker.owner is None:
        return refusal(status=403, code="login_required", message="Log in to ask a question.")
    if asker.wait_s:
        return refusal(
            status=429,
            code="too_many",
            message=f"That was many questions in a short time. Ask again in {asker.wait_s} seconds.",
            retry_after_s=asker.wait_s,
        )
    question = request.POST.get("message", "")
    try:
        override = await _override(request)
        events = run_turn(
            session_id=session_id,
            question=question,
            owner=asker.owner,
            override=override.provider if override else None,
            override_by=override.by if override else "",
            is_recorded=asker.is_known,
        )
        first = await anext(events)  # the turn begins, or is refused, before a status is chosen
    except OverrideRefused as error:
        return refusal(status=403, code=error.code, message=str(error))
    except TurnRefused as error:
        return refusal(status=STATUS_OF[type(error)], code=error.code, message=str(error))
    response = StreamingHttpResponse(
        sse(events, first=first, question=question, is_staff=asker.is_staff),
        content_type="text/event-stream",
        headers=STREAM_HEADERS,
    )
    if asker.is_new:
        remember_visitor(response, asker.owner)
    return response


class Asker(NamedTuple):
    """Who asks, and how many seconds they have to wait first. `owner` is None where strangers may not ask."""

    owner: Owner | None
    #: They became a visitor with this question.
    is_new: bool
    is_staff: bool
    wait_s: int
    #: Whether they have an account could be found out.
    is_known: bool = True


def _asker(request: HttpRequest) -> Asker:
    try:
        known = with_second_look(owner_of, request)
    except (OperationalError, InterfaceError) as error:
        if not is_away(error):
            raise
        return _unknown_asker(request)
    owner = known or (new_visitor() if settings.ANONYMOUS_CHAT else None)
    return Asker(
        owner=owner,
        is_new=known is None,
        is_staff=_is_staff(request),
        wait_s=turn_wait_s(request, owner) if owner else 0,
    )


async def _override(request: HttpRequest) -> Override | None:
    """What a signed header asks for; None without one. Raises OverrideRefused."""
    value = request.headers.get(HEADER)
    return None if value is None else await in_database_thread(read_override, value)


def _unknown_asker(request: HttpRequest) -> Asker:
    """Somebody with a session that cannot be read. Where strangers may ask they ask as one, and nothing is kept."""
    owner = stand_in_for(request) if settings.ANONYMOUS_CHAT else None
    wait_s = turn_wait_s(request, owner) if owner else 0
    return Asker(owner=owner, is_new=False, is_staff=False, wait_s=wait_s, is_known=False)


def _is_staff(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.is_staff


def _owner_or_404(request: HttpRequest) -> Owner:
    owner = owner_of(request)
    if owner is None:
        raise Http404
    return owner


@contextmanager
def _missing_as_404() -> Iterator[None]:
    """A stranger's conversation is as good as none."""
    try:
        yield
    except NotYourConversation as error:
        raise Http404(str(error)) from error


def _page(request: HttpRequest, *, session_id: UUID, conversation: Conversation | None) -> HttpResponse:
    shown, earlier = _turns(conversation, everything="all" in request.GET) if conversation else ([], 0)
    is_staff = _is_staff(request)
    repository = default_repository()
    costs = costs_usd(turn.pk for turn in shown) if is_staff else {}
    attempts = attempts_of(turn.pk for turn in shown) if is_staff else {}
    context = _list_context(request) | {
        "session_id": session_id,
        "conversation": conversation,
        "current": str(session_id),
        "turns": [
            turn_view(turn, is_staff=is_staff, cost_usd=costs.get(turn.pk), attempts=attempts.get(turn.pk, ()))
            for turn in shown
        ],
        "earlier": earlier,
        "data": repository.describe(),
        "examples": examples(repository.symbols()),
        "max_characters": settings.MESSAGE_MAX_CHARACTERS,
    }
    response = render(request, "chat/page.html", context)
    if (owner := owner_of(request)) is not None:
        # Whoever comes back within the year is known for another.
        remember_visitor(response, owner)
    return response


def _turns(conversation: Conversation, *, everything: bool) -> tuple[list[Turn], int]:
    """The turns to show, oldest first, and how many earlier ones are not shown."""
    n_turns = conversation.turns.count()
    if everything or n_turns <= TURNS_SHOWN:
        return list(conversation.turns.all()), 0
    return list(conversation.turns.order_by("-number")[:TURNS_SHOWN])[::-1], n_turns - TURNS_SHOWN


def _list_context(request: HttpRequest) -> dict[str, object]:
    owner = owner_of(request)
    search = request.GET.get("q", "").replace("\x00", "").strip()
    found = services.conversations_of(owner=owner, search=search)[:CONVERSATIONS_SHOWN] if owner else []
    return {"conversation_groups": by_day(found, today=timezone.localdate()), "search": search}


def by_day(found: Iterable[Conversation], *, today: date) -> list[tuple[str, list[Conversation]]]:
    """Conversations under the headings people look for: today, yesterday, the last week, then months."""

    def heading(item: Conversation) -> str:
        day = timezone.localdate(item.updated_at)
        if day == today:
            return "Today"
        if day == today - timedelta(days=1):
            return "Yesterday"
        return "Last 7 days" if day > today - timedelta(days=7) else f"{day:%B %Y}"

    return [(label, list(group)) for label, group in groupby(found, key=heading)]
