"""A named entry that is asked for by name comes first."""

import pytest

from tests.providers.asking import ask


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (
            "QE level goog",
            "**GOOG**, with a close of 806.19 on 1 Mar 2013 (sample data):\n\n- **The QE (Quick Entry) is",
        ),
        ("load the boat for MSFT", "**MSFT**, with a close of 27.95 on 1 Mar 2013 (sample data):\n\n- **The LTB"),
    ],
)
async def test_the_named_entry_asked_for_stands_first(question: str, words: str) -> None:
    answer = await ask(question)
    assert answer.text.startswith(words)
    assert "**Other named entries**" in answer.text


async def test_one_that_there_is_none_of_says_why_first() -> None:
    answer = await ask("ltb for nvda")
    assert answer.text.split("\n\n")[1].startswith("- **LTB** (Load the Boat): none.")


async def test_all_three_asked_for_are_not_told_twice() -> None:
    answer = await ask("LTB, ST and QE of MSFT")
    assert answer.text.count("Swing Trade") == 1
    assert "named entries" not in answer.text
