"""Harm is found while few people have met it: medians of simulated rollouts, a look after every bad session."""

import numpy as np
import pytest

from apps.routing.evidence.guardrails import alphas
from apps.routing.evidence.processes import ABOVE, log_e_of_ratio
from tests.routing.evidence.rollouts import Rollouts, Stage, first_time

ALPHA = 0.01


def found(stage: Stage, *, alpha: float, seed: int = 21) -> tuple[float, float]:
    """The median number of sessions until the alarm, and of the candidate's bad ones among them."""
    rollouts = Rollouts.draw([stage], repetitions=600, rng=np.random.default_rng(seed))
    counts, sessions = rollouts.at_each_bad_session()
    reached = log_e_of_ratio(counts, ratio=1.0, mixture=ABOVE) >= -np.log(alpha)
    failures = first_time(reached, counts.candidate.sum(axis=-1).astype(int))
    return float(np.median(first_time(reached, sessions))), float(np.median(failures))


@pytest.mark.parametrize(
    ("base", "ratio", "most_sessions", "most_failures"),
    [(0.01, 10, 500, 6), (0.01, 30, 150, 5), (0.02, 15, 160, 5)],
)
def test_many_times_the_failures_are_found_at_a_tenth_of_the_sessions(
    base: float, ratio: float, most_sessions: int, most_failures: int
) -> None:
    stage = Stage(share=0.1, n=3000, base=base, ratio=ratio)
    sessions, failures = found(stage, alpha=alphas(ALPHA)["backend_failures"])
    assert sessions <= most_sessions
    assert failures <= most_failures


def test_three_times_the_failures_are_found_at_half_of_the_sessions() -> None:
    sessions, _ = found(Stage(share=0.5, n=6000, base=0.01, ratio=3), alpha=alphas(ALPHA)["backend_failures"])
    assert sessions <= 2200


def test_a_latency_tail_that_is_1_6_times_as_long_is_found_within_400_sessions() -> None:
    # Log-normal latency with sigma 0.5: 24 % instead of 5 % of the sessions pass the control's p95.
    sessions, _ = found(Stage(share=0.1, n=2000, base=0.05, ratio=4.81), alpha=ALPHA)
    assert sessions <= 400


def test_harm_found_in_an_outage_is_harm_of_the_candidate() -> None:
    # Both arms at 20 %, the candidate at four times that: what both share does not hide it.
    sessions, _ = found(Stage(share=0.1, n=1000, base=0.2, ratio=4), alpha=ALPHA)
    assert sessions <= 120
