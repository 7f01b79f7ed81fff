"""The loop that looks at rollout and alerts by itself: once a period, whichever process comes first, nobody awake.

`manage.py serve` and `manage.py watch` run it. The row `Watch` is the lease: a conditional update claims each look, and
a process that dies in the middle of one holds it for a bounded time only. Messages do not wait for the next look, and
a look does not wait for what comes after it: alerts, figures and retention may take as long as they need.
"""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from queue import SimpleQueue
from threading import Event, Thread
from typing import Protocol

from django.conf import settings
from django.db import connections
from django.db.models import F, Q
from django.utils import timezone

from apps.core.threads import give_connections_back
from apps.metrics.alerts.look import weigh_alerts
from apps.metrics.evidence.guardrails import candidates, evaluate_all
from apps.metrics.retention import prune_a_little
from apps.metrics.rollups.run import roll_up
from apps.routing.circuits import prune_outcomes
from apps.routing.delivery import deliver_due
from apps.routing.models import NotificationDelivery, Watch
from apps.routing.notifications import open_channels
from apps.routing.schedule.steps import step_schedules

logger = logging.getLogger(__name__)

#: How often somebody looks for messages that are due.
DELIVERY_INTERVAL_S = 5.0
#: Whoever claimed a look and has not ended it after so long is taken for dead.
HELD_AT_MOST_S = 120.0
#: A look begins no more rollups after it.
ROLL_UP_AT_MOST_S = 10.0
#: How long a server that stops waits for what the loop is doing, and how long the loop waits for what it is sending.
LAST_STEP_S, LAST_SEND_S = 1.5, 6.0


class Step(Protocol):
    """A part of a look. It gives lines for people to read, and may run in two processes at once after a long one."""

    def __call__(self, *, now: datetime) -> Iterable[str]: ...


def forget_outcomes(*, now: datetime) -> list[str]:
    """Circuits count the last half minute; what is older only fills the table."""
    prune_outcomes(now=now)
    return []


class EvaluationFailed(Exception):
    """`str(error)` names who could not be evaluated."""


def weigh_evidence(*, now: datetime) -> list[str]:
    """Evaluates each provider on trial. Raises EvaluationFailed where one could not be: its harm would go unseen."""
    evaluations = evaluate_all(now=now)
    missing = set(candidates()) - {evaluation.candidate for evaluation in evaluations}
    if missing:
        raise EvaluationFailed(f"{' and '.join(sorted(missing))} could not be evaluated; the log says why.")
    return [f"{evaluation.candidate}: {evaluation.summary}" for evaluation in evaluations]


class RollupFailed(Exception):
    """`str(error)` says how many stretches could not be built."""


def bring_rollups_up_to_date(*, now: datetime) -> list[str]:
    """Builds what is due for a bounded time; the next look goes on. Raises RollupFailed where some cannot be built."""
    ran = roll_up(now=now, at_most_s=ROLL_UP_AT_MOST_S)
    if ran.faults:
        raise RollupFailed(f"{len(ran.faults)} rollups could not be built; the log says why.")
    return [f"Rollups: {ran.left} more to build."] if ran.left else []


