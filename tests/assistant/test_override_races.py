"""Overridden turns, stops and pins that race: each turn that began has its entry, and the entries are one chain."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from django.db import connections

from apps.assistant.owner import Owner
from apps.assistant.turns import begin_turn
from apps.metrics.models import RequestLog
from apps.routing import kills, ledger
from apps.routing.models import RolloutChange, SessionPin
from apps.routing.overrides.pins import pin_session

pytestmark = pytest.mark.django_db(transaction=True)
N_THREADS = 16


def test_turns_stops_and_pins_that_race_leave_one_whole_chain(play) -> None:
    for provider in ("workflow", "responses"):
        play([], provider=provider)
    ledger.current_rollout()
    sessions = [uuid4() for _ in range(N_THREADS)]
    barrier = Barrier(N_THREADS)

    def overridden_turn(session_id: UUID) -> None:
        begin_turn(session_id=session_id, question="Hi", owner=Owner(), override="workflow", override_by="Bob")

    def run(number: int) -> None:
        try:
            barrier.wait()
            match number:
                case 0:
                    kills.kill(provider="workflow", by="Alice")
                case 1 | 2:
                    pin_session(session_id=sessions[0], provider="workflow", by="Bob", reason="A test.")
                case _:
                    overridden_turn(sessions[number])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(N_THREADS) as pool:
        list(pool.map(run, range(N_THREADS)))
    assert ledger.verify() == []
    entries = RolloutChange.objects.filter(action="overridden")
    named = {UUID(entry.what.split()[3].rstrip(";")) for entry in entries}
    began = RequestLog.objects.filter(is_overridden=True)
    assert len(entries) == len(named) == N_THREADS - 3
    assert named == set(began.values_list("session_id", flat=True))
    assert RolloutChange.objects.filter(action="pinned").count() == SessionPin.objects.count() == 1
