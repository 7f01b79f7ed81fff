"""Threads with their own connections: racing first turns make one assignment, racing first looks one rollout."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TypeVar
from uuid import uuid4

import pytest
from django.db import connections, transaction
from django.utils import timezone

from apps.routing import changes, kills, services
from apps.routing.circuits import claim_probe, record_outcome
from apps.routing.ledger import current_rollout
from apps.routing.models import Circuit, CircuitChange, Outcome, Rollout, RolloutChange, SessionAssignment

T = TypeVar("T")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("all_backends")]


def race(n_threads: int, call: Callable[[int], T]) -> list[T]:
    """What each of n threads got from a call that all begin at the same moment."""
    barrier = Barrier(n_threads)

    def run(number: int) -> T:
        try:
            barrier.wait()
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(run, range(n_threads)))


def test_fifty_racing_first_turns_make_one_assignment_that_all_see() -> None:
    changes.set_shares(shares={"responses": 5_000, "workflow": 5_000}, by="Bob")
    session_id = uuid4()
    routes = race(50, lambda _: services.resolve(session_id=session_id))
    stored = SessionAssignment.objects.get()
    assert {(route.assigned_provider, route.bucket) for route in routes} == {(stored.provider, stored.bucket)}


def test_first_turns_that_race_with_changes_of_shares_still_agree() -> None:
    current_rollout()
    session_id = uuid4()

    def turn_or_change(number: int) -> str | None:
        if number % 4 == 0:
            workflow = 10_000 if number % 8 else 0
            changes.set_shares(shares={"responses": 10_000 - workflow, "workflow": workflow}, by="Bob")
            return None
        return services.resolve(session_id=session_id).assigned_provider

    seen = {provider for provider in race(24, turn_or_change) if provider}
    assert seen == {SessionAssignment.objects.get().provider}


def test_twenty_racing_first_looks_write_one_rollout() -> None:
    salts = race(20, lambda _: current_rollout().salt)
    assert set(salts) == {Rollout.objects.get().salt}
    assert [change.action for change in RolloutChange.objects.all()] == ["seeded"]


def test_racing_changes_are_all_kept_each_as_a_version_of_its_own() -> None:
    current_rollout()
    names = ["workflow", "agents_sdk", "analyst"]
    race(3, lambda number: kills.kill(provider=names[number], by="Bob"))
    assert Rollout.objects.get().killed == set(names)
    assert list(RolloutChange.objects.order_by("version").values_list("version", flat=True)) == [1, 2, 3, 4]


def test_failures_that_race_open_the_circuit_once_at_the_fifth() -> None:
    now = timezone.now()

    def fail(_: int) -> None:
        with transaction.atomic():
            record_outcome(provider="workflow", ok=False, code="cut", now=now, began_at=now)

    race(4, fail)
    assert not Circuit.objects.open().exists()
    # The fifth and the sixth at once: whichever comes second finds it open.
    race(2, fail)
    assert (Circuit.objects.open().count(), Outcome.objects.count()) == (1, 6)
    assert [(change.n_failed, change.n_outcomes) for change in CircuitChange.objects.all()] == [(5, 5)]


def test_the_last_of_five_racing_failures_sees_all_the_others() -> None:
    now = timezone.now()
    race(5, lambda _: record_outcome(provider="workflow", ok=False, code="cut", now=now, began_at=now))
    assert Circuit.objects.open().count() == 1


def test_of_twenty_racing_turns_one_is_the_probe() -> None:
    then = timezone.now() - timedelta(seconds=60)
    record_outcome(provider="responses", ok=False, code="quota", opens=True, now=then, began_at=then)
    current_rollout()
    routes = race(20, lambda _: services.resolve(session_id=uuid4()))
    assert sorted(route.provider for route in routes) == ["analyst"] * 19 + ["responses"]
    assert [route.provider for route in routes if route.is_probe] == ["responses"]


def test_probes_that_succeed_at_once_close_the_circuit_once() -> None:
    then = timezone.now() - timedelta(seconds=60)
    record_outcome(provider="responses", ok=False, code="quota", opens=True, now=then, began_at=then)
    assert claim_probe("responses", now=timezone.now())
    now = timezone.now()
    race(8, lambda _: record_outcome(provider="responses", ok=True, now=now, began_at=now))
    assert not Circuit.objects.open().exists()
    assert [change.action for change in CircuitChange.objects.all()] == ["closed", "opened"]
