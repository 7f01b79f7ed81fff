"""What a dead process left open is closed: by the sweep, and by the next question in its conversation."""

import uuid
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.assistant.engine import run_turn
from apps.assistant.models import Turn
from apps.assistant.owner import Owner
from apps.assistant.turns import begin_turn
from apps.metrics.models import RequestLog
from apps.routing.circuits import record_outcome
from apps.routing.models import Outcome
from tests.factories import make_conversation
from tests.scripted import words

pytestmark = pytest.mark.django_db
ALICE = Owner(visitor_id=uuid.UUID(int=1))


def leave_open(*, started_ago_s: float) -> uuid.UUID:
    """A turn that began and whose process died then; answers its session."""
    session = uuid.uuid4()
    begin_turn(session_id=session, question="What now?", owner=ALICE)
    started = timezone.now() - timedelta(seconds=started_ago_s)
    Turn.objects.update(started_at=started)
    RequestLog.objects.update(created_at=started)
    return session


def test_the_sweep_closes_turn_and_row_once(capsys) -> None:
    leave_open(started_ago_s=3600)
    call_command("sweep")
    assert capsys.readouterr().out == "1 stale turn closed as interrupted.\n"
    assert Turn.objects.get().status == "interrupted"
    assert RequestLog.objects.get().status == "interrupted"
    call_command("sweep")
    assert capsys.readouterr().out == "0 stale turns closed as interrupted.\n"


def test_a_turn_that_may_still_run_is_left_alone() -> None:
    leave_open(started_ago_s=30)
    call_command("sweep")
    assert Turn.objects.get().status == "running"
    with pytest.raises(CommandError, match="would close turns that still run"):
        call_command("sweep", "--older-than", "5")


def test_a_lost_turn_does_not_block_its_conversation(play) -> None:
    session = leave_open(started_ago_s=3600)
    play(words("Still here"))

    async def ask_again() -> str:
        return [event async for event in run_turn(session_id=session, question="Still there?", owner=ALICE)][-1].type

    assert async_to_sync(ask_again)() == "done"
    assert list(Turn.objects.order_by("number").values_list("status", flat=True)) == ["interrupted", "succeeded"]
    rows = RequestLog.objects.order_by("created_at").values_list("status", "success", "error")
    assert list(rows) == [("interrupted", False, "abandoned"), ("succeeded", True, "")]


def test_the_sweep_forgets_outcomes_that_no_circuit_counts() -> None:
    now = timezone.now()
    for age_s in (5, 3600):
        record_outcome(provider="workflow", ok=True, now=now - timedelta(seconds=age_s))
    call_command("sweep")
    assert [outcome.at for outcome in Outcome.objects.all()] == [now - timedelta(seconds=5)]


def test_an_untouched_conversation_has_nothing_to_sweep(capsys) -> None:
    make_conversation(visitor_id=uuid.uuid4())
    call_command("sweep")
    assert capsys.readouterr().out.startswith("0 ")
