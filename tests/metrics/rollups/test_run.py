"""Bringing the rollups up to date: what is built when, what is left alone, and that doing it again changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.metrics.models import Grain, RequestLog, RollupDue, RollupState, ToolRollup, TurnRollup, VoiceRollup
from apps.metrics.rollups import run
from apps.metrics.rollups.due import ask_for, ask_for_hours, hours_with_turns, next_due
from apps.metrics.rollups.read import freshness
from apps.metrics.rollups.run import build, roll_up
from apps.metrics.rollups.scope import start_of
from apps.metrics.services import sweep
from tests.metrics.rollups.history import AT, make_call, make_speech, make_turn

pytestmark = pytest.mark.django_db

NOW = AT + timedelta(hours=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def contents() -> list[list[tuple[Any, ...]]]:
    """All rows of all rollups, without their ids."""
    found = []
    for model in (TurnRollup, ToolRollup, VoiceRollup):
        names = [field.name for field in model._meta.concrete_fields if field.name != "id"]
        rows = model.every.order_by("grain", "margin", "start", *model.DIMENSIONS).values_list(*names)
        found.append([tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in rows])
    return found


def counted(grain: Grain) -> dict[str, int]:
    """How many turns each row of that grain stands for, by its beginning."""
    found: dict[str, int] = {}
    for start, turns in TurnRollup.fine.filter(grain=grain).values_list("start", "turns"):
        name = f"{start:%m-%d %H}"
        found[name] = found.get(name, 0) + turns
    return found


def make_history() -> None:
    """Turns with all that belongs to them over some days, some of them older than hours are kept."""
    for days in (0, 1, 2, 9, 20, 21):
        for minutes in (0, 30, 90):
            for number, provider in enumerate(("responses", "workflow")):
                turn = make_turn(
                    at=AT - days * DAY - timedelta(minutes=minutes),
                    assigned=provider,
                    tries=[(provider, "")],
                    latency_ms=1000.0 + 100 * days + minutes + number,
                    is_voice=bool(number),
                )
                make_call(turn, error_code="" if minutes else "unknown_symbol")
                if number:
                    make_speech(turn)


def test_hours_days_and_weeks_count_the_same_turns() -> None:
    make_history()
    ran = roll_up(now=NOW)
    assert (ran.turns, ran.left, ran.faults) == (36, 0, ())
    assert sum(counted(Grain.DAY).values()) == sum(counted(Grain.WEEK).values()) == 36
    # Of the last two days no hours are kept.
    assert sum(counted(Grain.HOUR).values()) == 24
    assert counted(Grain.WEEK) == {"11-16 00": 18, "11-09 00": 6, "10-26 00": 12}


def test_running_again_gives_the_same_figures() -> None:
    make_history()
    roll_up(now=NOW)
    before = contents()
    ask_for_hours(hours_with_turns(), now=NOW)
    ran = roll_up(now=NOW)
    assert ran.built == {Grain.HOUR: 12, Grain.DAY: 6, Grain.WEEK: 3}
    assert contents() == before


def test_a_day_read_from_the_log_is_the_same_as_one_added_up_from_its_hours() -> None:
    make_history()
    roll_up(now=NOW)
    before = contents()
    hours_later_dropped = NOW + 30 * DAY
    ask_for_hours(hours_with_turns(), now=hours_later_dropped)
    assert not RollupDue.objects.filter(grain=Grain.HOUR).exists()
    roll_up(now=hours_later_dropped)
    without_hours = [[row for row in rows if row[0] != Grain.HOUR] for rows in before]
    assert contents() == without_hours


def test_a_turn_that_is_closed_late_changes_the_hour_in_which_it_began() -> None:
    make_turn()
    roll_up(now=NOW)
    make_turn(at=AT - 3 * HOUR, finished_at=NOW + timedelta(minutes=1))
    ran = roll_up(now=NOW + timedelta(minutes=2))
    assert counted(Grain.HOUR) == {"11-18 07": 1, "11-18 10": 1}
    assert counted(Grain.DAY) == {"11-18 00": 2}
    assert ran.built[Grain.DAY] == ran.built[Grain.WEEK] == 1


def test_a_sweep_of_days_later_counts_on_the_day_of_the_turn() -> None:
    make_turn(at=AT, status="started", latency_ms=None, ttft_ms=None)
    roll_up(now=NOW)
    assert counted(Grain.DAY) == {}
    later = AT + 20 * DAY
    sweep(now=later, older_than_s=60)
    RequestLog.objects.update(finished_at=later)
    roll_up(now=later + timedelta(minutes=1))
    assert counted(Grain.DAY) == {"11-18 00": 1}
    assert counted(Grain.HOUR) == {}


def test_a_turn_seen_after_its_time_is_found_within_ten_minutes() -> None:
    roll_up(now=NOW)
    make_turn(finished_at=NOW - timedelta(minutes=9))
    make_turn(at=AT - 5 * HOUR, finished_at=NOW - timedelta(minutes=11))
    roll_up(now=NOW + timedelta(minutes=1))
    assert counted(Grain.HOUR) == {"11-18 10": 1}


def test_a_turn_closed_by_a_process_that_notes_no_end_is_found_by_its_beginning() -> None:
    make_turn()
    roll_up(now=NOW)
    later = make_turn(at=NOW + timedelta(minutes=1))
    make_turn(at=NOW + timedelta(minutes=1), status="started")
    RequestLog.objects.filter(pk=later).update(finished_at=None)
    roll_up(now=NOW + timedelta(minutes=5))
    assert sum(counted(Grain.HOUR).values()) == 2


def test_midnight_and_monday_belong_to_what_begins_with_them() -> None:
    monday = start_of(AT, Grain.WEEK)
    make_turn(at=monday)
    make_turn(at=monday - timedelta(microseconds=1))
    roll_up(now=NOW)
    assert counted(Grain.HOUR) == {"11-15 23": 1, "11-16 00": 1}
    assert counted(Grain.DAY) == {"11-15 00": 1, "11-16 00": 1}
    assert counted(Grain.WEEK) == {"11-09 00": 1, "11-16 00": 1}


def test_pruned_turns_stay_in_the_figures() -> None:
    make_history()
    roll_up(now=NOW)
    before = contents()
    RequestLog.objects.filter(created_at__lt=AT - 2 * DAY).delete()
    # Half of a day, too.
    RequestLog.objects.filter(created_at__lt=AT - timedelta(hours=1)).delete()
    for start in {start_of(AT - days * DAY, Grain.DAY) for days in (0, 20, 21)}:
        ask_for(Grain.DAY, [start])
    ask_for_hours([*hours_with_turns(), start_of(AT - 9 * DAY, Grain.HOUR), start_of(AT, Grain.HOUR)], now=NOW)
    roll_up(now=NOW)
    assert contents() == before


def test_a_run_without_time_leaves_the_rest_to_the_next_and_begins_with_the_latest_day() -> None:
    make_history()
    ran = roll_up(now=NOW, at_most_s=0)
    assert (ran.built, ran.left) == ({}, 14)
    first = next_due()
    assert {start_of(due.stretch.start, Grain.DAY) for due in first} == {start_of(AT, Grain.DAY)}
    state = freshness(now=NOW)
    assert (state.to, state.is_late, state.due) == (None, True, 14)
    assert roll_up(now=NOW).left == 0
    assert freshness(now=NOW).to == NOW


def test_what_was_asked_for_again_while_it_was_built_stays_due() -> None:
    make_turn()
    ask_for_hours([start_of(AT, Grain.HOUR)], now=NOW)
    (due,) = next_due()
    ask_for_hours([start_of(AT, Grain.HOUR)], now=NOW)
    assert build(due, now=NOW) is None
    assert counted(Grain.HOUR) == {}
    (again,) = next_due()
    assert build(again, now=NOW) == 1
    assert build(again, now=NOW) is None


@pytest.mark.parametrize("name", ["read_stretch", "replace_stretch", "ask_for"])
@pytest.mark.parametrize("at", [1, 3, 9, 12])
def test_a_fault_at_any_step_leaves_a_stretch_due_and_the_next_run_gives_the_same_figures(
    monkeypatch: pytest.MonkeyPatch, name: str, at: int
) -> None:
    make_history()
    real: Callable[..., Any] = getattr(run, name)
    calls = 0

    def broken(*args: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            raise RuntimeError("the disk is full")
        return real(*args, **named)

    monkeypatch.setattr(run, name, broken)
    ran = roll_up(now=NOW)
    assert (ran.faults, ran.left) == (("RuntimeError",), 1)
    state = freshness(now=NOW)
    assert (state.error, state.to, state.due) == ("RuntimeError", None, 1)
    monkeypatch.undo()
    assert roll_up(now=NOW).left == 0
    interrupted = contents()
    RollupState.objects.all().delete()
    for model in (TurnRollup, ToolRollup, VoiceRollup):
        model.every.all().delete()
    roll_up(now=NOW)
    assert contents() == interrupted
    assert freshness(now=NOW).error == ""


def test_what_nothing_can_build_ends_the_run_after_some_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    make_history()

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the database is away")

    monkeypatch.setattr(run, "read_stretch", broken)
    assert roll_up(now=NOW).faults == ("RuntimeError",) * 3


def test_figures_are_late_when_nobody_builds_them() -> None:
    roll_up(now=NOW)
    assert not freshness(now=NOW + timedelta(minutes=5)).is_late
    assert freshness(now=NOW + timedelta(minutes=5, seconds=1)).is_late


def test_an_empty_log_is_up_to_date() -> None:
    ran = roll_up(now=NOW)
    assert (ran.built, ran.turns, ran.left) == ({}, 0, 0)
    assert freshness(now=NOW).to == NOW
