"""Windows of bars by the names that charts use."""

import calendar
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date

from apps.market.values import Bar

#: Months back from the last bar's day; None begins elsewhere.
TIMEFRAMES: dict[str, int | None] = {
    "1M": 1,
    "3M": 3,
    "6M": 6,
    "YTD": None,
    "1Y": 12,
    "2Y": 24,
    "5Y": 60,
    "MAX": None,
}
DEFAULT_TIMEFRAME = "1Y"
#: As a sentence names them.
IN_WORDS = {
    "1M": "one month",
    "3M": "three months",
    "6M": "six months",
    "YTD": "the year so far",
    "1Y": "one year",
    "2Y": "two years",
    "5Y": "five years",
    "MAX": "all the history there is",
}


def start_of(timeframe: str, last_day: date) -> date:
    """The day a window that ends on `last_day` begins: the same day of an earlier month, or the last day of the
    year before (YTD). MAX begins at the beginning of time. Raises KeyError for another name.
    """
    months = TIMEFRAMES[timeframe]
    if months is None:
        return date.min if timeframe == "MAX" else date(last_day.year - 1, 12, 31)
    year, month = divmod(last_day.year * 12 + last_day.month - 1 - months, 12)
    return date(year, month + 1, min(last_day.day, calendar.monthrange(year, month + 1)[1]))


def first_index(bars: Sequence[Bar], start: date) -> int:
    """Where a window from `start` begins: the last bar on or before it, whose close its change is counted from, or
    the first bar there is.
    """
    return max(0, bisect_right(bars, start, key=lambda bar: bar.day) - 1)
