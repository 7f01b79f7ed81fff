"""When the New York Stock Exchange trades: a rule set small enough to read, so that no calendar package is needed.

Right from 2000 on. Closures that no rule foretells (storms, mourning) are a list, to be extended as they happen.
Days are exchange days; moments are aware datetimes, and a naive one raises ValueError.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
OPEN = time(9, 30)
CLOSE = time(16)
EARLY_CLOSE = time(13)

SPECIAL_CLOSURES = frozenset(
    date.fromisoformat(day)
    for day in (
        "2001-09-11", "2001-09-12", "2001-09-13", "2001-09-14", "2004-06-11", "2007-01-02",
        "2012-10-29", "2012-10-30", "2018-12-05", "2025-01-09",
    )
)  # fmt: skip
SPECIAL_EARLY_CLOSES = frozenset({date(2003, 12, 26)})

MONDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = 0, 2, 3, 4, 5, 6


def is_session(day: date) -> bool:
    """Whether NYSE trades on that day."""
    return day.weekday() < SATURDAY and day not in _holidays(day.year) and day not in SPECIAL_CLOSURES


def sessions(start: date, end: date) -> list[date]:
    """The sessions from `start` to `end`, both included."""
    return [day for day in _days(start, end) if is_session(day)]


def sessions_between(earlier: date, later: date) -> int:
    """How many sessions lie after `earlier`, up to and including `later`; 0 when `later` is not later."""
    return len(sessions(earlier + timedelta(days=1), later))


def previous_session(day: date) -> date:
    """The last session before `day`."""
    day -= timedelta(days=1)
    while not is_session(day):
        day -= timedelta(days=1)
    return day


def next_session(day: date) -> date:
    """The first session after `day`."""
    day += timedelta(days=1)
    while not is_session(day):
        day += timedelta(days=1)
    return day


def session_open(day: date) -> datetime:
    """When the session of `day` begins. Raises ValueError when there is none."""
    return _at(day, OPEN)


def session_close(day: date) -> datetime:
    """When the session of `day` ends, early closes included. Raises ValueError when there is none."""
    return _at(day, EARLY_CLOSE if closes_early(day) else CLOSE)


def closes_early(day: date) -> bool:
    """Whether the session of `day` ends at 13:00."""
    return is_session(day) and (day in SPECIAL_EARLY_CLOSES or _is_eve(day))


def last_finished_session(now: datetime) -> date:
    """The last session whose close is not after `now`."""
    day = new_york(now).date()
    return day if is_session(day) and session_close(day) <= now else previous_session(day)


def is_open(now: datetime) -> bool:
    """Whether NYSE trades at this moment."""
    day = new_york(now).date()
    return is_session(day) and session_open(day) <= now < session_close(day)


def next_open(now: datetime) -> datetime:
    """The first opening after `now`."""
    day = new_york(now).date()
    return session_open(day) if is_session(day) and now < session_open(day) else session_open(next_session(day))


def market_status(now: datetime) -> str:
    """One sentence: "NYSE is open until 16:00 ET." or "NYSE is closed until Monday 23 November, 09:30 ET."."""
    if is_open(now):
        day = new_york(now).date()
        early = " (early close)" if closes_early(day) else ""
        return f"NYSE is open until {session_close(day):%H:%M} ET{early}."
    opens = next_open(now)
    early = f", and closes early that day, at {EARLY_CLOSE:%H:%M} ET" if closes_early(opens.date()) else ""
    return f"NYSE is closed until {opens:%A} {opens.day} {opens:%B}, {opens:%H:%M} ET{early}."


def new_york(moment: datetime) -> datetime:
    """The same moment on New York's clock. Raises ValueError for a naive datetime."""
    if moment.utcoffset() is None:
        raise ValueError("A moment needs a time zone; this datetime is naive.")
    return moment.astimezone(NEW_YORK)


def _at(day: date, clock: time) -> datetime:
    if not is_session(day):
        raise ValueError(f"NYSE does not trade on {day}.")
    return datetime.combine(day, clock, NEW_YORK)


def _days(start: date, end: date) -> Iterator[date]:
    return (start + timedelta(days=n) for n in range((end - start).days + 1))


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    days = {
        _nth(year, 1, MONDAY, 3),  # Martin Luther King
        _nth(year, 2, MONDAY, 3),  # Washington
        _easter(year) - timedelta(days=2),  # Good Friday
        _nth(year, 6, MONDAY, 1) - timedelta(days=7),  # Memorial Day, the last Monday of May
        _observed(date(year, 7, 4)),
        _nth(year, 9, MONDAY, 1),  # Labor Day
        _nth(year, 11, THURSDAY, 4),  # Thanksgiving
        _observed(date(year, 12, 25)),
    }
    new_year = date(year, 1, 1)
    if new_year.weekday() != SATURDAY:  # the exchange does not close on 31 December instead
        days.add(_observed(new_year))
    if year >= 2022:
        days.add(_observed(date(year, 6, 19)))
    return frozenset(days)


def _is_eve(day: date) -> bool:
    """The half days of the rules: after Thanksgiving, before Christmas, and beside Independence Day."""
    if day.month == 12:
        return day.day == 24 and day.weekday() <= THURSDAY
    if day.month == 11:
        return day == _nth(day.year, 11, THURSDAY, 4) + timedelta(days=1)
    if day.month != 7:
        return False
    if day.year < 2013:  # until then a Wednesday the 3rd was whole, and the Friday after the 4th was half
        return (day.day == 3 and day.weekday() <= THURSDAY and day.weekday() != WEDNESDAY) or (
            day.day == 5 and day.weekday() == FRIDAY
        )
    return day.day == 3 and day.weekday() <= THURSDAY


def _observed(day: date) -> date:
    return day + timedelta(days={SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0))


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm)."""
    century, rest = divmod(year, 100)
    moon = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    shift = (year % 19 + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * shift + 114, 31)
    return date(year, month, day + 1)
