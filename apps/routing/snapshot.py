"""The rollout as this process last read it, kept for the minutes in which the database cannot be reached."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from apps.routing.models import Rollout

#: Up to this age, in seconds, its bucket map still decides; its stops are respected at any age.
MAX_AGE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """`read_at` is a monotonic reading in seconds."""

    salt: str
    shares: Mapping[str, int]
    bucket_map: str
    killed: frozenset[str]
    read_at: float
    #: Who serves instead of the default provider, while that one is stopped.
    instead: str = ""


_last: Snapshot | None = None


def keep(rollout: Rollout) -> None:
    """Remembers a row that was just read; called at every turn."""
    global _last  # one for the whole process
    _last = Snapshot(
        salt=rollout.salt,
        shares=rollout.shares,
        bucket_map=rollout.bucket_map,
        killed=rollout.killed,
        read_at=time.monotonic(),
        instead=rollout.instead,
    )


def last() -> Snapshot | None:
    """What was kept last; None where this process has read no rollout yet."""
    return _last
