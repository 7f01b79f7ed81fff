"""The counts of this moment in sentences: who lives, who still answers, and whether anybody watches."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from apps.routing.live import Live
from apps.routing.models import Watch
from apps.routing.open_circuit import duration
from apps.routing.overview import Stop
from apps.routing.stops import DRAIN_DEADLINE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchNote:
    """Whether automation looks. `is_silent`: nobody would see harm now."""

    sentence: str
    is_silent: bool


def live_note(live: Live) -> str:
    """ "312 live sessions: 234 of responses, 78 of workflow. 41 answers are running." """
    if not live.n_sessions:
        return "No session has asked anything in the last 30 minutes."
    parts = sorted(live.sessions.items(), key=lambda pair: -pair[1])
    by = ", ".join(f"{n:,} of {name}" for name, n in parts)
    running = f" {_answers(live.n_running)} running." if live.n_running else " No answer is running."
    return f"{_sessions(live.n_sessions)}: {by}.{running}"


def running_note(n_running: int) -> str:
    """What a stop means for those who are being answered now."""
    if not n_running:
        return "If stopped: no answer is running, 0 new ones start."
    answers = "running answers" if n_running > 1 else "running answer"
    return f"If stopped: {n_running:,} {answers} may finish for {DRAIN_DEADLINE_S:g} s, 0 new ones start."


def drain_note(stop: Stop, n_running: int, *, now: datetime) -> str:
    """What still runs on a stopped provider, and until when at most."""
    if not n_running:
        return "None of its answers runs any more."
    if stop.is_cut or stop.at is None:
        return f"{_answers(n_running)} being cut."
    ends_at = stop.at + timedelta(seconds=DRAIN_DEADLINE_S)
    if now >= ends_at:
        return f"{_answers(n_running)} ending now; one whose process died is closed by the next sweep."
    return f"{_answers(n_running)} still running, until {ends_at:%H:%M:%S} UTC at most."


def silent_after() -> timedelta:
    """Twice the time between two looks, and a minute for a slow one."""
    return timedelta(seconds=2 * settings.WATCH_INTERVAL_S, minutes=1)


def watch_note(*, now: datetime) -> WatchNote:
    watch = Watch.objects.filter(pk=Watch.ONLY_ID).first()
    if watch is None or watch.began_at is None:
        return WatchNote(
            sentence="Automation has never looked: no stage begins by itself and harm goes unseen. "
            "Start manage.py watch.",
            is_silent=True,
        )
    ago = now - watch.began_at
    if ago > silent_after():
        return WatchNote(
            sentence=f"Automation last looked {duration(ago)} ago: no stage begins by itself and harm goes unseen. "
            "Start manage.py watch.",
            is_silent=True,
        )
    if watch.error:
        return WatchNote(sentence=f"Automation looked {duration(ago)} ago and failed: {watch.error}", is_silent=True)
    return WatchNote(sentence=f"Automation looked {duration(max(ago, timedelta(0)))} ago.", is_silent=False)


def _sessions(n: int) -> str:
    return f"{n:,} live session{'' if n == 1 else 's'}"


def _answers(n: int) -> str:
    return f"{n:,} answer is" if n == 1 else f"{n:,} answers are"
