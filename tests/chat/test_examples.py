"""The questions of a first visit can all be answered from the data there is."""

import pytest

from apps.chat.examples import examples


@pytest.mark.parametrize("symbols", [None, ["AAPL", "GOOG", "IBM", "META", "MSFT", "TSLA"]])
def test_where_the_favourites_have_prices_they_are_asked_about(symbols: list[str] | None) -> None:
    assert examples(symbols) == [
        "What's the price of AAPL?",
        "Show me the MSFT chart",
        "Where would you enter IBM and where is the stop?",
        "Compare AAPL and GOOG",
    ]


def test_otherwise_the_questions_are_about_what_there_is() -> None:
    assert examples(["MYCO", "OURS"]) == [
        "What's the price of MYCO?",
        "Show me the OURS chart",
        "Where would you enter OURS and where is the stop?",
        "Compare MYCO and OURS",
    ]


def test_one_symbol_is_compared_with_nothing() -> None:
    assert [question for question in examples(["MYCO"]) if "Compare" in question] == []


def test_without_any_prices_there_are_the_notes() -> None:
    assert examples([]) == ["What's your philosophy?", "How do you size a position?"]
