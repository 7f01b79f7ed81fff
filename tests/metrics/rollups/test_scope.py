"""Periods and the steps in which they are told."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.utils import timezone as django_timezone

from apps.metrics.models import Grain
from apps.metrics.rollups.due import hours_kept_from
from apps.metrics.rollups.scope import Scope, grain_of, start_of

NOW = datetime(2026, 11, 18, 10, 20, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "end", "grain"),
    [
        (NOW - 1 * DAY, NOW, Grain.HOUR),
        (NOW - 3 * DAY, NOW, Grain.HOUR),
        (NOW - 3 * DAY - timedelta(seconds=1), NOW, Grain.DAY),
        (NOW - 13 * DAY, NOW - 12 * DAY, Grain.HOUR),
        # Of the day before it no hours might be kept.
        (NOW - 14 * DAY, NOW - 13 * DAY, Grain.DAY),
        (NOW - 100 * DAY, NOW, Grain.DAY),
        (NOW - 101 * DAY, NOW, Grain.WEEK),
    ],
)
def test_a_period_is_told_in_steps_that_fit_its_length(start: datetime, end: datetime, grain: Grain) -> None:
    assert grain_of(start=start, end=end, now=NOW) is grain


def test_steps_begin_in_utc_wherever_the_moment_is_told() -> None:
    tokyo = timezone(timedelta(hours=9))
    moment = datetime(2026, 11, 16, 8, 59, tzinfo=tokyo)
    assert start_of(moment, Grain.HOUR) == datetime(2026, 11, 15, 23, tzinfo=UTC)
    assert start_of(moment, Grain.DAY) == datetime(2026, 11, 15, tzinfo=UTC)
    assert start_of(moment, Grain.WEEK) == datetime(2026, 11, 9, tzinfo=UTC)


def test_steps_hold_the_whole_period_and_the_period_before_ends_where_it_begins() -> None:
    now = django_timezone.now()
    scope = Scope(start=now - timedelta(hours=24), end=now)
    assert scope.grain is Grain.HOUR
    assert scope.steps[0] == scope.first <= scope.start
    assert scope.steps[-1] < scope.end <= scope.steps[-1] + timedelta(hours=1)
    assert len(scope.steps) in {24, 25}
    before = scope.before
    assert (before.end, len(before.steps)) == (scope.first, len(scope.steps))
    assert before.grain is Grain.HOUR


@pytest.mark.parametrize("days", range(1, 14))
def test_hours_are_kept_for_the_period_before_what_is_told_by_them(days: int) -> None:
    now = django_timezone.now()
    scope = Scope(start=now - days * DAY - timedelta(hours=5), end=now - days * DAY + timedelta(hours=40))
    assert scope.before.grain is scope.grain
    if scope.grain is Grain.HOUR:
        assert scope.before.start >= hours_kept_from(now=now)
    assert (scope.grain is Grain.HOUR) == (days <= 11)
