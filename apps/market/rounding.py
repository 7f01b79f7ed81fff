"""Numbers as people read them: how many places each kind has, and how a sentence prints it.

A number is rounded once, where it enters a result, and whatever is derived from it is computed from the rounded
number: a reader with a calculator gets what the page says.
"""

from datetime import date


def price(value: float) -> float:
    """Two places; four below 1."""
    return round(value, 4 if abs(value) < 1 else 2)


def percent(part: float, whole: float) -> float | None:
    """`part` in percent of `whole`, two places; None of a whole that is zero."""
    return round(100 * part / whole, 2) if whole else None


def change_percent(before: float, after: float) -> float:
    """The way from one positive price to another, in percent of the first."""
    return round(100 * (after - before) / before, 2)


def ratio(value: float) -> float:
    return round(value, 2)


def price_line(values: list[float | None]) -> tuple[float | None, ...]:
    return tuple(None if value is None else price(value) for value in values)


def price_text(value: float) -> str:
    """ "1,234.50", or "0.4321" below 1."""
    return f"{value:,.{4 if abs(value) < 1 else 2}f}"


def day_text(day: date) -> str:
    """ "1 Mar 2013"."""
    return f"{day.day} {day:%b %Y}"
