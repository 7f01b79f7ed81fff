"""Settings of the log that contradict one another are said at start."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error


def check_retention_settings(**_: Any) -> list[CheckMessage]:
    text_days, row_days = settings.TEXT_RETENTION_DAYS, settings.ROW_RETENTION_DAYS
    if text_days < 0 or row_days < 0:
        message = "TEXT_RETENTION_DAYS and ROW_RETENTION_DAYS are 1 or more, or 0 to keep for ever."
        return [Error(message, id="metrics.E001")]
    if row_days and text_days > row_days:
        message = f"TEXT_RETENTION_DAYS is {text_days}, but turns go after {row_days} days (ROW_RETENTION_DAYS)."
        return [Error(message, id="metrics.E002")]
    return []
