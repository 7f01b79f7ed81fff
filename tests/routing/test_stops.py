"""A stop says until when the running answers of its provider may go on."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.routing import kills, stops
from apps.routing.stops import StopOrder, read_stops, stops_in_force

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DRAINED = NOON + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("cut_at", "ends_at"),
    [
        (None, DRAINED),
        (NOON, NOON),
        (NOON + timedelta(seconds=10), NOON + timedelta(seconds=10)),
        (NOON + timedelta(minutes=5), DRAINED),
    ],
    ids=["drained", "cut with the stop", "cut during the drain", "cut after it"],
)
def test_running_answers_end_after_half_a_minute_or_at_the_cut(cut_at: datetime | None, ends_at: datetime) -> None:
    assert StopOrder(provider="workflow", at=NOON, cut_at=cut_at).ends_at == ends_at


def test_a_drain_is_due_at_its_end_and_not_before() -> None:
    order = StopOrder(provider="workflow", at=NOON)
    assert not order.is_due(now=DRAINED - timedelta(milliseconds=1))
    assert order.is_due(now=DRAINED)


def test_a_cut_is_due_whatever_the_clock_of_its_giver_says() -> None:
    ahead = NOON + timedelta(seconds=20)
    assert StopOrder(provider="workflow", at=ahead, cut_at=ahead).is_due(now=NOON)


def test_a_stop_that_says_nothing_of_a_cut_is_a_drain() -> None:
    kills = {"workflow": {"reason": "", "by": "settings", "at": NOON.isoformat()}}
    assert read_stops(kills) == (StopOrder(provider="workflow", at=NOON, cut_at=None),)


@pytest.mark.django_db
def test_the_stops_in_force_are_those_of_the_kill_switch_read_in_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stops_in_force() == ()
    kills.kill(provider="workflow", by="Bob", reason="drill")
    kills.kill(provider="responses", by="Bob", cut=True, instead="analyst")
    with CaptureQueriesContext(connection) as captured:
        drained, cut = sorted(stops_in_force(), key=lambda order: order.provider, reverse=True)
    assert len(captured) == 1
    assert "bucket_map" not in captured[0]["sql"]
    assert (drained.provider, drained.cut_at) == ("workflow", None)
    assert (cut.provider, cut.cut_at) == ("responses", cut.at)
    kills.unkill(provider="responses", by="Bob", reason="It is well again.")
    assert [order.provider for order in stops_in_force()] == ["workflow"]
    monkeypatch.setattr(stops, "DRAIN_DEADLINE_S", 0.0)
    assert drained.ends_at == drained.at
