"""Who asks which symbols there are gets the list, with the kind of data of each."""

import pytest

from apps.providers.analyst.grounding import ungrounded_numbers
from tests.providers.asking import SIMULATED, SYMBOLS, ask


@pytest.mark.parametrize(
    "question",
    [
        "what stocks do you know",
        "show me ALL the stocks you have",
        "what tickers can I ask about",
        "which symbols are available?",
        "list all symbols",
    ],
)
async def test_every_symbol_stands_under_its_kind(question: str) -> None:
    answer = await ask(question)
    sample, simulated = answer.text.split("**Simulated: made-up")
    assert {symbol for symbol in SYMBOLS if f"- {symbol}" in simulated} == SIMULATED
    assert {symbol for symbol in SYMBOLS if f"- {symbol}" in sample} == set(SYMBOLS) - SIMULATED
    assert not ungrounded_numbers(answer.text, answer.results.values(), question)


@pytest.mark.parametrize(
    "question", ["which stocks should I buy", "what stocks are up today", "how are all the stocks doing", "best stocks"]
)
async def test_other_questions_about_stocks_get_no_list(question: str) -> None:
    assert "These are the symbols" not in (await ask(question)).text