#: What a look does, in order: what follows from the evidence comes after it. One step that fails stops no other.
STEPS: tuple[Step, ...] = (forget_outcomes, weigh_evidence, step_schedules)
#: What the process that looked does after it, the lease given back. The next look waits for none of it, so harm is
#: found however long it takes.
AFTER: tuple[Step, ...] = (weigh_alerts, bring_rollups_up_to_date, prune_a_little)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look, or what came after it: what its steps said, what went wrong, a sentence each, and how long it took."""

    at: datetime
    lines: tuple[str, ...]
    faults: tuple[str, ...]
    took_ms: float


def look(*, now: datetime, is_stopping: Callable[[], bool] = lambda: False) -> Look | None:
    """Looks once, if it is time and no other process does; None otherwise.

    Told to stop, it ends after the step it is at and leaves the look to others.
    """
    if not _claim(now=now):
        return None
    ran = _run(STEPS, now=now, is_stopping=is_stopping)
    _end(
        now=now, ended_at=now + timedelta(milliseconds=ran.look.took_ms), faults=ran.look.faults, is_whole=ran.is_whole
    )
    logger.debug("Looked", extra={"began_at": now.isoformat(), "took_ms": round(ran.look.took_ms, 1)})
    return ran.look


def after_look(*, now: datetime, is_stopping: Callable[[], bool] = lambda: False) -> Look:
    """What comes after the look of that moment. Its faults stand beside the look's own until the next look."""
    ran = _run(AFTER, now=now, is_stopping=is_stopping).look
    mine = Watch.objects.filter(pk=Watch.ONLY_ID, began_at=now, by=holder())
    if ran.faults and (row := mine.first()) is not None:
        mine.update(error="\n".join(filter(None, (row.error, *ran.faults))))
    return ran


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ran:
    look: Look
    #: Nobody told it to stop in the middle.
    is_whole: bool


def _run(steps: Iterable[Step], *, now: datetime, is_stopping: Callable[[], bool]) -> _Ran:
    lines: list[str] = []
    faults: list[str] = []
    began, is_whole = time.monotonic(), True
    for step in steps:
        if is_stopping():
            is_whole = False
            break
        try:
            lines += step(now=now)
        except Exception as error:
            name = getattr(step, "__name__", type(step).__name__)
            logger.exception("Step of a look failed", extra={"step": name})
            # Not its message: that may quote what is in a row.
            faults.append(f"{name} failed ({type(error).__name__}); the log says where.")
    took_ms = (time.monotonic() - began) * 1000
    return _Ran(look=Look(at=now, lines=tuple(lines), faults=tuple(faults), took_ms=took_ms), is_whole=is_whole)


def due_in_s(*, now: datetime) -> float:
    """Seconds until the next look is due, at most a period."""
    began_at = Watch.objects.filter(pk=Watch.ONLY_ID).values_list("began_at", flat=True).first()
    if began_at is None:
        return 0.0
    left_s = settings.WATCH_INTERVAL_S - (now - began_at).total_seconds()
    return min(max(left_s, 0.0), settings.WATCH_INTERVAL_S)


def run_watch(
    *,
    stop: Event,
    when_looked: Callable[[Look], None] = lambda _: None,
    when_after: Callable[[Look], None] = lambda _: None,
) -> None:
    """Looks, and delivers messages, until `stop` is set; whatever goes wrong is logged and tried again.

    Each channel has a thread of its own, and so has what comes after a look: a mail server that hangs delays neither
    the webhook nor a look, and an alert that takes long delays no look.
    """
    looked_at: SimpleQueue[datetime | None] = SimpleQueue()
    afterwards = Thread(target=_after_looks, args=(looked_at, stop, when_after), name="watch-after", daemon=True)
    afterwards.start()
    deliveries = [
        Thread(target=_repeat, args=(partial(_deliver, channel, stop), stop), name=f"watch-{channel}", daemon=True)
        for channel in open_channels()
    ]
    for thread in deliveries:
        thread.start()
    _repeat(partial(_look_if_due, stop, when_looked, looked_at), stop)
    looked_at.put(None)
    for thread in (*deliveries, afterwards):
        thread.join(LAST_SEND_S)
    logger.debug("Watch ended")


def start_watch() -> Callable[[], None]:
    """Runs the loop in a thread; what it gives stops it and waits for what it is doing, but not for long."""
    stop = Event()
    thread = Thread(target=run_watch, kwargs={"stop": stop}, name="watch", daemon=True)
    thread.start()

    def end() -> None:
        stop.set()
        thread.join(LAST_STEP_S)

    return end


def holder() -> str:
    """This process, as the row names it."""
    return f"{socket.gethostname()}:{os.getpid()}"[:150]


