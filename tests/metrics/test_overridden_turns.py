"""A turn that staff named a provider for is marked in the log from its first moment, whatever becomes of it."""

import io
from importlib import import_module
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import Client

from apps.metrics.models import RequestLog, Status
from apps.metrics.services import finish_request, start_request, sweep
from apps.routing import kills
from apps.routing.models import RolloutChange
from tests.metrics.factories import make_finished, make_record, make_started
from tests.scripted import words

pytestmark = pytest.mark.django_db


def make_overridden(*, route_reason: str = "override") -> RequestLog:
    request_id = uuid4()
    start_request(
        request_id=request_id,
        session_id=uuid4(),
        assigned_provider="responses",
        provider="workflow",
        route_reason=route_reason,
        is_overridden=True,
        query="Price of AAPL?",
        intent="research",
    )
    return RequestLog.objects.get(pk=request_id)


def test_the_mark_stands_from_the_start_and_outlives_the_end_and_a_sweep() -> None:
    finished, swept = make_overridden(), make_overridden()
    assert (finished.status, finished.is_overridden) == (Status.STARTED, True)
    assert finish_request(make_record(finished.pk))
    assert sweep(older_than_s=-1) == 1
    for row in (finished, swept):
        row.refresh_from_db()
        assert row.is_overridden
        assert row.status != Status.STARTED


def test_a_turn_is_not_marked_by_itself() -> None:
    assert not RequestLog.objects.get(pk=make_finished()).is_overridden


@pytest.mark.parametrize(("is_stopped", "reason"), [(False, "override"), (True, "kill_switch")])
def test_a_question_from_the_shell_to_a_named_provider_is_marked_and_is_no_entry(play, is_stopped, reason) -> None:
    play(words("By the workflow."), provider="workflow")
    play(words("By responses."), provider="responses")
    if is_stopped:
        kills.kill(provider="workflow", by="Alice")
    call_command("ask", "Price of AAPL?", "--provider", "workflow", stdout=io.StringIO(), stderr=io.StringIO())
    row = RequestLog.objects.get()
    assert (row.route_reason, row.is_overridden) == (reason, True)
    assert not RolloutChange.objects.filter(action="overridden").exists()


def test_the_migration_marks_the_turns_that_an_override_is_known_to_have_sent() -> None:
    known, other = make_overridden(), make_started()
    RequestLog.objects.update(is_overridden=False)
    import_module("apps.metrics.migrations.0003_is_overridden").mark(apps, None)
    assert RequestLog.objects.get(pk=known.pk).is_overridden
    assert not RequestLog.objects.get(pk=other).is_overridden


def test_the_list_says_and_filters_which_turns_staff_chose_for() -> None:
    user = User.objects.create_user("Bob", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_requestlog"))
    bob = Client()
    bob.force_login(user)
    row, other = make_overridden(route_reason="kill_switch"), make_finished()
    page = bob.get("/admin/metrics/requestlog/?is_overridden__exact=1").content.decode()
    assert "responses → workflow (staff override, stopped)" in page
    assert str(other) not in page
    assert "staff override" in bob.get(f"/admin/metrics/requestlog/{row.pk}/change/").content.decode().lower()
