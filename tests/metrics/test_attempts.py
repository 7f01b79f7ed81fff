"""Each provider's try at a turn is a row, which others read in one query and operations sees with the turn."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.metrics.models import Attempt
from apps.metrics.selectors import attempts_of
from apps.metrics.services import finish_request
from tests.metrics.factories import make_attempt, make_record, make_started

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def rescued() -> UUID:
    """A turn that workflow failed and responses served."""
    request_id = make_started()
    failed = make_attempt(number=1, provider="workflow", error="cut", started_at=NOON)
    served = make_attempt(number=2, provider="responses", started_at=NOON + timedelta(seconds=2))
    finish_request(make_record(request_id, attempt_records=(failed, served)))
    return request_id


def test_an_attempt_is_kept_as_it_was() -> None:
    first, second = attempts_of([rescued()]).popitem()[1]
    assert (first.number, first.provider, first.outcome, first.error) == (1, "workflow", "failed", "cut")
    assert (first.ttft_ms, first.tokens_input, first.cost_usd, first.had_visible_text) == (None, None, None, False)
    assert (second.model, second.ttft_ms, second.latency_ms, second.cost_usd) == (
        "model-1",
        400.0,
        1234.5,
        Decimal("0.0042"),
    )
    assert (second.tokens_input, second.tokens_output, second.tokens_cached, second.tokens_reasoning) == (
        1200,
        80,
        0,
        20,
    )
    assert first.ended_at == NOON + timedelta(seconds=1.2345)


def test_attempts_of_many_turns_are_read_in_one_query() -> None:
    wanted, unknown = [rescued(), rescued()], uuid4()
    rescued()
    with CaptureQueriesContext(connection) as queries:
        found = attempts_of([*wanted, unknown])
    assert len(queries) == 1
    assert {key: [attempt.provider for attempt in rows] for key, rows in found.items()} == {
        wanted[0]: ["workflow", "responses"],
        wanted[1]: ["workflow", "responses"],
        unknown: [],
    }


def test_a_turn_has_one_attempt_of_a_number() -> None:
    request_id = make_started()
    twice = tuple(make_attempt(number=1, provider="workflow", started_at=NOON) for _ in range(2))
    with pytest.raises(IntegrityError), transaction.atomic():
        finish_request(make_record(request_id, attempt_records=twice))
    assert not Attempt.objects.exists()


def test_operations_sees_the_attempts_of_a_turn(admin_client: Client) -> None:
    page = admin_client.get(f"/admin/metrics/requestlog/{rescued()}/change/").content.decode()
    cells = [cell for cell in ("workflow", "cut", "12:00:02.000", "1,234.5", "in 1,200, out 80") if cell in page]
    assert cells == ["workflow", "cut", "12:00:02.000", "1,234.5", "in 1,200, out 80"]
    assert "attempt_rows-0-provider" not in page
