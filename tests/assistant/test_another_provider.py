"""A new provider is one file and one line in the registry: all the rest of the product takes it as it takes the others.

The file is `another_provider.py`; the line is in the fixture.
"""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from apps.providers import registry
from apps.providers.events import Done, Error, ToolResult
from tests.assistant.asking import ask, switches, the_attempts, the_circuits_heard, the_row
from tests.scripted import words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _another_line(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(registry.PROVIDERS, "another", "tests.assistant.another_provider.Another")
    registry.get_provider.cache_clear()
    yield
    registry.get_provider.cache_clear()


def rollout(*words: str) -> str:
    out = StringIO()
    call_command("rollout", *words, stdout=out)
    return out.getvalue()


async def give_it_all_sessions() -> None:
    await sync_to_async(rollout)("set", "another=100", "responses=0")


async def test_it_serves_the_sessions_that_the_rollout_gives_it() -> None:
    await give_it_all_sessions()
    events = await ask(override=None)
    done = events[-1]
    assert isinstance(done, Done)
    assert (done.provider, done.model) == ("another", "another-1")
    (called,) = [event for event in events if isinstance(event, ToolResult)]
    # Its figure is linked to the tool value that it repeats, as every provider's is.
    assert [fact["path"] for fact in done.sidecar["facts"]] == ["close"]
    row = await the_row()
    assert (row.assigned_provider, row.provider, row.route_reason) == ("another", "another", "bucket_map")
    assert row.text.response_text == f"IBM closed at {called.result['close']}."


async def test_where_it_fails_another_answers_and_its_circuit_hears_of_it(play: Any) -> None:
    play(words("Whole."), provider="responses")
    events = await ask(override="another", question="Please break.")
    assert not any(isinstance(event, Error) for event in events)
    assert switches(events) == [(2, "responses", "another", "server_error", False)]
    assert await the_attempts("provider", "error") == [("another", "server_error"), ("responses", "")]
    assert ("another", False, "server_error") in await the_circuits_heard()


def test_operations_gives_it_a_share_and_stops_it(admin_client: Client) -> None:
    page = admin_client.get(reverse("admin:routing_rollout_changelist"), follow=True).content.decode()
    assert 'name="share_another"' in page
    rollout("set", "another=10", "responses=90")
    rollout("kill", "another", "--reason", "a drill")
    shown = json.loads(rollout("show", "--json"))["providers"]["another"]
    assert (shown["share_percent"], shown["why_not"]) == (10.0, "is stopped by the kill switch")
