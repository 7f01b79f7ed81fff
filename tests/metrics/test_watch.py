"""The watch looks once a period, whoever comes first, and a step that fails or a process that dies stops nothing."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier, Event, Thread

import pytest
from django.db import DatabaseError, connections

from apps.metrics import watch
from apps.metrics.watch import HELD_AT_MOST_S, Look, after_look, due_in_s, look, run_watch, start_watch
from apps.routing.models import Outcome, Watch

pytestmark = pytest.mark.django_db

NOW = datetime.fromisoformat("2026-11-24T03:00:00+00:00")


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def says_safe(*, now: datetime) -> list[str]:
    return [f"workflow: SAFE at {now:%H:%M}"]


def fails(*, now: datetime) -> list[str]:
    raise LookupError("Alice's question")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    monkeypatch.setattr(watch, "AFTER", ())
    return lambda *given: monkeypatch.setattr(watch, "STEPS", given)


def test_a_look_runs_every_step_and_leaves_when_it_was_and_by_whom(steps) -> None:
    steps(says_safe, says_safe)
    looked = look(now=NOW)
    assert looked is not None
    assert looked.lines == ("workflow: SAFE at 03:00", "workflow: SAFE at 03:00")
    row = Watch.objects.get()
    assert (row.began_at, row.by, row.error) == (NOW, watch.holder(), "")
    assert row.ended_at is not None
    assert row.ended_at >= NOW


def test_the_next_look_is_a_period_later(steps) -> None:
    steps(says_safe)
    assert due_in_s(now=NOW) == 0
    assert look(now=NOW)
    assert look(now=after(59)) is None
    assert due_in_s(now=after(59)) == 1
    assert due_in_s(now=after(61)) == 0
    assert look(now=after(60))


def test_a_step_that_fails_stops_no_other_and_is_kept_and_logged(steps, caplog: pytest.LogCaptureFixture) -> None:
    steps(says_safe, fails, says_safe)
    looked = look(now=NOW)
    assert looked is not None
    assert len(looked.lines) == 2
    assert looked.faults == ("fails failed (LookupError); the log says where.",)
    assert Watch.objects.get().error == looked.faults[0]
    assert [(entry.levelno, entry.message, entry.step) for entry in caplog.records] == [
        (logging.ERROR, "Step of a look failed", "fails")
    ]
    steps(says_safe)
    assert look(now=after(60))
    assert Watch.objects.get().error == ""


def test_a_look_whose_process_died_is_free_again_after_a_while(steps) -> None:
    steps(says_safe)
    # As far as a process comes that dies while it looks.
    assert watch._claim(now=NOW)
    assert look(now=after(HELD_AT_MOST_S - 1)) is None
    assert look(now=after(HELD_AT_MOST_S))


def test_who_is_so_slow_that_another_took_over_writes_over_nobody(steps, caplog: pytest.LogCaptureFixture) -> None:
    def outlasts_its_lease(*, now: datetime) -> list[str]:
        if now == NOW:
            assert look(now=after(HELD_AT_MOST_S))
        return []

    steps(outlasts_its_lease)
    assert look(now=NOW)
    assert Watch.objects.get().began_at == after(HELD_AT_MOST_S)
    assert "A look took so long that another process began the next" in caplog.text


def test_a_look_in_the_future_of_a_clock_that_was_wrong_keeps_nobody_waiting(steps) -> None:
    steps(says_safe)
    assert look(now=after(86_400))
    assert look(now=NOW)
    assert Watch.objects.get().began_at == NOW


def test_told_to_stop_it_ends_after_the_step_it_is_at_and_leaves_the_look_to_others(steps) -> None:
    done: list[str] = []

    def first(*, now: datetime) -> list[str]:
        done.append("first")
        return []

    steps(first, fails)
    look(now=NOW, is_stopping=lambda: bool(done))
    assert done == ["first"]
    assert Watch.objects.get().error == ""
    assert look(now=after(1))


def test_what_fails_after_a_look_stands_beside_the_faults_of_the_look_until_the_next(steps, monkeypatch) -> None:
    steps(fails)
    monkeypatch.setattr(watch, "AFTER", (fails, says_safe))
    assert look(now=NOW)
    after_it = after_look(now=NOW)
    assert after_it.lines == ("workflow: SAFE at 03:00",)
    assert Watch.objects.get().error == "\n".join(["fails failed (LookupError); the log says where."] * 2)
    steps(says_safe)
    assert look(now=after(60))
    after_look(now=NOW)
    assert Watch.objects.get().error == ""


@pytest.mark.django_db(transaction=True)
def test_the_next_look_waits_for_nothing_that_comes_after_the_last(steps, running, monkeypatch, caplog) -> None:
    hangs, go_on = Event(), Event()

    def hang(*, now: datetime) -> list[str]:
        hangs.set()
        go_on.wait(30)
        return []

    steps(says_safe)
    monkeypatch.setattr(watch, "AFTER", (hang,))
    looked = running()
    assert hangs.wait(10)
    for _ in range(3):
        looked.clear()
        assert looked.wait(10)
    assert not go_on.is_set()
    assert "Alerts, figures and retention are behind" in caplog.text
    go_on.set()


def test_a_look_forgets_the_outcomes_that_no_circuit_counts() -> None:
    for at in (NOW, after(-3_600)):
        Outcome.objects.create(provider="workflow", ok=False, code="cut", at=at, began_at=at)
    look(now=NOW)
    assert [outcome.at for outcome in Outcome.objects.all()] == [NOW]


@pytest.mark.django_db(transaction=True)
def test_of_many_processes_that_look_at_once_one_does_in_each_period(steps) -> None:
    steps(says_safe)
    barrier = Barrier(8)

    def race(_: int) -> list[Look | None]:
        try:
            looks = []
            for period in range(3):
                barrier.wait()
                looks.append(look(now=after(60 * period)))
            return looks
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        by_process = list(pool.map(race, range(8)))
    for period in range(3):
        assert len([looks for looks in by_process if looks[period]]) == 1
    assert Watch.objects.get().began_at == after(120)


@pytest.fixture
def running(settings) -> Iterator[Callable[..., Event]]:
    """Runs the loop in a thread until the test ends; gives what is set at its next look."""
    settings.WATCH_INTERVAL_S = 0.05
    stop = Event()
    threads: list[Thread] = []

    def start() -> Event:
        looked = Event()
        kwargs = {"stop": stop, "when_looked": lambda _: looked.set()}
        threads.append(Thread(target=run_watch, kwargs=kwargs))
        threads[0].start()
        return looked

    yield start
    stop.set()
    for thread in threads:
        thread.join(10)


@pytest.mark.django_db(transaction=True)
def test_the_loop_looks_again_and_again(steps, running) -> None:
    steps(says_safe)
    looked = running()
    for _ in range(3):
        assert looked.wait(10)
        looked.clear()


@pytest.mark.django_db(transaction=True)
def test_the_loop_outlives_a_database_that_is_away_and_says_so_once(steps, running, monkeypatch, caplog) -> None:
    steps(says_safe)
    monkeypatch.setattr(watch, "DELIVERY_INTERVAL_S", 0.01)
    real, n_failed, is_back = watch.due_in_s, [0], Event()

    def away(*, now: datetime) -> float:
        if n_failed[0] < 5:
            n_failed[0] += 1
            raise DatabaseError("the server closed the connection")
        is_back.set()
        return real(now=now)

    monkeypatch.setattr(watch, "due_in_s", away)
    looked = running()
    for _ in range(2):
        assert looked.wait(10)
        looked.clear()
    assert is_back.is_set()
    told = [entry.message for entry in caplog.records if entry.name == "apps.metrics.watch"]
    assert told == ["The watch failed and goes on trying", "The watch works again"]


@pytest.mark.django_db(transaction=True)
def test_the_loop_of_a_server_ends_when_it_is_told_to(steps, settings, monkeypatch) -> None:
    settings.WATCH_INTERVAL_S = 0.05
    has_looked = Event()

    def notes(*, now: datetime) -> list[str]:
        has_looked.set()
        return []

    steps(notes)
    monkeypatch.setattr(watch, "LAST_STEP_S", 30.0)
    end = start_watch()
    assert has_looked.wait(10)
    end()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("watch")]
    assert Watch.objects.get().ended_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_step_that_hangs_does_not_keep_a_server_from_ending(steps, monkeypatch) -> None:
    monkeypatch.setattr(watch, "LAST_STEP_S", 0.1)
    hangs, go_on, has_ended = Event(), Event(), Event()

    def hang(*, now: datetime) -> list[str]:
        hangs.set()
        go_on.wait(30)
        has_ended.set()
        return []

    steps(hang)
    end = start_watch()
    assert hangs.wait(10)
    end()
    assert not has_ended.is_set()
    go_on.set()
    assert has_ended.wait(10)
    end()
