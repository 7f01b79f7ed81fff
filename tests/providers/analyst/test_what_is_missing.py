"""What is not kept, or not understood, is said before what there is instead."""

import pytest

from tests.providers.asking import Answer, ask


def first_paragraph(answer: Answer) -> str:
    return answer.text.split("\n\n")[0]


@pytest.mark.parametrize(
    ("question", "bars"),
    [
        ("tesla weekly chart", "weekly"),
        ("5 minute chart of SPY", "5-minute"),
        ("intraday chart for AAPL", "intraday"),
        ("4h chart of NVDA", "4-hour"),
    ],
)
async def test_bars_that_are_not_kept_are_said_to_be_missing(question: str, bars: str) -> None:
    assert f"I keep daily bars only, so this is no {bars} chart." in (await ask(question)).text
    assert "daily bars only" not in (await ask("TSLA chart over 6 months")).text


async def test_a_bar_length_alone_is_about_the_chart_spoken_of() -> None:
    assert "no weekly chart" in (await ask("weekly", "show me the NVDA chart")).text


async def test_an_average_that_is_not_kept_is_said_first() -> None:
    assert first_paragraph(await ask("100 day moving average of IBM")).startswith("I keep three simple averages")


@pytest.mark.parametrize("question", ["what was the price of ibm on 5 feb 2013", "ibm price in 2010"])
async def test_a_price_of_another_day_is_not_taken_for_the_last_one(question: str) -> None:
    assert first_paragraph(await ask(question)).startswith("I look up the last close only")
    assert (await ask("price of IBM")).text.startswith("**IBM closed at")


async def test_what_is_not_understood_of_a_symbol_offers_what_there_is_of_it() -> None:
    answer = await ask("tp and sl for btc")
    assert "about BTC-USD" in answer.text
    assert all("BTC-USD" in suggestion for suggestion in answer.sidecar["suggestions"])


@pytest.mark.parametrize(
    ("question", "symbol"), [("is IT a good company", "IT"), ("is A a buy", "A"), ("what about ALL", "ALL")]
)
async def test_a_word_that_may_be_a_symbol_is_asked_back_with_the_symbol(question: str, symbol: str) -> None:
    answer = await ask(question)
    assert answer.text.startswith(f"Do you mean the symbol {symbol}, ")
    assert answer.sidecar["suggestions"] == [f"What's the price of {symbol}?"]
    assert (await ask(answer.sidecar["suggestions"][0])).sidecar["symbols"] == [symbol]
    assert "Do you mean" not in (await ask("Is NOW a good time?")).text
