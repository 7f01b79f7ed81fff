"""Hands each finished turn to whoever wants to see it, off the request path: a person waits for a queue and no more.

A sink is a module that turns a `TurnTrace` into what somebody else's server or a counter takes. One thread feeds them
all, one turn after another. It begins with the first turn and only where a sink is on; whatever a sink or its server
does, a turn goes on, and a process ends in bounded time.
"""

import atexit
import logging
import os
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Protocol, cast

from apps.tracing.turn_trace import TurnTrace

logger = logging.getLogger(__name__)

#: Who may want to see a turn, by name.
SINKS = {
    "langfuse": "apps.tracing.langfuse",
    "sentry": "apps.tracing.sentry",
    "prometheus": "apps.tracing.prometheus",
}
#: Turns that may wait for the thread. One with its text is some tens of kilobytes.
CAPACITY = 1_000
#: A turn is handed over before its last event is sent; that goes first.
PAUSE_S = 0.05
#: What a process that ends gives all sinks together; it is gone within three seconds.
CLOSE_WITHIN_S = 2.5
#: Of that, the part in which turns that still wait are given to the sinks; the rest is for sending what they hold.
DRAIN_PART = 0.6
#: Dropped turns are told of no more often than this.
TELL_EVERY_S = 60.0


class Sink(Protocol):
    """What the module of a sink has. It may have `load()` as well, for an import that takes long: it comes first.

    `is_on` is asked once and must cost nothing. `record` and `close` are called in the recorder's thread alone, where
    `record` may take a few milliseconds but not wait for a server; `close` sends what is held, if that can be done
    in the time it gets.
    """

    def is_on(self) -> bool: ...

    def record(self, trace: TurnTrace) -> None: ...

    def close(self, within_s: float) -> None: ...


class Recorder:
    """A queue, and the thread that gives each turn in it to every sink."""

    def __init__(self, *, sinks: Sequence[Sink], capacity: int = CAPACITY) -> None:
        self._sinks = tuple(sinks)
        self._capacity = capacity
        self._waiting: SimpleQueue[TurnTrace | None] = SimpleQueue()
        self._starting = Lock()
        self._thread: Thread | None = None
        self._is_closing = Event()
        #: Set by `close`: until when turns are given to the sinks, and until when these may send.
        self._drain_by = self._closed_by = float("inf")
        self._n_dropped = 0
        self._told_at = float("-inf")
        self._failed: set[int] = set()

    @property
    def is_on(self) -> bool:
        return bool(self._sinks)

    def start(self) -> None:
        """Starts the thread, if there is anybody to feed and it does not run."""
        with self._starting:
            if self._sinks and self._thread is None:
                self._thread = Thread(target=self._run, name="tracing", daemon=True)
                self._thread.start()

    def put(self, trace: TurnTrace) -> None:
        """Takes the turn, or drops it where as many wait as may."""
        if not self._sinks:
            return
        if self._thread is None:
            self.start()
        if self._waiting.qsize() >= self._capacity:
            self._drop()
        else:
            self._waiting.put(trace)

    def close(self, *, within_s: float) -> None:
        """Gives the sinks what waits, and lets them send what they hold, for so long at most."""
        thread = self._thread
        if thread is None:
            return
        now = time.monotonic()
        self._drain_by, self._closed_by = now + within_s * DRAIN_PART, now + within_s
        self._is_closing.set()
        self._waiting.put(None)
        thread.join(within_s)

    def _run(self) -> None:
        for sink in self._sinks:
            self._load(sink)
        for trace in self._turns():
            for sink in self._sinks:
                self._give(sink, trace)
        for position, sink in enumerate(self._sinks):
            left_s = max(0.0, self._closed_by - time.monotonic())
            try:
                sink.close(left_s / (len(self._sinks) - position))
            except Exception as error:  # the edge of a sink: the next one closes all the same
                self._tell_failure(sink, error)

    def _turns(self) -> Iterator[TurnTrace]:
        while True:
            is_idle = self._waiting.empty()
            trace = self._waiting.get()
            if is_idle:
                self._is_closing.wait(PAUSE_S)
            if trace is None or time.monotonic() > self._drain_by:
                return
            yield trace

    def _load(self, sink: Sink) -> None:
        try:
            getattr(sink, "load", _nothing)()
        except Exception as error:  # the edge of a sink: `record` meets the same and costs nobody anything
            self._tell_failure(sink, error)

    def _give(self, sink: Sink, trace: TurnTrace) -> None:
        try:
            sink.record(trace)
        except Exception as error:  # the edge of a sink: the others get the turn all the same
            self._tell_failure(sink, error)

    def _tell_failure(self, sink: Sink, error: Exception) -> None:
        if id(sink) not in self._failed:
            self._failed.add(id(sink))
            name = getattr(sink, "__name__", type(sink).__name__)
            logger.error("Traces fail; this is said once", extra={"sink": name}, exc_info=error)

    def _drop(self) -> None:
        self._n_dropped += 1
        now = time.monotonic()
        if now - self._told_at >= TELL_EVERY_S:
            self._told_at = now
            logger.warning("Traces dropped: too many wait", extra={"n_dropped": self._n_dropped})


_recorder: Recorder | None = None
_making = Lock()


def is_on() -> bool:
    """Whether anybody wants to see turns; otherwise there is no use in putting a trace together."""
    return _current().is_on


def record_turn(trace: TurnTrace) -> None:
    """Takes a turn that has ended. Costs its caller some microseconds and never raises."""
    try:
        _current().put(trace)
    except Exception:  # the outermost edge: the turn has its row and its answer
        logger.exception("Turn not traced")


def warm_up() -> None:
    """Loads what the sinks need, in their thread, before the first turn wants it."""
    _current().start()


def close(within_s: float = CLOSE_WITHIN_S) -> None:
    """Sends what is held, for so long at most. A turn that ends later begins anew."""
    global _recorder
    with _making:
        recorder, _recorder = _recorder, None
    if recorder is not None:
        recorder.close(within_s=within_s)


def _current() -> Recorder:
    global _recorder
    recorder = _recorder
    if recorder is None:
        with _making:
            if _recorder is None:
                modules = [cast(Sink, import_module(path)) for path in SINKS.values()]
                _recorder = Recorder(sinks=[module for module in modules if module.is_on()])
            recorder = _recorder
    return recorder


def _nothing() -> None:
    pass


def _forget() -> None:
    """In a process that has just been forked: the thread stayed behind, and what waits is for the other to send."""
    global _recorder, _making
    _recorder, _making = None, Lock()


atexit.register(close)
os.register_at_fork(after_in_child=_forget)
