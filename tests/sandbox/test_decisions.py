"""`POST /decisions`: the odds of the analyst's classifier over the choices of whoever asks."""

from typing import Any

import pytest
from openai import BadRequestError
from openai.types.decision import Decision

from tests.sandbox.asking import sdk

INTENTS = ["market_data", "chart_command", "trade_plan", "education", "other"]


async def decide(base_url: str, said: Any, *questions: dict[str, Any]) -> Decision:
    async with sdk(base_url) as client:
        return await client.decisions.create(model="gpt-6-luna", input=said, questions=list(questions))  # type: ignore[arg-type]


def choice(*values: Any, **fields: Any) -> dict[str, Any]:
    choices = [{"value": value} for value in values]
    return {"type": "choice", "instructions": "What is asked for?", "choices": choices, **fields}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("price of AAPL", "market_data"),
        ("Show me the AAPL chart", "chart_command"),
        ("Where would you enter IBM and where is the stop?", "trade_plan"),
        ("What is RSI?", "education"),
        ("What's the weather?", "other"),
    ],
)
async def test_a_choice_of_intents_follows_the_classifier(base_url: str, said: str, expected: str) -> None:
    decision = await decide(base_url, said, choice(*INTENTS, name="intent"))
    (answer,) = decision.answers
    assert answer.type == "choice"
    assert (answer.name, answer.choice) == ("intent", expected)
    chances = {entry.value: entry.probability for entry in answer.probabilities}
    assert list(chances) == INTENTS
    assert sum(chances.values()) == pytest.approx(1, abs=0.001)
    assert answer.confidence == chances[expected] == max(chances.values())
    assert decision.model == "sandbox/gpt-6-luna"
    assert decision.usage.total_tokens == decision.usage.input_tokens + decision.usage.output_tokens > 20


async def test_a_conversation_is_read_as_one(base_url: str) -> None:
    said = [
        {"role": "user", "content": "Show me the AAPL chart"},
        {"role": "assistant", "content": "Here it is."},
        {"role": "user", "content": [{"type": "input_text", "text": "and 5Y"}]},
    ]
    (answer,) = (await decide(base_url, said, choice(*INTENTS))).answers
    assert answer.type == "choice"
    assert (answer.name, answer.choice) == (None, "chart_command")


async def test_a_choice_of_symbols_falls_on_the_one_spoken_of(base_url: str) -> None:
    (answer,) = (await decide(base_url, "price of MSFT", choice("AAPL", "MSFT", "NVDA"))).answers
    assert answer.type == "choice"
    assert answer.choice == "MSFT"


async def test_predicates_and_booleans_weigh_whether_the_statement_is_of_the_same_kind(base_url: str) -> None:
    predicate = {"type": "predicate", "instructions": "The person wants to see a chart."}
    sides = choice(True, False, instructions="Does the person want to see a chart?")
    first = await decide(base_url, "Show me the AAPL chart", predicate, sides)
    second = await decide(base_url, "Any news on AAPL?", predicate, sides)
    likely, unlikely = first.answers[0], second.answers[0]
    assert likely.type == unlikely.type == "predicate"
    assert likely.probability > 0.5 > unlikely.probability
    yes, no = first.answers[1], second.answers[1]
    assert yes.type == no.type == "choice"
    assert yes.choice is True
    assert no.choice is False


async def test_a_score_is_the_place_that_the_odds_expect(base_url: str) -> None:
    levels = [{"label": "quote"}, {"label": "chart"}, {"label": "plan"}]
    question = {"type": "score", "instructions": "How much work?", "levels": levels, "name": "work"}
    low, high = [
        (await decide(base_url, said, question)).answers[0]
        for said in ("price of AAPL", "Where would you enter IBM and where is the stop?")
    ]
    assert low.type == high.type == "score"
    assert low.score < 0.2
    assert high.score > 1.8
    assert [(entry.label, entry.value) for entry in low.probabilities] == [("quote", 0), ("chart", 1), ("plan", 2)]
    assert high.score == pytest.approx(sum(entry.value * entry.probability for entry in high.probabilities), abs=0.001)


@pytest.mark.parametrize(
    "question",
    [choice("one"), choice("one", "one"), {"type": "riddle", "instructions": "?"}, {"type": "predicate"}],
)
async def test_a_question_that_is_none_is_refused(base_url: str, question: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError):
        await decide(base_url, "hello", question)
