"""No try begins on a provider that was stopped while its turn was on the way to it."""

import asyncio
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from apps.assistant import attempts, succession, turns
from apps.assistant.engine import run_turn
from apps.core.threads import in_database_thread
from apps.providers.errors import ProviderUnavailable
from apps.providers.events import Done, Error, Event, Meta
from apps.routing import services
from tests.assistant.asking import ALICE, ask, switches, the_attempts, the_circuits_heard, the_row, the_turn
from tests.assistant.stopping import Looks, stop
from tests.scripted import words

pytestmark = pytest.mark.django_db

WHOLE = words("AAPL closed at 430.47.")


@pytest.fixture(autouse=True)
def _ample_deadlines(settings: Any) -> None:
    settings.FIRST_TEXT_DEADLINE_S = settings.CHUNK_GAP_DEADLINE_S = 60.0
    settings.TURN_DEADLINE_S = 600.0


async def ask_and(
    act: Callable[[], object], *, when: Callable[[Meta], object], override: str | None = "workflow"
) -> list[Event]:
    """All events of a turn whose reader does that at the `meta` event that `when` is true of, and lets it grow old."""
    found = []
    async for event in run_turn(session_id=uuid.uuid4(), question="Hi", owner=ALICE, override=override):
        found.append(event)
        if isinstance(event, Meta) and when(event):
            await in_database_thread(act)
            await asyncio.sleep(attempts.FRESH_S + 0.001)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return found


def at_the_opening(meta: Meta) -> bool:
    return "request_id" in meta.data


def at_a_switch(meta: Meta) -> bool:
    return "failed_provider" in meta.data


async def test_a_stop_between_the_route_and_the_try_leads_to_the_next_without_an_attempt(
    play: Any, looks: Looks
) -> None:
    stopped = play(WHOLE, provider="workflow")
    play(WHOLE, provider="responses")
    events = await ask_and(stop("workflow"), when=at_the_opening)
    assert events[0].data["provider"] == "workflow"
    assert switches(events) == [(1, "responses", "workflow", "stopped", False)]
    assert not stopped.requests
    assert await the_attempts() == [(1, "responses", "succeeded", "", True)]
    row, turn = await the_row(), await the_turn()
    assert (row.route_reason, row.provider, row.attempts, row.status) == ("kill_switch", "responses", 1, "succeeded")
    assert (row.assigned_provider, row.is_fallback, turn.provider) == ("workflow", True, "responses")
    assert await the_circuits_heard() == [("responses", True, "")]


async def test_a_route_that_is_fresh_is_not_looked_at_again(
    play: Any, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "FRESH_S", 60.0)
    monkeypatch.setattr("apps.assistant.stop_watch.POLL_S", 60.0)
    play([ProviderUnavailable(code="cut")], provider="workflow")
    play(WHOLE, provider="responses")
    await ask()
    assert looks.n == 0


