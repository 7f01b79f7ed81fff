"""What each intent is and is not, by its definition; read from the question alone."""

import pytest

from apps.metrics.classifiers import Intent, intent_of
from apps.metrics.classifiers.intent import BEGINNING, ENDING

QUESTIONS = {
    Intent.RESEARCH: [
        "NVDA",
        "and IBM?",
        "what about amazon",
        "how much is bitcoin",
        "price of gold",
        "news on tesla?",
        "what happened to IBM",
        "which symbols do you know",
        "is the market open today?",
        "tell me about AMZN",
        "earnings date of google",
        "summarise the day on wall street",
    ],
    Intent.ANALYSIS: [
        "why is AAPL falling",
        "what's moving TSLA",
        "what is IBM's RSI",
        "compare NVDA and AMZN",
        "support for meta",
        "LTB level for NVDA",
        "what do you think about Palantir",
        "will bitcoin crash",
        "how volatile is tesla",
        "what does the chart of AAPL say",
        "which stock is the strongest",
        "is the market bullish",
    ],
    Intent.EXECUTION: [
        "should I buy NVDA",
        "is IBM a buy?",
        "where is the stop?",
        "how many shares with a 10k account",
        "what should I buy",
        "give me a stock tip",
        "cancel my order",
        "set an alert for AAPL at 400",
        "how much should I invest in AMZN",
        "could I hold NVDA over the weekend",
        "support on IBM and where would you enter?",
        "I want to put all my savings in bitcoin",
    ],
    Intent.CHART: [
        "chart AAPL",
        "draw support lines on the IBM chart",
        "show me the chart with my entry",
        "add the RSI to the chart",
        "remove the bollinger bands",
        "zoom in",
        "switch to weekly candles",
        "pull up bitcoin on the screen",
        "change timeframe to 6 months",
    ],
    Intent.EDUCATION: [
        "what is RSI",
        "what's a stop-loss",
        "how do I read a chart",
        "how do you build a plan",
        "is this real data?",
        "what's the 1% rule",
        "when should I use a limit order",
        "difference between a stop and a limit order",
        "how do professionals handle losing streaks",
        "where does your data come from",
    ],
    Intent.OTHER: [
        "hi",
        "thanks!",
        "what can you do",
        "why?",
        "yes",
        "no",
        "???",
        "stop",
        "12345",
        "do I owe tax on gains",
        "I want to die",
        "bonjour, quel est le prix de Tesla",
        "my cousin works at Apple and has inside info",
        "who is the strongest man in the world",
        "difference between lions and tigers",
        "book a position in a yoga class",
        "what is the best phone to buy",
    ],
}


@pytest.mark.parametrize(
    ("intent", "question"), [(intent, question) for intent, asked in QUESTIONS.items() for question in asked]
)
def test_a_question_is_after_what_its_definition_says(intent: Intent, question: str) -> None:
    assert intent_of(question) == intent


def test_every_intent_has_questions() -> None:
    assert set(QUESTIONS) == set(Intent)


@pytest.mark.parametrize("question", ["", " ", "\x00", "\n\n", "😀", "ſ" * 500])
def test_what_cannot_be_read_is_other(question: str) -> None:
    assert intent_of(question) == Intent.OTHER


def test_case_and_spaces_do_not_count() -> None:
    assert intent_of("  should   I\nBUY nvda ") == intent_of("Should I buy NVDA") == Intent.EXECUTION


def test_of_a_long_message_the_beginning_and_the_end_are_read() -> None:
    filler = "lorem ipsum dolor sit amet " * 100
    assert intent_of(f"Compare NVDA and AMZN, thanks. {filler}") == Intent.ANALYSIS
    assert intent_of(f"{filler} compare NVDA and AMZN") == Intent.ANALYSIS
    middle = f"{'x' * BEGINNING} compare NVDA and AMZN {'x' * ENDING}"
    assert intent_of(middle) == Intent.OTHER


def test_a_message_is_read_the_same_again() -> None:
    asked = [question for questions in QUESTIONS.values() for question in questions]
    assert [intent_of(question) for question in asked] == [intent_of(question) for question in reversed(asked)][::-1]
