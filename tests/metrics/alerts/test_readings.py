"""What each measure reads from the rows of its window, and what it leaves out."""

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.metrics.alerts.readings import P95, p95_of, read
from apps.metrics.models import AlertRule, RequestLog
from tests.metrics.alerts.turns import ALICE, BOB, NOW, make_rule, make_speech, make_turns
from tests.providers.openai_api.test_check_models import main_uses

pytestmark = pytest.mark.django_db


def found(rule: AlertRule, *, known: tuple[str, ...] = ()) -> dict[str, tuple[float, int] | None]:
    readings = read(rule, now=NOW, known=known)
    return {
        subject: None if reading is None else (round(reading.value, 6), reading.n)
        for subject, reading in readings.items()
    }


def test_failed_turns_are_those_that_people_saw_fail() -> None:
    make_turns(7)
    make_turns(3, ok=False)
    make_turns(5, status="interrupted", success=None)
    make_turns(4, ok=False, is_overridden=True)
    assert found(make_rule()) == {"": (30.0, 10)}


@pytest.mark.parametrize(
    ("at", "is_counted"),
    [
        (NOW, True),
        (NOW - timedelta(minutes=14, seconds=59), True),
        (NOW - timedelta(minutes=15), False),
        (NOW + timedelta(seconds=1), False),
    ],
)
def test_a_window_ends_now_and_begins_where_it_says(at: Any, is_counted: bool) -> None:
    make_turns(1, at=at)
    assert found(make_rule()) == {"": (0.0, 1) if is_counted else None}


def test_what_a_sweep_closes_hours_later_says_nothing_of_now() -> None:
    make_turns(3, ok=False, created_at=NOW - timedelta(hours=3))
    assert found(make_rule()) == {"": None}


def test_a_turn_of_another_channel_or_provider_is_left_out() -> None:
    make_turns(2, is_voice=True)
    make_turns(3, provider="responses", ok=False)
    assert found(make_rule(channel="voice")) == {"": (0.0, 2)}
    assert found(make_rule(channel="text")) == {"": (100.0, 3)}
    assert found(make_rule(provider="workflow")) == {"": (0.0, 2)}
    assert found(make_rule(about="each_provider")) == {"workflow": (0.0, 2), "responses": (100.0, 3)}


def test_a_try_counts_for_who_tried_rescued_or_not() -> None:
    make_turns(6)
    make_turns(2, tries=2)
    make_turns(1, ok=False, error="stopped")
    make_turns(1, ok=False, error="not_configured")
    rule = make_rule(measure="backend_errors", about="each_provider")
    assert found(rule) == {"workflow": (20.0, 10)}
    assert found(make_rule()) == {"": (20.0, 10)}


@pytest.mark.parametrize(("measure", "column"), [("ttft_p95", "ttft_ms"), ("latency_p95", "latency_ms")])
def test_a_p95_is_the_time_that_nineteen_of_twenty_keep(measure: str, column: str) -> None:
    chance = random.Random(3)
    times = [chance.uniform(100, 5000) for _ in range(237)]
    for ms in times:
        make_turns(1, **{column: ms})
    make_turns(9, **{column: None})
    rule = make_rule(measure=measure, about="each_provider", threshold=3000.0)
    reading = read(rule, now=NOW)["workflow"]
    assert reading == p95_of(times, threshold=3000.0)
    assert reading is not None
    # 237 × 0.95 = 225.15, so the 226th.
    assert reading.value == pytest.approx(sorted(times)[225])
    assert reading.is_sure
    assert P95("ttft_ms").function == "percentile_disc"


def test_whoever_stopped_an_answer_did_not_wait_for_the_whole_of_it() -> None:
    make_turns(40, latency_ms=5_000.0)
    make_turns(400, status="interrupted", success=None, latency_ms=300.0, ttft_ms=200.0)
    reading = read(make_rule(measure="latency_p95", threshold=1_000.0), now=NOW)[""]
    assert reading is not None
    assert (reading.value, reading.n) == (5_000.0, 40)
    first_text = read(make_rule(measure="ttft_p95", threshold=1_000.0), now=NOW)[""]
    assert first_text is not None
    assert first_text.n == 440


def test_an_unknown_cost_is_a_share_of_the_turns_that_were_tried() -> None:
    make_turns(3)
    make_turns(1, cost_usd=None)
    make_turns(5, cost_usd=None, tries=0)
    assert found(make_rule(measure="cost_unknown")) == {"": (25.0, 4)}


def test_a_cost_is_that_of_models_and_speech_and_says_what_is_not_known() -> None:
    turns = make_turns(10, cost_usd=Decimal("0.5"))
    make_turns(2, cost_usd=None, provider="responses")
    make_turns(1, cost_usd=Decimal(1), is_overridden=True)
    make_speech(turns[0], cost_usd="0.25")
    rule = make_rule(measure="cost")
    assert found(rule) == {"": (6.25, 13)}
    reading = read(rule, now=NOW)[""]
    assert reading is not None
    assert reading.n_unknown == 2
    assert found(make_rule(measure="cost", about="each_provider")) == {"workflow": (6.25, 11), "responses": (0.0, 2)}


def test_nothing_asked_costs_nothing_and_that_is_known() -> None:
    assert found(make_rule(measure="cost")) == {"": (0.0, 0)}


def test_of_people_only_those_near_the_limit_are_read_and_those_known() -> None:
    make_turns(4, person_hash=ALICE, cost_usd=Decimal(3))
    make_turns(4, person_hash=BOB, cost_usd=Decimal("0.1"))
    make_turns(9, person_hash="", cost_usd=Decimal(9))
    rule = make_rule(measure="cost", about="each_person", threshold=10.0, clear_at=9.0)
    assert found(rule) == {ALICE: (12.0, 4)}
    assert found(rule, known=(BOB, "c0ffee")) == {ALICE: (12.0, 4), BOB: (0.4, 4), "c0ffee": (0.0, 0)}


def test_a_person_who_only_speaks_costs_as_well() -> None:
    (turn,) = make_turns(1, person_hash=ALICE, cost_usd=None)
    make_speech(turn, cost_usd="12")
    rule = make_rule(measure="cost", about="each_person", threshold=10.0, clear_at=9.0)
    assert found(rule) == {ALICE: (12.0, 1)}


def test_a_configured_model_has_days_left_by_our_table() -> None:
    rule = make_rule(measure="model_end", about="each_model", threshold=60.0, clear_at=60.0)
    assert found(rule) == {}
    main_uses("gpt-4o")
    # 14 January 2027.
    assert found(rule) == {"gpt-4o": (52.0, 1)}
    assert found(rule, known=("o3",))["o3"] == (float("inf"), 0)


def test_what_was_known_and_has_no_turns_is_not_measured() -> None:
    rule = make_rule(about="each_provider")
    assert found(rule, known=("workflow",)) == {"workflow": None}
    assert not RequestLog.objects.exists()
