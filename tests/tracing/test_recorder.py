"""Handing a turn over never hurts it: a bounded queue, one thread, and sinks that may do whatever they like."""

import logging
import threading
from dataclasses import dataclass, field

import pytest

from apps.tracing import recorder
from apps.tracing.recorder import CAPACITY, Recorder
from apps.tracing.turn_trace import TurnTrace
from tests.tracing.traces import make_trace

LONG_S = 60.0


@dataclass(eq=False)
class Sink:
    """Keeps what it gets, once it may. `record` and `close` raise where they are told to."""

    error: Exception | None = None
    error_at_close: Exception | None = None
    may_go_on: threading.Event = field(default_factory=threading.Event)
    is_busy: threading.Event = field(default_factory=threading.Event)
    got: list[TurnTrace] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    closed_within_s: float | None = None

    def is_on(self) -> bool:
        return True

    def record(self, trace: TurnTrace) -> None:
        self.is_busy.set()
        self.may_go_on.wait(LONG_S)
        self.threads.add(threading.current_thread().name)
        if self.error is not None:
            raise self.error
        self.got.append(trace)

    def close(self, within_s: float) -> None:
        self.closed_within_s = within_s
        if self.error_at_close is not None:
            raise self.error_at_close


def ready(**values: Exception) -> Sink:
    sink = Sink(**values)
    sink.may_go_on.set()
    return sink


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "tracing"]


def test_every_sink_gets_every_turn_in_order_and_off_the_caller_s_thread() -> None:
    one, two = ready(), ready()
    traces = [make_trace() for _ in range(20)]
    recorder = Recorder(sinks=[one, two])
    for trace in traces:
        recorder.put(trace)
    recorder.close(within_s=LONG_S)
    assert one.got == two.got == traces
    assert one.threads == {"tracing"}
    assert one.closed_within_s is not None
    assert threads() == []


def test_without_a_sink_there_is_no_thread() -> None:
    recorder = Recorder(sinks=[])
    recorder.put(make_trace())
    recorder.start()
    assert not recorder.is_on
    assert threads() == []
    recorder.close(within_s=LONG_S)


def test_what_is_too_much_is_dropped_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    sink = Sink()
    traces = [make_trace() for _ in range(12)]
    recorder = Recorder(sinks=[sink], capacity=5)
    recorder.put(traces[0])
    assert sink.is_busy.wait(LONG_S)
    for trace in traces[1:]:
        recorder.put(trace)
    sink.may_go_on.set()
    recorder.close(within_s=LONG_S)
    assert sink.got == traces[:6]
    assert [record.message for record in caplog.records] == ["Traces dropped: too many wait"]


def test_after_a_while_it_is_said_again_with_how_many(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.tracing.recorder.TELL_EVERY_S", 0.0)
    sink = Sink()
    recorder = Recorder(sinks=[sink], capacity=0)
    for _ in range(3):
        recorder.put(make_trace())
    sink.may_go_on.set()
    recorder.close(within_s=LONG_S)
    assert [record.__dict__["n_dropped"] for record in caplog.records] == [1, 2, 3]


def test_a_sink_that_fails_keeps_no_turn_from_another_and_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    bad = ready(error=ValueError("no"), error_at_close=OSError("no"))
    good = ready()
    recorder = Recorder(sinks=[bad, good])
    for _ in range(5):
        recorder.put(make_trace())
    recorder.close(within_s=LONG_S)
    assert len(good.got) == 5
    assert good.closed_within_s is not None
    assert [(record.message, record.levelno) for record in caplog.records] == [
        ("Traces fail; this is said once", logging.ERROR)
    ]


def test_a_sink_that_hangs_holds_up_neither_a_turn_nor_the_end() -> None:
    stuck = Sink()
    recorder = Recorder(sinks=[stuck])
    for _ in range(3):
        recorder.put(make_trace())
    assert stuck.is_busy.wait(LONG_S)
    recorder.close(within_s=0.05)
    assert stuck.got == []
    stuck.may_go_on.set()


def test_what_still_waits_at_the_end_is_given_up_in_time_for_the_sinks_to_send_what_they_hold() -> None:
    class Slow(Sink):
        def record(self, trace: TurnTrace) -> None:
            self.may_go_on.wait(0.02)
            self.got.append(trace)

    slow = Slow()
    recorder = Recorder(sinks=[slow])
    for _ in range(CAPACITY):
        recorder.put(make_trace())
    recorder.close(within_s=1.0)
    assert 0 < len(slow.got) < CAPACITY
    assert slow.closed_within_s is not None
    assert slow.closed_within_s <= 0.4


def test_two_sinks_share_the_time_of_the_end() -> None:
    one, two = ready(), ready()
    recorder = Recorder(sinks=[one, two])
    recorder.put(make_trace())
    recorder.close(within_s=40.0)
    assert one.closed_within_s == pytest.approx(20.0, abs=5.0)
    assert two.closed_within_s == pytest.approx(40.0, abs=5.0)


def test_loading_comes_before_the_first_turn_and_may_fail(caplog: pytest.LogCaptureFixture) -> None:
    class Loaded(Sink):
        def load(self) -> None:
            self.got.append(make_trace(question="loaded"))

    class Broken(Sink):
        def load(self) -> None:
            raise ImportError("not installed")

    loaded, broken = Loaded(), Broken()
    loaded.may_go_on.set()
    broken.may_go_on.set()
    recorder = Recorder(sinks=[broken, loaded])
    recorder.start()
    recorder.put(make_trace(question="asked"))
    recorder.close(within_s=LONG_S)
    assert [trace.question for trace in loaded.got] == ["loaded", "asked"]
    assert len(broken.got) == 1
    assert [record.message for record in caplog.records] == ["Traces fail; this is said once"]


def test_handing_over_never_raises(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    recorder.close()
    monkeypatch.setattr(Recorder, "put", fail)
    recorder.record_turn(make_trace())
    assert [record.message for record in caplog.records] == ["Turn not traced"]


def test_a_process_without_keys_has_nothing_on_and_starts_nothing() -> None:
    recorder.close()
    assert not recorder.is_on()
    recorder.warm_up()
    recorder.record_turn(make_trace())
    assert threads() == []


def test_many_callers_at_once_lose_nothing() -> None:
    sink = ready()
    recorder = Recorder(sinks=[sink])
    callers = [
        threading.Thread(target=lambda: [recorder.put(make_trace()) for _ in range(50)], daemon=True) for _ in range(8)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    recorder.close(within_s=LONG_S)
    assert len(sink.got) == 400
    assert threads() == []
