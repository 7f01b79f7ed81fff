"""An open circuit as a decision and a page see it: since when, why, and when a turn may try the provider again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.routing.breaker import WINDOW_S
from apps.routing.failure_codes import failure_code


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCircuit:
    """`as_of` is when it was looked at. `may_probe`: the next turn may be let through."""

    opened_at: datetime
    as_of: datetime
    code: str
    n_failed: int
    n_outcomes: int
    next_probe_at: datetime
    may_probe: bool = False
    #: When the last turn that was let through failed, and how.
    probe_failed_at: datetime | None = None
    probe_code: str = ""

    @property
    def since(self) -> str:
        """The end of a sentence: "open since 09:14:05 UTC (5 of 6 answers failed in 30 s)"."""
        why = evidence(code=self.code, n_failed=self.n_failed, n_outcomes=self.n_outcomes)
        return f"open since {clock(self.opened_at, as_of=self.as_of)} ({why})"

    @property
    def last_code(self) -> str:
        """The error class that stands in the way now: the last try's, or the one that opened it."""
        return self.probe_code or self.code


def evidence(*, code: str, n_failed: int, n_outcomes: int) -> str:
    """What a circuit opened by: counts, or the one answer that was enough."""
    if n_outcomes:
        return f"{n_failed} of {n_outcomes} answers failed in {WINDOW_S} s"
    return failure_code(code).label


def clock(at: datetime, *, as_of: datetime) -> str:
    """A time of day; with its day where that is not the one of `as_of`."""
    if at.date() == as_of.date():
        return f"{at:%H:%M:%S} UTC"
    return f"{at.day} {at:%b}, {at:%H:%M:%S} UTC"


def circuit_of(provider: str) -> str:
    return f"{provider}' circuit" if provider.endswith("s") else f"{provider}'s circuit"


def duration(length: timedelta) -> str:
    """How long, as people say it: "8 s", "5 min 12 s", "2 h 5 min"."""
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
