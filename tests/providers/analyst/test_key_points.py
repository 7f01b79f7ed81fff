"""What was asked for is the first thing said."""

import pytest

from tests.providers.asking import ask


async def test_a_question_on_volume_is_answered_with_the_volume_first() -> None:
    answer = await ask("volume spy")
    quote = next(result for result in answer.results.values() if "previous_close" in result)
    assert answer.text.startswith(f"**SPY traded {quote['volume']:,} shares**")
    assert answer.text.count(f"{quote['volume']:,}") == 1


@pytest.mark.parametrize("symbol", ["SPY", "AAPL", "IBM"])
async def test_a_question_on_a_cross_says_which_average_is_above(symbol: str) -> None:
    answer = await ask(f"golden cross on {symbol}?")
    lines = next(result for result in answer.results.values() if "sma_50" in result)
    side, cross = ("above", "golden") if lines["sma_50"] > lines["sma_200"] else ("below", "death")
    said = f"The 50-day average stands {side} the 200-day average: the order that a {cross} cross leaves."
    assert said in answer.text
