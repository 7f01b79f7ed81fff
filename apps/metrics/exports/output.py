"""Where an export goes: a file that is there whole or not at all, or standard output."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class OutputFailed(Exception):
    """`str(error)` says what could not be written, and that nothing was left behind."""


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file for its owner alone, written beside `path` and put in its place at the end. Raises OutputFailed.

    Whatever goes wrong, also Ctrl-C, what stood there before stands there still.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise OutputFailed(f"{path} is no ordinary file. Leave --output out to write to standard output.")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _explained(f"{path} cannot be written"):
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb", buffering=1024 * 1024) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


@contextmanager
def standard_output() -> Iterator[IO[bytes]]:
    """Raises OutputFailed where it cannot be written to, and BrokenPipeError where nobody reads any more.

    Afterwards nothing is left in a buffer that the interpreter would try to write at its end.
    """
    output = sys.stdout.buffer
    try:
        with _explained("Standard output cannot be written"):
            yield output
            output.flush()
    except BaseException:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno in NO_SPACE:
            raise OutputFailed(f"{what}: there is no space left. Nothing was left behind.") from error
        raise OutputFailed(f"{what}: {error.strerror or error}. Nothing was left behind.") from error
