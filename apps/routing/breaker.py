"""When a provider's circuit opens, closes and is probed: values in, value out, and the clock is given.

Closed, its turns go to it. Open, they go to the next on the fallback chain, but for one turn every few seconds, the
probe: its success closes the circuit, its failure leaves it open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

#: A circuit opens at this many failures within the window, where they are at least this part of all its answers.
MIN_FAILURES = 5
MIN_FAILURE_RATE = 0.5
WINDOW_S = 30
#: While it is open, one turn of the whole installation is let through this often.
PROBE_INTERVAL_S = 5
#: A turn that falls back from another provider probes only where no turn of its own has for this long.
FALLBACK_PROBE_INTERVAL_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one try of a provider ended. `began_at` is None where it is not known when the try began."""

    ok: bool
    code: str = ""
    #: No waiting mends it: the circuit opens at this one alone.
    opens: bool = False
    began_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The outcomes that count, this one among them: how many ended well, how many failed by code."""

    n_ok: int
    failures: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Why a circuit opens. Both counts are 0 where one answer was enough."""

    code: str
    n_failed: int = 0
    n_outcomes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One circuit: open from `opened_at` until `closed_at`, never opened where both are None."""

    opened_at: datetime | None = None
    closed_at: datetime | None = None
    probe_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.opened_at is not None and self.closed_at is None


def is_of_a_probe(state: State, outcome: Outcome) -> bool:
    """Whether the circuit is open and this outcome tells how the provider does now: its try began after the opening."""
    if state.opened_at is None or state.closed_at is not None:
        return False
    return state.probe_at is not None if outcome.began_at is None else outcome.began_at >= state.opened_at


def counts_against(state: State, outcome: Outcome) -> bool:
    """Whether this failure can open the circuit: it is closed, and the try did not begin before it was closed."""
    if outcome.ok or state.is_open:
        return False
    return state.closed_at is None or outcome.began_at is None or outcome.began_at >= state.closed_at


def opening(outcome: Outcome, window: Window) -> Opening | None:
    """Why the circuit opens at a failure that counts; None where it stays closed."""
    if outcome.opens:
        return Opening(code=outcome.code)
    n_failed = sum(window.failures.values())
    n_outcomes = n_failed + window.n_ok
    if n_failed < MIN_FAILURES or n_failed < MIN_FAILURE_RATE * n_outcomes:
        return None
    # The code seen most often speaks for them all; among equals the last one does.
    code = max(window.failures, key=lambda name: (window.failures[name], name == outcome.code))
    return Opening(code=code, n_failed=n_failed, n_outcomes=n_outcomes)


def probe_due_at(state: State, *, every_s: float = PROBE_INTERVAL_S) -> datetime | None:
    """When the next turn may be let through; None for a circuit that is not open."""
    if state.opened_at is None or not state.is_open:
        return None
    return max(state.opened_at, state.probe_at or state.opened_at) + timedelta(seconds=every_s)
