"""A moment as whoever types a command gives it: a day or a time, read as UTC where no zone is named."""

from argparse import ArgumentTypeError
from datetime import UTC, datetime


def moment(text: str) -> datetime:
    """For the `type` of an option. Raises ArgumentTypeError, also for a time that lies beyond the calendar in UTC."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise ArgumentTypeError(
            f"{text!r} is no date; write a day as 2026-11-23 or a time as 2026-11-23T09:30 (UTC)"
        ) from error
