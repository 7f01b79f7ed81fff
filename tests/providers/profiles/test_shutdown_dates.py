"""A model that ends soon says so, with the day, the days left and the successor."""

from datetime import date

import pytest

from apps.providers.shutdown_dates import SHUTDOWN_DATES, shutdown_note, shutdown_of

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (
            "gpt-4o",
            "gpt-4o is shut down on 14 January 2027, in 53 days. OpenAI names gpt-6-luna as its successor.",
        ),
        (
            "gpt-4o-2024-08-06",
            "gpt-4o-2024-08-06 is shut down on 14 January 2027, in 53 days. OpenAI names gpt-6-luna as its successor.",
        ),
        (
            "o3-mini",
            "o3-mini was shut down on 23 October 2026: a call to it fails. "
            "OpenAI names gpt-6.1-terra as its successor.",
        ),
        ("gpt-5.1", "gpt-5.1 is shut down on 1 April 2027, in 130 days."),
        ("gpt-6.1-terra", ""),
        ("gpt-4o-realtime-something", ""),
    ],
)
def test_a_near_end_is_said(model: str, sentence: str) -> None:
    assert shutdown_note(model, TODAY) == sentence


def test_an_end_that_is_far_away_is_known_but_not_said() -> None:
    assert shutdown_note("gpt-5.1", date(2026, 6, 1)) == ""
    assert shutdown_of("gpt-5.1") is not None


def test_the_last_days_are_counted_as_people_count() -> None:
    assert "in 1 day." in shutdown_note("gpt-4o", date(2027, 1, 13))
    assert "was shut down on 14 January 2027" in shutdown_note("gpt-4o", date(2027, 1, 14))


def test_no_successor_is_itself_shut_down() -> None:
    assert {successor for _, successor in SHUTDOWN_DATES.values()} & set(SHUTDOWN_DATES) == set()
