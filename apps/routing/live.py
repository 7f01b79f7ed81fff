"""How many sessions live and how many answers run, as told by whoever keeps the log.

Routing lies below the log and cannot read it: the log hands its reader up here once, when it starts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """By provider: `running` answers by who serves them now, live `sessions` by who they belong to."""

    running: Mapping[str, int] = field(default_factory=dict)
    sessions: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_running(self) -> int:
        return sum(self.running.values())

    @property
    def n_sessions(self) -> int:
        return sum(self.sessions.values())


_readers: list[Callable[[], Live]] = []


def read_live_with(reader: Callable[[], Live]) -> None:
    """From now on `live_now` asks this reader."""
    _readers[:] = [reader]


def live_now() -> Live:
    """Counts of this moment; empty where nobody keeps a log."""
    return _readers[0]() if _readers else Live()
