"""The breaker's rule as a table: what opens a circuit, whose answer closes it, when it is probed."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.routing.breaker import Opening, Outcome, State, Window, counts_against, is_of_a_probe, opening, probe_due_at

CUT = Outcome(ok=False, code="cut")
OK = Outcome(ok=True)


def at(seconds: float) -> datetime:
    return datetime(2026, 11, 27, 9, 14, tzinfo=UTC) + timedelta(seconds=seconds)


def since(seconds: float, *, ok: bool = False) -> Outcome:
    """An outcome whose try began then."""
    return Outcome(ok=ok, code="" if ok else "cut", began_at=at(seconds))


@pytest.mark.parametrize(
    ("n_ok", "failures", "opens"),
    [
        (0, {"cut": 1}, None),
        (0, {"cut": 4}, None),
        (0, {"cut": 5}, Opening(code="cut", n_failed=5, n_outcomes=5)),
        (1, {"cut": 5}, Opening(code="cut", n_failed=5, n_outcomes=6)),
        (5, {"cut": 5}, Opening(code="cut", n_failed=5, n_outcomes=10)),
        (6, {"cut": 5}, None),
        (100, {"cut": 99}, None),
        (100, {"cut": 100}, Opening(code="cut", n_failed=100, n_outcomes=200)),
        (0, {"server_error": 4, "cut": 1}, Opening(code="server_error", n_failed=5, n_outcomes=5)),
        (0, {"server_error": 3, "cut": 3}, Opening(code="cut", n_failed=6, n_outcomes=6)),
    ],
)
def test_a_circuit_opens_at_five_failures_that_are_half_of_all_answers(
    n_ok: int, failures: dict[str, int], opens: Opening | None
) -> None:
    assert opening(CUT, Window(n_ok=n_ok, failures=failures)) == opens


def test_one_failure_that_no_waiting_mends_is_enough_however_many_answers_were_good() -> None:
    refused = Outcome(ok=False, code="unauthorized", opens=True)
    assert opening(refused, Window(n_ok=1_000, failures={"unauthorized": 1})) == Opening(code="unauthorized")


CLOSED = State()
OPEN = State(opened_at=at(0))
PROBED = State(opened_at=at(0), probe_at=at(5))
CLOSED_AGAIN = State(opened_at=at(0), probe_at=at(5), closed_at=at(7))


@pytest.mark.parametrize(
    ("state", "outcome", "counts"),
    [
        (CLOSED, CUT, True),
        (CLOSED, since(-60), True),
        (CLOSED, OK, False),
        (OPEN, CUT, False),
        (PROBED, since(5), False),
        (CLOSED_AGAIN, since(8), True),
        (CLOSED_AGAIN, since(7), True),
        # Under way when the circuit closed: it failed at the outage that is over.
        (CLOSED_AGAIN, since(6.9), False),
        (CLOSED_AGAIN, since(-1), False),
        (CLOSED_AGAIN, CUT, True),
    ],
)
def test_a_failure_counts_while_closed_unless_it_began_before_the_last_closing(
    state: State, outcome: Outcome, counts: bool
) -> None:
    assert counts_against(state, outcome) is counts


@pytest.mark.parametrize(
    ("state", "outcome", "is_probe"),
    [
        (CLOSED, OK, False),
        (CLOSED_AGAIN, since(8, ok=True), False),
        (OPEN, since(5, ok=True), True),
        (PROBED, since(5, ok=True), True),
        (PROBED, since(5), True),
        # Begun before the outage and answered during it: it says nothing about now.
        (PROBED, since(-2, ok=True), False),
        # Where nobody says when it began, it is a probe's only if a turn has been let through.
        (OPEN, OK, False),
        (PROBED, OK, True),
    ],
)
def test_only_a_try_that_began_while_open_says_how_the_provider_does_now(
    state: State, outcome: Outcome, is_probe: bool
) -> None:
    assert is_of_a_probe(state, outcome) is is_probe


@pytest.mark.parametrize(
    ("state", "every_s", "due"),
    [
        (CLOSED, 5, None),
        (CLOSED_AGAIN, 5, None),
        (OPEN, 5, at(5)),
        (PROBED, 5, at(10)),
        (PROBED, 30, at(35)),
    ],
)
def test_a_probe_is_due_so_long_after_the_opening_and_after_the_probe_before(
    state: State, every_s: float, due: datetime | None
) -> None:
    assert probe_due_at(state, every_s=every_s) == due
