"""Each row has an intent from its start, whatever becomes of the turn, and the version that read it."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from apps.metrics import services
from apps.metrics.classifiers import CLASSIFIER_VERSION
from apps.metrics.models import RequestLog, Status
from tests.metrics.factories import make_record, make_started

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def succeed(request_id: UUID) -> None:
    services.finish_request(make_record(request_id))


def fail(request_id: UUID) -> None:
    services.finish_request(make_record(request_id, status=Status.FAILED, response_text="", error="unavailable"))


def interrupt(request_id: UUID) -> None:
    services.finish_request(make_record(request_id, status=Status.INTERRUPTED, response_text=""))


def sweep(request_id: UUID) -> None:
    services.sweep(now=timezone.now() + HOUR, older_than_s=60)


def abandon(request_id: UUID) -> None:
    services.abandon_request(request_id=request_id)


def leave_open(request_id: UUID) -> None:
    pass


@pytest.mark.parametrize("end", [succeed, fail, interrupt, sweep, abandon, leave_open])
def test_a_turn_has_its_intent_however_it_ends(end) -> None:
    request_id = make_started(query="draw a chart of IBM")
    end(request_id)
    row = RequestLog.objects.get(pk=request_id)
    # The builder's provider reads every question as a plan; the row's intent does not depend on it.
    assert (row.intent, row.classifier_version) == ("chart", CLASSIFIER_VERSION)


def test_claims_are_those_of_what_was_answered_and_unknown_without_it() -> None:
    answered, unanswered = make_started(), make_started()
    services.finish_request(make_record(answered, response_text="Put the stop at 198.20."))
    fail(unanswered)
    claims = ("has_risk_disclaimer", "mentions_stop_loss", "has_entry_exit")
    assert RequestLog.objects.values_list(*claims).get(pk=answered) == (False, True, False)
    assert RequestLog.objects.values_list(*claims).get(pk=unanswered) == (None, None, None)
