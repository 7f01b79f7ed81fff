"""Log lines: readable text for a developer, one JSON object a line for a machine; both carry the ids of the turn."""

import json
import logging
import traceback
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from apps.core.exception_words import KEY, chain, words_of
from apps.core.request_context import current_ids

STANDARD_ATTRIBUTES = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "taskName",
    "request",  # Django's own lines carry the whole request
}

#: Below a warning these print whole requests. A variable of the SDK's own can ask for it past our levels.
TALKATIVE = ("openai", "httpx2", "httpcore2")


#: Programs that serve this site, beside `manage.py serve`.
SERVERS = frozenset(("uvicorn", "daphne", "hypercorn", "gunicorn"))


def stream_of(argv: Sequence[str]) -> str:
    """Where a process with this command line logs: a server to its output, which of a command is the result."""
    program, *arguments = [Path(word).name for word in argv[:2]]
    return "ext://sys.stdout" if program in SERVERS or arguments == ["serve"] else "ext://sys.stderr"


class NoRequestBodies(logging.Filter):
    """Keeps what people wrote out of the log, whatever level anybody asks for."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING or record.name.partition(".")[0] not in TALKATIVE


class Formatter(logging.Formatter):
    """Writes of exceptions where they were raised and what they are, after those that led to them."""

    def formatException(self, ei: Any) -> str:
        return "\n".join(line for exception in chain(ei[1]) for line in self._told(exception))

    def _told(self, exception: BaseException) -> Iterator[str]:
        yield "Traceback (most recent call last):"
        yield "".join(traceback.format_tb(exception.__traceback__)).rstrip("\n")
        words = self.words_of(exception)
        yield f"{type(exception).__qualname__}: {words}" if words else type(exception).__qualname__

    def words_of(self, exception: BaseException) -> str:
        """Of a message the first line: a database or a schema says there what is wrong, and quotes the values below."""
        return KEY.sub("[key]", str(exception).partition("\n")[0])


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
    """For a machine: one object a line with time, level, logger, message, then the details.

    These lines are kept and searched by many, so an exception says in them only what quotes nobody. A library's message
    may go on with what it failed at, in further lines.
    """

    def words_of(self, exception: BaseException) -> str:
        return words_of(exception)

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage().partition("\n")[0],
            **details(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
