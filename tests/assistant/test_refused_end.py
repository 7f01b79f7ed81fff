"""An end that the database does not take: the person reads a sentence, no row stays open, and they can go on."""

import uuid
from contextlib import aclosing

import pytest

from apps.assistant.engine import run_turn
from apps.providers.events import Error, Event, Usage
from tests.assistant.asking import ALICE, the_row, the_turn
from tests.scripted import words

pytestmark = pytest.mark.django_db

#: No column holds as many.
TOO_MANY = Usage(tokens_input=10**30, tokens_output=1)


async def ask_in(session_id: uuid.UUID, question: str = "Price of AAPL?") -> list[Event]:
    async with aclosing(run_turn(session_id=session_id, question=question, owner=ALICE, override="analyst")) as events:
        return [event async for event in events]


async def test_an_end_that_cannot_be_stored_becomes_a_sentence_and_closes_every_row(play) -> None:
    play([*words("AAPL closed at 430.47."), TOO_MANY])
    events = await ask_in(uuid.uuid4())
    error = events[-1]
    assert isinstance(error, Error)
    assert error.message == "The answer could not be kept. Ask again."
    assert (error.retryable, error.code) == (True, "not_kept")
    row, turn = await the_row(), await the_turn()
    assert (row.status, row.success, row.error) == ("interrupted", False, "abandoned")
    assert (turn.status, turn.error, turn.answer) == ("failed", error.message, "")
    assert turn.finished_at


async def test_the_next_question_waits_for_nothing(play) -> None:
    session_id = uuid.uuid4()
    play([*words("AAPL closed at 430.47."), TOO_MANY], words("AAPL closed at 430.47."))
    await ask_in(session_id)
    assert (await ask_in(session_id))[-1].type == "done"