def _claim(*, now: datetime) -> bool:
    due = Q(began_at__lte=now - timedelta(seconds=settings.WATCH_INTERVAL_S))
    held_too_long = Q(began_at__lte=now - timedelta(seconds=_held_at_most_s()))
    # A clock that was wrong and is right again would otherwise keep everybody waiting.
    from_the_future = Q(began_at__gt=now + timedelta(seconds=_held_at_most_s()))
    free = Q(began_at=None) | due & Q(ended_at__isnull=False) | held_too_long | from_the_future
    claim = partial(Watch.objects.filter(free, pk=Watch.ONLY_ID).update, began_at=now, ended_at=None, by=holder())
    if claim():
        return True
    if Watch.objects.filter(pk=Watch.ONLY_ID).exists():
        return False
    Watch.objects.bulk_create([Watch()], ignore_conflicts=True)
    return bool(claim())


def _held_at_most_s() -> float:
    return max(HELD_AT_MOST_S, 2 * settings.WATCH_INTERVAL_S)


def _end(*, now: datetime, ended_at: datetime, faults: Iterable[str], is_whole: bool) -> None:
    """Notes how it went, unless another process has taken this one for dead and looks itself."""
    mine = Watch.objects.filter(pk=Watch.ONLY_ID, began_at=now, by=holder())
    began_at = F("began_at") if is_whole else None
    if not mine.update(began_at=began_at, ended_at=ended_at, error="\n".join(faults)):
        logger.warning("A look took so long that another process began the next", extra={"by": holder()})


def _after_looks(looked_at: SimpleQueue[datetime | None], stop: Event, when_after: Callable[[Look], None]) -> None:
    """Does what comes after each look, until None; of looks that came while it was at it, after the last alone."""
    while (now := _newest(looked_at)) is not None:
        try:
            ran = after_look(now=now, is_stopping=stop.is_set)
            when_after(ran)
        except Exception:
            logger.exception("What comes after a look failed")
        finally:
            give_connections_back()
    connections.close_all()


def _newest(looked_at: SimpleQueue[datetime | None]) -> datetime | None:
    now = looked_at.get()
    while now is not None and not looked_at.empty():
        now = looked_at.get()
    return now


def _look_if_due(stop: Event, when_looked: Callable[[Look], None], looked_at: SimpleQueue[datetime | None]) -> float:
    """Looks where it is time; seconds until it may be time again."""
    wait_s = due_in_s(now=timezone.now())
    if wait_s == 0:
        looked = look(now=timezone.now(), is_stopping=stop.is_set)
        if looked is not None:
            when_looked(looked)
            if not looked_at.empty():
                logger.warning("Alerts, figures and retention are behind: what came after an earlier look still runs")
            looked_at.put(looked.at)
        # Whoever holds it may end, or die, at any moment.
        wait_s = due_in_s(now=timezone.now()) or min(1.0, settings.WATCH_INTERVAL_S)
    return wait_s


def _deliver(channel: NotificationDelivery.Channel, stop: Event) -> float:
    deliver_due(now=timezone.now(), channels=[channel], is_stopping=stop.is_set)
    return DELIVERY_INTERVAL_S


def _repeat(action: Callable[[], float], stop: Event) -> None:
    """Runs it again and again, each time after as many seconds as it says. Nothing it does ends its process.

    A fault that lasts is logged once, and once more when it is over.
    """
    fault: type[Exception] | None = None
    wait_s = 0.0
    while not stop.wait(wait_s):
        try:
            wait_s = action()
        except Exception as error:
            if type(error) is not fault:
                logger.exception("The watch failed and goes on trying")
            fault, wait_s = type(error), DELIVERY_INTERVAL_S
        else:
            if fault is not None:
                logger.warning("The watch works again")
            fault = None
        finally:
            # Between two looks a pooled connection is for others.
            give_connections_back()
    connections.close_all()