async def test_an_old_route_is_looked_at_once_and_followed_where_nobody_stopped_it(
    play: Any, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.assistant.stop_watch.POLL_S", 60.0)
    monkeypatch.setattr(attempts, "FRESH_S", 0.5)
    play(WHOLE, provider="workflow")
    events = await ask_and(stop("responses"), when=at_the_opening)
    assert events[-1].provider == "workflow"
    assert looks.n == 1


async def test_a_stop_between_a_failure_and_the_next_try_is_obeyed(play: Any, looks: Looks) -> None:
    play([ProviderUnavailable(code="cut")], provider="workflow")
    stopped = play(WHOLE, provider="responses")
    play(WHOLE)
    events = await ask_and(stop("responses"), when=lambda meta: meta.data.get("provider") == "responses")
    assert switches(events) == [
        (2, "responses", "workflow", "cut", False),
        (2, "analyst", "responses", "stopped", False),
    ]
    assert not stopped.requests
    assert await the_attempts("provider", "error") == [("workflow", "cut"), ("analyst", "")]
    assert ((await the_row()).route_reason, (await the_row()).provider) == ("override", "analyst")


async def test_a_stop_before_a_provider_is_asked_once_more_is_obeyed(play: Any, looks: Looks) -> None:
    busy = ProviderUnavailable(code="rate_limited", retry_after_s=0.0)
    script = play([busy], provider="workflow")
    play(WHOLE, provider="responses")
    events = await ask_and(stop("workflow"), when=lambda meta: at_a_switch(meta) and meta.data["attempt"] == 2)
    assert switches(events)[:2] == [
        (2, "workflow", "workflow", "rate_limited", False),
        (2, "responses", "workflow", "stopped", False),
    ]
    assert len(script.requests) == 1
    # It was asked, so the rule that led to it stands.
    assert (await the_row()).route_reason == "override"


async def test_break_glass_begins_on_a_stopped_provider(play: Any, looks: Looks, settings: Any) -> None:
    settings.GVSES_FORCE_PROVIDER = "workflow"
    play(WHOLE, provider="workflow")
    events = await ask_and(stop("workflow"), when=at_the_opening, override=None)
    assert events[-1].provider == "workflow"
    assert looks.n == 0


async def test_with_everybody_stopped_nobody_is_asked(play: Any, looks: Looks) -> None:
    def stop_all() -> None:
        for provider in ("workflow", "responses", "analyst"):
            stop(provider)()

    scripts = [play(WHOLE, provider=name) for name in ("workflow", "responses", "analyst")]
    events = await ask_and(stop_all, when=at_the_opening)
    assert isinstance(events[-1], Error)
    assert events[-1].code == "stopped"
    assert not any(script.requests for script in scripts)
    row = await the_row()
    assert (row.status, row.attempts, row.route_reason, row.error) == ("failed", 0, "kill_switch", "stopped")


async def test_where_stops_cannot_be_read_the_route_is_followed(
    play: Any, looks: Looks, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        looks.failing = OperationalError("the connection is closed")

    play(WHOLE, provider="workflow")
    events = await ask_and(fail, when=at_the_opening)
    assert events[-1].provider == "workflow"
    assert "Stops could not be read" in caplog.messages


async def test_a_machine_too_busy_to_look_in_time_answers_all_the_same(
    play: Any, looks: Looks, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(attempts, "FRESH_S", 0.0)
    monkeypatch.setattr("apps.assistant.stop_watch.POLL_S", 60.0)
    play(WHOLE, provider="workflow")
    assert isinstance((await ask())[-1], Done)
    assert looks.n == attempts.MAX_LOOKS
    assert "Too busy to look for stops in time" in caplog.messages


def then(act: Callable[[], object], after: Callable[..., Any]) -> Callable[..., Any]:
    """The function; what it found is old, and overtaken by the act, when it returns."""

    def called(*args: Any, **kwargs: Any) -> Any:
        found = after(*args, **kwargs)
        act()
        time.sleep(attempts.FRESH_S + 0.001)
        return found

    return called


async def test_a_stop_committed_after_the_turn_has_read_the_rollout_is_obeyed(
    play: Any, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns.routing, "resolve", then(stop("workflow"), services.resolve))
    stopped = play(WHOLE, provider="workflow")
    play(WHOLE, provider="responses")
    assert switches(await ask()) == [(1, "responses", "workflow", "stopped", False)]
    assert not stopped.requests


async def test_a_stop_committed_after_the_next_one_was_chosen_is_obeyed(
    play: Any, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_responses_once() -> None:
        monkeypatch.setattr(succession, "next_provider", services.next_provider)
        stop("responses")()

    monkeypatch.setattr(succession, "next_provider", then(stop_responses_once, services.next_provider))
    play([ProviderUnavailable(code="cut")], provider="workflow")
    stopped = play(WHOLE, provider="responses")
    play(WHOLE)
    assert [provider for _, provider, _, _, _ in switches(await ask())] == ["responses", "analyst"]
    assert not stopped.requests
