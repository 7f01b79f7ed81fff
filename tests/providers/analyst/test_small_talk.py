"""Praise, thanks and insults get one line each, and no greeting."""

import pytest

from tests.providers.asking import ask


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("fuck you", "Fair enough."),
        ("you suck", "Fair enough."),
        ("stupid bot", "Fair enough."),
        ("good bot", "Glad it helps."),
        ("thanks", "You're welcome."),
    ],
)
async def test_one_line_and_no_hello(question: str, words: str) -> None:
    answer = await ask(question)
    assert answer.text.startswith(words)
    assert "\n" not in answer.text


async def test_an_insult_inside_a_question_leaves_the_question() -> None:
    assert (await ask("is TSLA a stupid buy")).sidecar["intent"] == "plan"
