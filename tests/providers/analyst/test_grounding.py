"""True numbers pass the check, false ones do not."""

import random
import re

import pytest

from apps.providers.analyst.grounding import DATE, PARAMETERS, Number, numbers_in, ungrounded_numbers
from tests.providers.asking import SYMBOLS, ask

RESULT = {
    "symbol": "AAPL",
    "close": 430.47,
    "change_pct": -2.48,
    "rsi_14": 32.8,
    "volume": 19730300,
    "shares": 29,
    "entry": 429.98,
    "stop": 412.24,
    "targets": [{"price": 484.66, "reward_risk": 3.08}],
    "source": {"as_of": "2013-03-01", "label": "sample data to 1 Mar 2013"},
    "reasons": ["61.8 % retracement at 201.47 of the swing from 211.79 (5 Oct 2012)"],
    "market_status": "NYSE is closed until Monday 23 November, 09:30 ET.",
    "bars": [["2013-02-28", 444.05, 447.87, 441.4, 441.4, 11518000]],
}
MUTATIONS = 500
FOUND_FLOOR = 0.99


@pytest.mark.parametrize(
    "answer",
    [
        "AAPL closed at 430.47 on 1 Mar 2013.",
        "About $430, or 430.5.",
        "It fell 2.48 %.",
        "Down −2.48 % (-2.5%).",
        "RSI(14) is 32.8, under the 200-day average; 52-week range.",
        "Volume 19,730,300, so 19.7M or 19.7 million.",
        "On 2013-03-01 and March 1, 2013.",
        "The 61.8 % retracement at 201.47 of 5 Oct 2012.",
        "1. First\n2. Second",
        "NYSE is closed until Monday 23 November, 09:30 ET.",
        "Buy 29 shares with an account of $25k.",
        "**Entry** 429.98, stop 412.24, target 484.66; the stop is 3.08 ATR away.",
        "Target 1: 484.66, T1.",
        "MACD(12, 26, 9) of the S&P 500.",
    ],
)
def test_numbers_of_the_results_or_the_question_are_grounded(answer: str) -> None:
    assert ungrounded_numbers(answer, [RESULT], "I have a $25k account") == []


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ("AAPL closed at 431.47.", ["431.47"]),
        ("About 431.", ["431"]),
        ("It rose +2.48 %.", ["+2.48 %"]),
        ("It fell 430.47 %.", ["430.47 %"]),
        ("RSI is 33.9.", ["33.9"]),
        ("On 2 Mar 2013.", ["2 Mar 2013"]),
        ("Yesterday it closed at 441.40.", ["441.40"]),
        ("The 199-day average.", ["199"]),
        ("Volume 19.9M.", ["19.9M"]),
        ("An account of $30k.", ["$30k"]),
        ("Up 10x.", ["10"]),
        ("It fell by some 2 %.", ["2 %"]),
        ("It opens at 10:30.", ["10:30"]),
        ("The stop is 429.98.", ["429.98"]),
        ("**Entry** 412.24 and stop-loss at 484.66", ["412.24", "484.66"]),
        ("Target: 430.47", ["430.47"]),
        ("It closed at 412.24.", ["412.24"]),
    ],
)
def test_other_numbers_are_found(answer: str, wrong: list[str]) -> None:
    assert ungrounded_numbers(answer, [RESULT], "I have a $25k account") == wrong


QUESTIONS = (
    "What's the price of {}?",
    "Show me the {} chart over 6 months",
    "What do the indicators say about {}?",
    "What's the RSI and MACD of {}?",
    "Support and resistance for {}",
    "Where would you enter {} with a $25k account and 2% risk?",
    "Short {} at 120 with a stop at 130",
    "Any news on {}?",
    "Will {} go up?",
    "buy 100 shares of {} now",
)


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_every_number_of_every_answer_on_a_symbol_is_grounded(symbol: str) -> None:
    for question in (template.format(symbol) for template in QUESTIONS):
        answer = await ask(question)
        assert answer.calls, question
        assert ungrounded_numbers(answer.text, answer.results.values(), question) == [], question


@pytest.mark.parametrize(
    ("question", "history"),
    [
        ("Compare AAPL and GOOG", ()),
        ("Compare SPY, QQQ and BTC-USD over 6 months", ()),
        ("Compare TSLA and META", ()),
        ("How is the market?", ()),
        ("Is the market open?", ()),
        ("What's your philosophy?", ()),
        ("How does position sizing work?", ()),
        ("what is a covered call?", ()),
        ("why?", ("trade plan for IBM",)),
        ("why?", ("levels of TSLA",)),
        ("why?", ("indicators of META",)),
        ("why?", ("chart NVDA",)),
        ("hello", ()),
        ("where is the stop?", ()),
        ("write a poem", ()),
        ("price of ZZZZ", ()),
        ("should I go all in on TSLA", ()),
    ],
)
async def test_every_number_of_the_other_answers_is_grounded(question: str, history: tuple[str, ...]) -> None:
    answer = await ask(question, *history)
    assert ungrounded_numbers(answer.text, answer.results.values(), question) == []


async def test_false_numbers_put_into_true_answers_are_found() -> None:
    """Each mutation moves one printed number by 0.5 to 5 percent, keeping its places, so that the text changes."""
    random_source = random.Random(20130301)
    answers = [await ask(template.format(symbol)) for symbol in SYMBOLS for template in QUESTIONS]
    found = 0
    missed: list[str] = []
    tried = 0
    while tried < MUTATIONS:
        answer = random_source.choice(answers)
        names = [match.span() for pattern in (DATE, PARAMETERS) for match in pattern.finditer(answer.text)]
        candidates = [
            number
            for number in numbers_in(answer.text)
            if not any(start < number.end and number.start < end for start, end in names)
        ]
        number = random_source.choice(candidates)
        factor = 1 + random_source.choice((-1, 1)) * random_source.uniform(0.005, 0.05)
        mutated = mutate(answer.text, number, factor)
        if mutated is None:
            continue
        tried += 1
        if ungrounded_numbers(mutated, answer.results.values(), answer.question):
            found += 1
        else:
            missed.append(f"{number.text} by {factor:.4f} in {answer.question}")
    assert found / tried >= FOUND_FLOOR, missed


def mutate(text: str, number: Number, factor: float) -> str | None:
    """The text with the number's digits multiplied, or None where rounding leaves them as they were."""
    digits = re.search(r"[\d,]*\.?\d+", number.text)
    assert digits
    places = len(digits[0].partition(".")[2])
    changed = f"{float(digits[0].replace(',', '')) * factor:,.{places}f}"
    if changed.replace(",", "") == digits[0].replace(",", ""):
        return None
    start = text.index(digits[0], number.start)
    return text[:start] + changed + text[start + len(digits[0]) :]
