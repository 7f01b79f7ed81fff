"""The rows that are still open say how many answers each provider is giving now, in all processes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.metrics.models import RequestLog
from apps.metrics.selectors import running_turns
from apps.metrics.services import finish_request, note_switch
from tests.metrics.factories import make_finished, make_record, make_started

pytestmark = pytest.mark.django_db


def test_a_running_turn_is_counted_where_it_is_served_now_until_it_ends_or_is_lost() -> None:
    now = timezone.now()
    switched, lost = make_started(), make_started(created_at=now - timedelta(seconds=91))
    make_started()
    make_finished()
    assert running_turns(newer_than_s=90, now=now) == {"analyst": 2}
    note_switch(request_id=switched, provider="responses")
    assert running_turns(newer_than_s=90, now=now) == {"analyst": 1, "responses": 1}
    assert running_turns(newer_than_s=92, now=now) == {"analyst": 2, "responses": 1}
    finish_request(make_record(switched))
    note_switch(request_id=switched, provider="workflow")
    assert RequestLog.objects.get(pk=switched).provider == "analyst"
    assert running_turns(newer_than_s=90, now=now) == {"analyst": 1}
    assert RequestLog.objects.get(pk=lost).status == "started"
