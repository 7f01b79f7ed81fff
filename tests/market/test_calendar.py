"""The calendar agrees with exchange-calendars on every day, and says in words what the market does now."""

import warnings
from datetime import UTC, date, datetime, timedelta

import exchange_calendars
import pytest

from apps.market import calendar
from apps.market.calendar import NEW_YORK

FIRST, LAST = date(2000, 1, 1), date(2027, 12, 31)


@pytest.fixture(scope="module")
def xnys() -> exchange_calendars.ExchangeCalendar:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about the pandas it meets
        return exchange_calendars.get_calendar("XNYS", start=FIRST)


def test_every_session_is_the_one_exchange_calendars_knows(xnys: exchange_calendars.ExchangeCalendar) -> None:
    last = min(LAST, xnys.last_session.date())
    assert last > date(2027, 6, 1)
    assert calendar.sessions(FIRST, last) == [session.date() for session in xnys.sessions if session.date() <= last]


def test_every_close_is_the_one_exchange_calendars_knows(xnys: exchange_calendars.ExchangeCalendar) -> None:
    ours = {session.date(): calendar.session_close(session.date()) for session in xnys.sessions}
    assert ours == {session.date(): close.to_pydatetime() for session, close in xnys.closes.items()}
    assert sum(close.hour == 13 for close in ours.values()) > 50


def eastern(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("now", "status"),
    [
        ("2026-11-22 12:00", "NYSE is closed until Monday 23 November, 09:30 ET."),
        ("2026-11-23 09:29", "NYSE is closed until Monday 23 November, 09:30 ET."),
        ("2026-11-23 09:30", "NYSE is open until 16:00 ET."),
        ("2026-11-23 15:59", "NYSE is open until 16:00 ET."),
        ("2026-11-23 16:00", "NYSE is closed until Tuesday 24 November, 09:30 ET."),
        (
            "2026-11-26 12:00",
            "NYSE is closed until Friday 27 November, 09:30 ET, and closes early that day, at 13:00 ET.",
        ),
        ("2026-11-27 12:59", "NYSE is open until 13:00 ET (early close)."),
        ("2026-11-27 13:00", "NYSE is closed until Monday 30 November, 09:30 ET."),
        ("2022-06-20 12:00", "NYSE is closed until Tuesday 21 June, 09:30 ET."),
    ],
)
def test_the_status_is_one_sentence(now: str, status: str) -> None:
    assert calendar.market_status(eastern(now)) == status
    assert calendar.market_status(eastern(now).astimezone(UTC)) == status


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-22 12:00", date(2026, 11, 20)),
        ("2026-11-23 15:59", date(2026, 11, 20)),
        ("2026-11-23 16:00", date(2026, 11, 23)),
        ("2026-11-27 13:00", date(2026, 11, 27)),
        ("2026-11-28 00:30", date(2026, 11, 27)),
        ("2001-09-16 12:00", date(2001, 9, 10)),
    ],
)
def test_a_session_is_finished_at_its_close(now: str, day: date) -> None:
    assert calendar.last_finished_session(eastern(now)) == day


def test_a_moment_late_in_the_day_in_utc_belongs_to_the_day_in_new_york() -> None:
    assert calendar.last_finished_session(datetime(2026, 11, 24, 2, 0, tzinfo=UTC)) == date(2026, 11, 23)


def test_neighbours_skip_weekends_and_holidays() -> None:
    assert calendar.next_session(date(2012, 10, 26)) == date(2012, 10, 31)
    assert calendar.previous_session(date(2012, 10, 31)) == date(2012, 10, 26)


def test_sessions_between_counts_the_later_day_and_not_the_earlier() -> None:
    friday, monday = date(2026, 11, 20), date(2026, 11, 23)
    assert calendar.sessions_between(friday, friday) == 0
    assert calendar.sessions_between(friday, monday) == 1
    assert calendar.sessions_between(friday, monday - timedelta(days=1)) == 0
    assert calendar.sessions_between(monday, friday) == 0


@pytest.mark.parametrize(
    "ask", [calendar.market_status, calendar.last_finished_session, calendar.is_open, calendar.next_open]
)
def test_a_naive_moment_is_refused(ask) -> None:
    with pytest.raises(ValueError, match="naive"):
        ask(datetime(2026, 11, 23, 12, 0))  # noqa: DTZ001


def test_a_day_without_a_session_has_no_close() -> None:
    with pytest.raises(ValueError, match="does not trade"):
        calendar.session_close(date(2026, 12, 25))
