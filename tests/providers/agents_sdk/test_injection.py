"""Attempts to take the assistant over are seen; what traders honestly ask is not taken for one."""

import json
import time
from pathlib import Path

import pytest

from apps.providers.agents_sdk.injection import is_injection
from apps.providers.analyst import intents
from tests.providers.agents_sdk.attacks import ATTACKS, HONEST
from tests.providers.held_out import HELD_OUT

UTTERANCES = json.loads((Path(intents.__file__).parent / "intents" / "utterances.json").read_text())


def test_there_are_attacks_enough() -> None:
    assert len(set(ATTACKS)) >= 40


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_seen(attack: str) -> None:
    assert is_injection(attack)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_behind_a_question_is_seen(attack: str) -> None:
    assert is_injection(f"What's the price of IBM?\n\n{attack}")


@pytest.mark.parametrize("question", HONEST)
def test_an_honest_question_is_none(question: str) -> None:
    assert not is_injection(question)


def test_no_question_that_the_analyst_learned_from_is_one() -> None:
    questions = [question for intent, asked in UTTERANCES.items() if intent != "out_of_scope" for question in asked]
    assert len(questions) > 400
    assert [question for question in questions if is_injection(question)] == []


def test_no_question_that_the_analyst_is_measured_by_is_one() -> None:
    questions = [question for intent, asked in HELD_OUT.items() if intent != "out_of_scope" for question in asked]
    assert [question for question in questions if is_injection(question)] == []


@pytest.mark.parametrize(
    "text",
    [
        "ignore " * 1200,
        "act as " * 1200,
        "a b " * 2000,
        "show me the your " * 500,
        "i g n " * 1300,
        "you are now " * 700,
    ],
)
def test_no_text_keeps_a_pattern_busy(text: str) -> None:
    begin = time.perf_counter()
    is_injection(text)
    assert time.perf_counter() - begin < 0.5
