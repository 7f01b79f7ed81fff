"""What an exception or a log message may say where strangers could read it: what stands in the code, and no values.

An exception often quotes what it failed at: a question, a header, a row. Which part is a quotation nobody can tell from
the text. So a message counts as the code's own where it stands there word for word, and something is told of those
others that carry what they are about as fields: numbers of the system, names of tables and of attributes.
"""

import linecache
import os
import re
import sys
from collections.abc import Iterator
from opcode import opmap
from types import TracebackType

#: Also in a message that quotes a header.
KEY = re.compile(r"(?i)bearer\s+[^\s'\"]+|\b[se]k[-_][\w-]{6,}")

#: A class of error, a provider, a table: what is shaped like this is no sentence.
TOKEN = re.compile(r"[A-Za-z0-9_.,:/+-]{1,80}")
SQLITE = re.compile(
    r"(?:UNIQUE|NOT NULL|CHECK|FOREIGN KEY) constraint failed(?:: [\w.]+(?:, [\w.]+)*)?"
    r"|no such (?:table|column): [\w.]+|database is locked"
)
#: Raised by the interpreter itself these speak of types and names, never of values.
NAME, QUOTE = re.compile(r"'[\w.<>]{1,40}'"), re.compile(r"['\"\n]")
OF_TYPES = (TypeError, AttributeError, NameError, IndexError, ZeroDivisionError, RecursionError)


def chain(exception: BaseException | None) -> Iterator[BaseException]:
    """The exception after those that led to it, each once, with the members of groups."""
    yield from _chain(exception, seen=set())


def _chain(exception: BaseException | None, *, seen: set[int]) -> Iterator[BaseException]:
    if exception is None or id(exception) in seen:
        return
    seen.add(id(exception))
    before = exception.__cause__ or (None if exception.__suppress_context__ else exception.__context__)
    yield from _chain(before, seen=seen)
    if isinstance(exception, BaseExceptionGroup):
        for member in exception.exceptions:
            yield from _chain(member, seen=seen)
    yield exception


def words_of(exception: BaseException) -> str:
    """What may be told of this exception besides its class and where it was raised; often nothing."""
    first_line = str(exception).partition("\n")[0].strip()
    files = {*_files(exception.__traceback__), _file_of(type(exception))}
    if any(stands_in(file, first_line) for file in files) or _is_of_types(exception):
        return KEY.sub("[key]", first_line)
    return _fields(exception)


def stands_in(file: str, message: str) -> bool:
    """Whether a text in the source file begins with the message, word for word."""
    return bool(message) and any(f'"{message}' in line or f"'{message}" in line for line in linecache.getlines(file))


def _fields(exception: BaseException) -> str:
    found = [
        getattr(exception, "code", None),
        getattr(exception, "sqlstate", None),
        *(getattr(getattr(exception, "diag", None), name, None) for name in ("table_name", "constraint_name")),
    ]
    words = [word for word in found if isinstance(word, str) and TOKEN.fullmatch(word)]
    if isinstance(exception, OSError) and exception.errno:
        words.append(os.strerror(exception.errno))
    elif SQLITE.fullmatch(str(exception)):
        words.append(str(exception))
    return KEY.sub("[key]", " ".join(words))


def _is_of_types(exception: BaseException) -> bool:
    """Whether the interpreter raised it by itself, no statement of anybody's, and quotes nothing but names."""
    last = exception.__traceback__
    if not isinstance(exception, OF_TYPES) or last is None or QUOTE.search(NAME.sub("", str(exception))):
        return False
    while last.tb_next is not None:
        last = last.tb_next
    raised_by = last.tb_frame.f_code.co_code[last.tb_lasti]
    return raised_by not in (opmap["RAISE_VARARGS"], opmap["RERAISE"])


def _files(traceback: TracebackType | None) -> Iterator[str]:
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_filename
        traceback = traceback.tb_next


def _file_of(kind: type) -> str:
    return getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
