"""How risky, how far from its high, and what if it falls are answered from measured values."""

import pytest

from apps.providers.analyst.grounding import ungrounded_numbers
from tests.providers.asking import ask


@pytest.mark.parametrize(
    ("question", "history", "words"),
    [
        ("how risky is pltr", (), "**PLTR: ATR(14) "),
        ("how far from its high", ("price of AAPL",), "below that high"),
        ("how far is AAPL from its high", (), "below that high"),
        ("what if it drops", ("price of AAPL",), "**Bear case:** if it closes below the support"),
    ],
)
async def test_the_reading_answers(question: str, history: tuple[str, ...], words: str) -> None:
    answer = await ask(question, *history)
    assert answer.sidecar["intent"] == "indicators"
    assert words in answer.text
    assert not ungrounded_numbers(answer.text, answer.results.values(), question)


async def test_the_distance_is_measured_from_the_high_of_the_year() -> None:
    read = (await ask("indicators of AAPL")).results["call_1"]
    assert read["vs_high_52w_pct"] == round(100 * (read["close"] - read["high_52w"]) / read["high_52w"], 2)
