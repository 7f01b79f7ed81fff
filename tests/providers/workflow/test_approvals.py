"""What a message does to an approval that waits: a table."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.providers.protocol import Message
from apps.providers.workflow.approvals import ASK, LAPSES_AFTER, Outcome, Pending, Said, outcome_of, read_pending

NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
SHOWN = "**Preview**\n\n- Side: buy"
ORDER = Message(role="user", content="buy 10 AAPL")
PREVIEW = Message(role="assistant", content=f"{SHOWN}\n\nShall I?\n\n{ASK}")
OTHER = Message(role="assistant", content="IBM closed there.")


def pending(*, asked_at: datetime = NOW, version: int = 1) -> Pending:
    return Pending(
        node="approve",
        workflow_version=version,
        asked_at=asked_at,
        question="buy 10 AAPL",
        preview={"side": "buy"},
        shown=SHOWN,
    )


def outcome(
    text: str,
    waiting: Pending | None,
    *,
    history: tuple[Message, ...] = (ORDER, PREVIEW),
    is_voice: bool = False,
) -> Outcome:
    return outcome_of(Said(text=text, history=history, is_voice=is_voice, at=NOW), waiting, version=1)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "Yes.",
        " YES! ",
        "y",
        "yep",
        "yes please",
        "yes, go ahead",
        "Yes, do it.",
        "confirm",
        "I confirm",
        "approved",
    ],
)
def test_a_clear_yes_approves(text: str) -> None:
    assert outcome(text, pending()) is Outcome.APPROVED


@pytest.mark.parametrize(
    "text", ["no", "No.", "nope", "no thanks", "no, cancel it", "cancel", "don’t", "stop", "never mind", "forget it"]
)
def test_a_clear_no_declines(text: str) -> None:
    assert outcome(text, pending()) is Outcome.DECLINED


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "sure",
        "yes?",
        "yes but 50 shares",
        "yes no",
        "yesterday",
        "not yet",
        "no, buy 5 instead",
        "stop loss",
        "What's the price of IBM?",
        "yes, and then buy MSFT",
    ],
)
def test_anything_else_drops_it(text: str) -> None:
    assert outcome(text, pending()) is Outcome.DROPPED


def test_a_spoken_yes_approves_nothing_and_a_spoken_no_is_heard() -> None:
    assert outcome("yes", pending(), is_voice=True) is Outcome.SPOKEN
    assert outcome("no", pending(), is_voice=True) is Outcome.DECLINED


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (LAPSES_AFTER, Outcome.APPROVED),
        (LAPSES_AFTER + timedelta(seconds=1), Outcome.CLOSED),
    ],
)
def test_it_lapses_after_a_quarter_of_an_hour(age: timedelta, expected: Outcome) -> None:
    assert outcome("yes", pending(asked_at=NOW - age)) is expected


def test_a_question_after_it_lapsed_is_a_question_like_any_other() -> None:
    assert outcome("What's the price of IBM?", pending(asked_at=NOW - timedelta(hours=1))) is Outcome.NONE


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        # Another provider's answer stands where the preview stood.
        ((ORDER, OTHER), Outcome.NONE),
        # Another provider served a turn in between.
        ((ORDER, PREVIEW, ORDER, OTHER), Outcome.NONE),
        # A turn in between wrote nothing; the preview can still be seen.
        ((ORDER, PREVIEW, ORDER), Outcome.CLOSED),
        # The preview was cut off before its end.
        ((ORDER, Message(role="assistant", content="**Preview**")), Outcome.NONE),
        ((), Outcome.NONE),
    ],
)
def test_a_yes_counts_only_for_the_preview_that_was_said_last(history: tuple[Message, ...], expected: Outcome) -> None:
    assert outcome("yes", pending(), history=history) is expected


def test_a_yes_to_a_preview_that_was_never_stored_does_nothing_and_is_told_so() -> None:
    assert outcome("yes", None) is Outcome.CLOSED
    assert outcome("no", None) is Outcome.CLOSED
    assert outcome("What's the price of IBM?", None) is Outcome.NONE
    assert outcome("yes", None, history=(ORDER, OTHER)) is Outcome.NONE


def test_an_approval_of_another_design_is_closed() -> None:
    assert outcome("yes", pending(version=2)) is Outcome.CLOSED


def test_what_is_stored_comes_back_as_it_was() -> None:
    assert read_pending(pending().as_json) == pending()


@pytest.mark.parametrize("stored", [None, {}, {"node": "approve"}, {**pending().as_json, "asked_at": "soon"}])
def test_a_stored_approval_of_another_shape_is_none(stored: object) -> None:
    assert read_pending(stored) is None
