"""Numbers as people read them: how many places each kind has, and how a sentence prints it.

A number is rounded once, where it enters a result, and whatever is derived from it is computed from the rounded
number: a reader with a calculator gets what the page says.
"""

from datetime import date

#: Added to a rounded number, it leaves no "-0.0".
ZERO = 0.0


def price(value: float) -> float:
    """Two places; four below 1."""
    return round(value, 4 if -1 < value < 1 else 2) + ZERO


def percent(part: float, whole: float) -> float | None:
    """`part` in percent of `whole`, two places; None of a whole that is zero."""
    return ratio(100 * part / whole) if whole else None


def change_percent(before: float, after: float) -> float:
    """The way from one positive price to another, in percent of the first."""
    return ratio(100 * (after - before) / before)


def ratio(value: float) -> float:
    """Two places."""
    return round(value, 2) + ZERO


def price_line(values: list[float | None]) -> tuple[float | None, ...]:
    return tuple(None if value is None else price(value) for value in values)


def price_text(value: float) -> str:
    """ "1,234.50"; below 1 four places where two would lose some, "0.4321" but "0.50"; a minus is a real minus sign."""
    places = 4 if abs(value) < 1 and round(value, 2) != value else 2
    return f"{'−' if value < 0 else ''}{abs(value):,.{places}f}"


def day_text(day: date) -> str:
    """ "1 Mar 2013"."""
    return f"{day.day} {day:%b %Y}"
