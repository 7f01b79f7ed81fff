"""An open circuit closes at a turn's success, whichever way that turn came to its provider; others look at none."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core.threads import in_database_thread
from apps.providers.errors import ProviderUnavailable
from apps.routing.choose import Reason
from apps.routing.circuits import record_outcome
from apps.routing.models import Circuit, SessionAssignment
from tests.assistant.asking import ask
from tests.scripted import words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]

WHOLE = words("AAPL closed at 430.47.")


@pytest.fixture
def all_backends(settings: Any) -> None:
    settings.OPENAI_API_KEY = "sk-test"


@sync_to_async
def open_circuit(provider: str) -> None:
    """Open for a minute, so that a probe is due."""
    then = timezone.now() - timedelta(seconds=60)
    record_outcome(provider=provider, ok=False, code="unauthorized", opens=True, now=then, began_at=then)


@sync_to_async
def is_open(provider: str) -> bool:
    return Circuit.objects.open().filter(pk=provider).exists()


@sync_to_async
def session_of(provider: str) -> uuid.UUID:
    row = SessionAssignment(
        session_id=uuid.uuid4(), provider=provider, bucket=1, share_at_assign=1, reason=Reason.BUCKET_MAP
    )
    row.save()
    return row.session_id


async def test_the_probe_that_succeeds_closes_the_circuit(play: Any) -> None:
    play(WHOLE, provider="workflow")
    await open_circuit("workflow")
    events = await ask(override=None, session_id=await session_of("workflow"))
    assert events[-1].provider == "workflow"
    assert not await is_open("workflow")


async def test_a_fallback_that_succeeds_closes_the_circuit_that_it_probes(play: Any) -> None:
    play([ProviderUnavailable(code="cut")], provider="workflow")
    play(WHOLE, provider="responses")
    await open_circuit("responses")
    events = await ask(override=None, session_id=await session_of("workflow"))
    assert events[-1].provider == "responses"
    assert not await is_open("responses")


async def test_a_fallback_closes_a_circuit_that_opened_after_the_turn_was_routed(play: Any) -> None:
    def opens() -> None:
        then = timezone.now() - timedelta(seconds=60)
        record_outcome(provider="responses", ok=False, code="quota", opens=True, now=then, began_at=then)

    play([opens, ProviderUnavailable(code="cut")], provider="workflow")
    play(WHOLE, provider="responses")
    events = await ask(override=None, session_id=await session_of("workflow"))
    assert events[-1].provider == "responses"
    assert not await is_open("responses")


async def test_while_all_are_closed_no_turn_looks_at_one_when_it_ends(play: Any) -> None:
    play([lambda: captured.__enter__(), *WHOLE], provider="workflow")
    captured = CaptureQueriesContext(connection)
    await ask(override=None, session_id=await session_of("workflow"))
    await in_database_thread(captured.__exit__, None, None, None)
    queries = await in_database_thread(lambda: [query["sql"] for query in captured.captured_queries])
    assert any("routing_outcome" in query for query in queries)
    assert not any("routing_circuit" in query for query in queries)
