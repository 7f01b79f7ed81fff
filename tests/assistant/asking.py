"""Asks one question in a test and reads what it left behind."""

import asyncio
import uuid
from contextlib import aclosing
from typing import Any

from asgiref.sync import sync_to_async

from apps.assistant.engine import run_turn
from apps.assistant.models import Turn
from apps.assistant.owner import Owner
from apps.metrics.models import RequestLog
from apps.providers.events import Event, Meta, Text
from apps.routing.models import Outcome

ALICE = Owner(visitor_id=uuid.UUID(int=1))


async def ask(
    *,
    override: str | None = "workflow",
    question: str = "Price of AAPL?",
    is_voice: bool = False,
    session_id: uuid.UUID | None = None,
) -> list[Event]:
    """All events of one turn, which must leave no task behind."""
    session_id = session_id or uuid.uuid4()
    events = run_turn(session_id=session_id, question=question, owner=ALICE, override=override, is_voice=is_voice)
    async with aclosing(events):
        found = [event async for event in events]
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return found


def switches(events: list[Event]) -> list[tuple[int, str, str, str, bool]]:
    """Each switch as attempt, provider, failed provider, its class, and whether it had been seen."""
    names = ("attempt", "provider", "failed_provider", "failed_code", "interrupted")
    return [
        tuple(event.data[name] for name in names)
        for event in events
        if isinstance(event, Meta) and "failed_provider" in event.data
    ]


def text_after_last_switch(events: list[Event]) -> str:
    text = ""
    for event in events:
        match event:
            case Text():
                text += event.content
            case Meta() if event.data.get("interrupted"):
                text = ""
    return text


@sync_to_async
def the_row() -> RequestLog:
    return RequestLog.objects.select_related("text").get()


@sync_to_async
def the_turn() -> Turn:
    return Turn.objects.get()


@sync_to_async
def the_attempts(*columns: str) -> list[tuple[Any, ...]]:
    columns = columns or ("number", "provider", "outcome", "error", "had_visible_text")
    return list(RequestLog.objects.get().attempt_rows.order_by("number").values_list(*columns))


@sync_to_async
def the_tool_calls(*columns: str) -> list[tuple[Any, ...]]:
    return list(RequestLog.objects.get().tool_calls.order_by("attempt", "id").values_list(*columns))


@sync_to_async
def the_circuits_heard() -> list[tuple[str, bool, str]]:
    """What each circuit was told, in order."""
    return list(Outcome.objects.order_by("pk").values_list("provider", "ok", "code"))
