"""Log lines: readable text for a developer, one JSON object a line for a machine; both carry the ids of the turn."""

import json
import logging
from datetime import UTC, datetime

from apps.core.request_context import current_ids

STANDARD_ATTRIBUTES = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "ids", "taskName"}


class IdsFilter(logging.Filter):
    """Puts the session and request id of the running turn on each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.ids = " ".join(f"{name}={value}" for name, value in current_ids().items())
        return True


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message, the ids, and whatever `extra` gave."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **current_ids(),
        }
        line.update({k: v for k, v in record.__dict__.items() if k not in STANDARD_ATTRIBUTES})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
