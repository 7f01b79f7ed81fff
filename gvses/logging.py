"""Log lines: readable text for a developer, one JSON object a line for a machine; both carry the ids of the turn."""

import json
import logging
import re
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from apps.core.request_context import current_ids

STANDARD_ATTRIBUTES = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "taskName",
    "request",  # Django's own lines carry the whole request
}

#: Also in a message that quotes a header.
KEY = re.compile(r"(?i)bearer\s+[^\s'\"]+|\b[se]k[-_][\w-]{6,}")

#: Below a warning these print whole requests. A variable of the SDK's own can ask for it past our levels.
TALKATIVE = ("openai", "httpx2", "httpcore2")


class NoRequestBodies(logging.Filter):
    """Keeps what people wrote out of the log, whatever level anybody asks for."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING or record.name.partition(".")[0] not in TALKATIVE


class Formatter(logging.Formatter):
    """Writes of exceptions where they were raised and what they are, and nothing that they quote."""

    def formatException(self, ei: Any) -> str:
        return "\n".join(_told(ei[1], seen=set()))


def _told(exception: BaseException | None, *, seen: set[int]) -> Iterator[str]:
    """The exception, after those that led to it. Of a message the first line: a database or a schema says there what
    is wrong, and quotes the values below."""
    if exception is None or id(exception) in seen:
        return
    seen.add(id(exception))
    before = exception.__cause__ or (None if exception.__suppress_context__ else exception.__context__)
    yield from _told(before, seen=seen)
    yield "Traceback (most recent call last):"
    yield "".join(traceback.format_tb(exception.__traceback__)).rstrip("\n")
    message = KEY.sub("[key]", str(exception).partition("\n")[0])
    yield f"{type(exception).__qualname__}: {message}" if message else type(exception).__qualname__


def details(record: logging.LogRecord) -> dict[str, object]:
    """The ids of the running turn and whatever `extra` gave."""
    extra = {name: value for name, value in record.__dict__.items() if name not in STANDARD_ATTRIBUTES}
    return {**current_ids(), **extra}


class TextFormatter(Formatter):
    """For a developer's eyes: time, level, logger, message, then the details."""

    def format(self, record: logging.LogRecord) -> str:
        shown = " ".join(f"{name}={value}" for name, value in details(record).items())
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        line = f"{time} {record.levelname:<7} {record.name}: {record.getMessage()} {shown}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(Formatter):
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
