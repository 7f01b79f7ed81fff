"""What an exception says to strangers: words that stand in the code, and fields that are about the system."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.core.exception_words import chain, words_of

QUESTION = "".join(("May Alice sell", " three hundred shares"))


class Refused(Exception):
    code = "rate_limited"


class Talkative(Exception):
    code = QUESTION


def raise_static() -> None:
    raise ValueError("A sentence that stands here")


def raise_first_line() -> None:
    raise ValueError("The first line\nand what it quotes")


def raise_with_a_key() -> None:
    raise ValueError("Illegal header value Bearer sk-alice-secret-1")


def raise_quoting() -> None:
    raise ValueError(f"No answer for {QUESTION}")


def raise_quoting_a_type_error() -> None:
    raise TypeError(f"No answer for {QUESTION}")


def convert() -> None:
    int(QUESTION)


def look_up() -> None:
    {}[QUESTION]  # type: ignore[index]


def look_up_an_attribute() -> None:
    None.price  # type: ignore[attr-defined]  # noqa: B018


def look_up_a_quoted_attribute() -> None:
    getattr(object(), QUESTION)


def add() -> None:
    1 + "x"  # type: ignore[operator]  # noqa: B018


def open_a_file() -> None:
    Path(f"/nowhere/{QUESTION}").read_text()


def refuse() -> None:
    raise Refused(QUESTION)


def talk() -> None:
    raise Talkative(QUESTION)


def break_a_constraint() -> None:
    raise sqlite3.IntegrityError("UNIQUE constraint failed: " + "auth_user.username")


def break_a_constraint_with_a_value() -> None:
    raise sqlite3.IntegrityError("UNIQUE constraint failed: " + QUESTION)


def raised(by: Callable[[], None]) -> BaseException:
    try:
        by()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


@pytest.mark.parametrize(
    ("by", "words"),
    [
        (raise_static, "A sentence that stands here"),
        (raise_first_line, "The first line"),
        (raise_with_a_key, "Illegal header value [key]"),
        (raise_quoting, ""),
        (raise_quoting_a_type_error, ""),
        (convert, ""),
        (look_up, ""),
        (look_up_an_attribute, "'NoneType' object has no attribute 'price'"),
        (look_up_a_quoted_attribute, ""),
        (add, "unsupported operand type(s) for +: 'int' and 'str'"),
        (open_a_file, "No such file or directory"),
        (refuse, "rate_limited"),
        (talk, ""),
        (break_a_constraint, "UNIQUE constraint failed: auth_user.username"),
        (break_a_constraint_with_a_value, ""),
    ],
)
def test_an_exception_says_what_stands_in_the_code_and_quotes_nobody(by: Callable[[], None], words: str) -> None:
    assert words_of(raised(by)) == words


def test_a_chain_begins_with_what_led_to_it_and_has_each_once() -> None:
    first, second = ValueError("first"), ValueError("second")
    second.__cause__, first.__context__ = first, second
    group = ExceptionGroup("both", [second, first])
    assert list(chain(group)) == [first, second, group]
    hidden = ValueError("hidden")
    hidden.__context__, hidden.__suppress_context__ = first, True
    assert list(chain(hidden)) == [hidden]
