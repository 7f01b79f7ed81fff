"""A backend failure counts against the session's own provider, whoever answered in the end."""

import pytest

from apps.routing.choose import Reason
from apps.routing.errors import NoProvider
from tests.metrics.evidence.rollouts import RESCUE, Try, counted, make_rollout, make_session, make_turn

pytestmark = pytest.mark.django_db
FAILED = Try(provider="workflow", error="cut")
ROUTED = {"bucket_map", "assignment", "default"}


@pytest.fixture(autouse=True)
def _rollout() -> None:
    make_rollout()


def test_a_turn_that_another_provider_rescued_counts_against_the_one_that_failed() -> None:
    make_turn(make_session(), tries=[FAILED, Try(provider="responses")])
    make_turn(make_session("responses"))
    assert counted("backend_failures") == ((1, 1), (0, 1))


def test_a_failure_of_a_guest_is_in_neither_arm() -> None:
    make_turn(make_session(), tries=[FAILED, Try(provider="responses", error="cut"), RESCUE])
    make_turn(make_session("responses"), tries=[Try(provider="responses"), Try(provider="workflow", error="cut")])
    assert counted("backend_failures") == ((1, 1), (0, 1))


def test_turns_served_for_another_provider_are_no_turns_of_the_one_that_served() -> None:
    make_turn(make_session(), tries=[FAILED, Try(provider="responses")], latency_ms=90_000.0)
    assert counted("slow_answers") == ((1, 1), (0, 0))


def test_a_session_counts_once_however_often_it_was_hurt() -> None:
    session = make_session()
    for _ in range(3):
        make_turn(session, tries=[FAILED, FAILED, RESCUE])
    make_turn(session)
    assert counted("backend_failures") == ((1, 1), (0, 0))


def test_what_begins_while_a_circuit_is_open_says_nothing_of_either() -> None:
    make_turn(make_session(), reason="circuit_open", tries=[Try(provider="responses")])
    make_turn(make_session(), met_open_circuit=True, tries=[FAILED, RESCUE])
    make_turn(make_session("responses"), met_open_circuit=True)
    assert counted("backend_failures") == ((0, 0), (0, 0))


@pytest.mark.parametrize("code", ["rejected", "content_filter", "unauthorized", "first_text_timeout", "internal"])
def test_an_error_that_the_person_read_is_harm_whoever_is_at_fault(code: str) -> None:
    make_turn(make_session(), status="failed", error=code, tries=[Try(provider="workflow", error=code)])
    assert counted("backend_failures") == ((1, 1), (0, 0))


@pytest.mark.parametrize("code", ["stopped", "not_configured"])
def test_a_fault_that_says_nothing_about_the_backend_is_neither_good_nor_bad(code: str) -> None:
    left_out = Try(provider="workflow", error=code)
    make_turn(make_session(), tries=[left_out, RESCUE])
    make_turn(make_session(), tries=[left_out, FAILED, RESCUE])
    assert counted("backend_failures") == ((1, 1), (0, 0))


def test_an_answer_that_the_person_stopped_is_neither_good_nor_bad() -> None:
    make_turn(make_session(), status="interrupted", tries=[Try(provider="workflow", is_cut=True)])
    assert counted("backend_failures") == ((0, 0), (0, 0))


def test_a_failure_before_the_person_stopped_its_replacement_counts() -> None:
    make_turn(make_session(), status="interrupted", tries=[FAILED, Try(provider="analyst", is_cut=True)])
    assert counted("backend_failures") == ((1, 1), (0, 0))


def test_a_turn_whose_process_died_or_that_still_runs_is_not_looked_at() -> None:
    make_turn(make_session(), status="interrupted", error="abandoned", latency_ms=None)
    make_turn(make_session(), status="started", latency_ms=None)
    assert counted("backend_failures") == ((0, 0), (0, 0))


@pytest.mark.parametrize("reason", sorted({*Reason.values, NoProvider.code, "snapshot"} - {"override"}))
def test_only_turns_that_went_where_routing_meant_them_to_are_looked_at(reason: str) -> None:
    make_turn(make_session(), reason=reason, tries=[FAILED, RESCUE])
    make_turn(make_session("responses"), reason=reason, tries=[Try(provider="responses", error="cut"), RESCUE])
    bad = (1, 1) if reason in ROUTED else (0, 0)
    assert counted("backend_failures") == (bad, bad)
