"""The periods that a dashboard offers, and how moments are written on its axes."""

from datetime import datetime, timedelta

from apps.metrics.models import Grain
from apps.metrics.rollups.scope import LENGTH, start_of

#: Name in the URL → the words of its link, and its length. A period is whole steps, the last of which still runs.
PERIODS: dict[str, tuple[str, timedelta, Grain]] = {
    "24h": ("24 hours", timedelta(hours=24), Grain.HOUR),
    "48h": ("48 hours", timedelta(hours=48), Grain.HOUR),
    "7d": ("7 days", timedelta(days=7), Grain.DAY),
    "30d": ("30 days", timedelta(days=30), Grain.DAY),
    "90d": ("90 days", timedelta(days=90), Grain.DAY),
}
DEFAULT_PERIOD = "7d"
#: Rows are kept for about so long; what lies before it would be a picture of nothing.
LONGEST = timedelta(days=400)


def start_of_period(name: str, *, now: datetime) -> datetime:
    _, length, grain = PERIODS[name]
    return start_of(now, grain) - length + LENGTH[grain]


def step_label(at: datetime, grain: Grain) -> str:
    """A step as an axis names it, in UTC."""
    return f"{at.day} {at:%b %H:%M}" if grain is Grain.HOUR else f"{at.day} {at:%b}"


def range_label(start: datetime, end: datetime) -> str:
    """From when to when, in UTC."""
    if start.date() == end.date():
        return f"{start.day} {start:%b %Y, %H:%M} to {end:%H:%M} UTC"
    return f"{start.day} {start:%b %Y, %H:%M} to {end.day} {end:%b %Y, %H:%M} UTC"
