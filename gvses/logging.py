"""Log lines: readable text for a developer, one JSON object a line for a machine; both carry the ids of the turn."""

import json
import logging
from datetime import UTC, datetime

from apps.core.request_context import current_ids

STANDARD_ATTRIBUTES = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "taskName",
    "request",  # Django's own lines carry the whole request
}


def details(record: logging.LogRecord) -> dict[str, object]:
    """The ids of the running turn and whatever `extra` gave."""
    extra = {name: value for name, value in record.__dict__.items() if name not in STANDARD_ATTRIBUTES}
    return {**current_ids(), **extra}


class TextFormatter(logging.Formatter):
    """For a developer's eyes: time, level, logger, message, then the details."""

    def format(self, record: logging.LogRecord) -> str:
        shown = " ".join(f"{name}={value}" for name, value in details(record).items())
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        line = f"{time} {record.levelname:<7} {record.name}: {record.getMessage()} {shown}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """For a machine: one object a line with time, level, logger, message, then the details."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **details(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
