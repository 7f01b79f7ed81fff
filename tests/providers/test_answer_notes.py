"""The notes beside an answer: from a model's calls and words to the sidecar that the analyst would have made."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from apps.providers.events import Event
from apps.providers.notes import AnswerNotes
from apps.providers.protocol import Message, TurnRequest
from tests.providers.asking import ask, toolbox_at_now


async def take_notes(question: str, events: Sequence[Event], history: tuple[Message, ...] = ()) -> AnswerNotes:
    request = TurnRequest(
        request_id=UUID(int=1), session_id=UUID(int=2), question=question, history=history, toolbox=toolbox_at_now()
    )
    notes = await AnswerNotes.read(request)
    for event in events:
        notes.add(event)
    return notes


SAME_WHOEVER_ANSWERS = (
    "What's the price of AAPL?",
    "Show me the MSFT chart with RSI",
    "Where would you enter IBM and where is the stop?",
    "Levels of TSLA",
    "Compare AAPL and GOOG",
    "How is the market?",
    "What's your philosophy?",
    "hello",
    "price of ZZZZ",
)
OF_THE_TEXT = ("facts", "unverified")


@pytest.mark.parametrize("question", SAME_WHOEVER_ANSWERS)
async def test_the_same_calls_make_the_sidecar_that_the_analyst_made(question: str) -> None:
    answer = await ask(question)
    made = (await take_notes(question, answer.events)).sidecar()
    assert {k: v for k, v in made.items() if k not in OF_THE_TEXT} == {
        k: v for k, v in answer.sidecar.items() if k not in OF_THE_TEXT
    }


@pytest.mark.parametrize(
    ("question", "intent", "is_high_stakes"),
    [
        ("What's the price of AAPL?", "quote", False),
        ("Where would you enter IBM and where is the stop?", "plan", True),
        ("buy 100 shares of IBM now", "plan", True),
        ("place the order", "out_of_scope", True),
        ("hello", "greeting", False),
    ],
)
async def test_money_at_stake_is_seen_in_the_question(question: str, intent: str, is_high_stakes: bool) -> None:
    notes = await take_notes(question, [])
    assert (notes.intent, notes.is_high_stakes) == (intent, is_high_stakes)


async def test_the_prices_of_a_plan_are_those_of_its_tool() -> None:
    answer = await ask("Where would you enter IBM and where is the stop?")
    plan = next(result for result in answer.results.values() if "targets" in result)
    for sidecar in (answer.sidecar, (await take_notes(answer.question, answer.events)).sidecar()):
        assert (sidecar["entry"], sidecar["stop"]) == (plan["entry"], plan["stop"])
        assert sidecar["targets"] == [target["price"] for target in plan["targets"]]
