"""No text makes a classifier slow: what is read of it is bounded, and so is what each pattern may try."""

import re
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.metrics.classifiers import claims, classify, disclaimers, intent_of, intent_words, prices, stops
from apps.metrics.classifiers.claims import BEGINNING, ENDING

# The parser of regular expressions of the standard library; under its old name it warns.
PARSER: Any = re._parser  # type: ignore[attr-defined]
MODULES = (claims, disclaimers, intent_words, prices, stops)
#: What stands for "any number of times" in a parsed pattern.
UNBOUNDED = PARSER.MAXREPEAT
PLAN = "Entry 202.91, stop 198.20. Not financial advice. "


def patterns(module: ModuleType) -> list[tuple[str, re.Pattern[str]]]:
    return [(name, value) for name, value in vars(module).items() if isinstance(value, re.Pattern)]


def repeats(parsed: Any, *, inside: int = 0) -> list[tuple[int, Any, Any]]:
    """Each repeat of a pattern: how many unbounded ones it stands in, its most times, what it repeats."""
    found = []
    for kind, argument in parsed:
        name = str(kind)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            _, most, body = argument
            found.append((inside, most, body))
            found += repeats(body, inside=inside + (most is UNBOUNDED))
        elif name == "BRANCH":
            found += [one for branch in argument[1] for one in repeats(branch, inside=inside)]
        elif name == "SUBPATTERN":
            found += repeats(argument[3], inside=inside)
        elif name in ("ASSERT", "ASSERT_NOT"):
            found += repeats(argument[1], inside=inside)
        elif name == "ATOMIC_GROUP":
            found += repeats(argument, inside=inside)
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_no_pattern_repeats_without_bound_inside_a_repeat_without_bound(module: ModuleType) -> None:
    for name, pattern in patterns(module):
        for inside, most, _ in repeats(PARSER.parse(pattern.pattern, pattern.flags & ~re.UNICODE)):
            assert not inside, f"{module.__name__}.{name}"
            assert most is UNBOUNDED or most <= 80, f"{module.__name__}.{name}"


def test_the_look_into_patterns_sees_a_dangerous_one() -> None:
    assert any(inside for inside, _, _ in repeats(PARSER.parse(r"x(?:(?:a|b)+c?)*y")))
    assert any(inside for inside, _, _ in repeats(PARSER.parse(r"(?=(?:a+)+)")))


def test_of_a_longer_answer_the_beginning_and_the_end_are_read() -> None:
    filler = "word " * 10_000
    assert classify(PLAN + filler) == classify(filler + PLAN) == classify(PLAN)
    hidden = "x" * BEGINNING + f" {PLAN} " + "x" * ENDING
    assert not any((classify(hidden).has_risk_disclaimer, classify(hidden).mentions_stop_loss))


def test_however_long_an_answer_is_no_more_of_it_is_looked_at(monkeypatch) -> None:
    looked_at = []
    monkeypatch.setattr(claims, "speaks_of_stop", lambda plain: bool(looked_at.append(len(plain))))
    for n in (BEGINNING + ENDING, 50_000, 1_000_000):
        classify("1," * (n // 2))
    assert looked_at == [BEGINNING + ENDING, BEGINNING + ENDING + 1, BEGINNING + ENDING + 1]


_WORDS = """
    entry stop stops buy sell target not no advice risk lose may 202.91 $198 12 % 2 ATR | : - , . two hundred long to
    the a guaranteed past returns IBM chart show why what is compare `*_ ½ İ ſ
"""
WORDS = st.sampled_from([*_WORDS.split(), "\n", "\x00", "\ud83d"])


@settings(deadline=None, derandomize=True)
@given(st.lists(WORDS, max_size=60).map(" ".join) | st.text(max_size=300))
def test_any_text_is_read_and_read_the_same_again(text: str) -> None:
    assert classify(text) == classify(text)
    assert intent_of(text) == intent_of(text)
