"""Slow sessions and failed tools: where a wait becomes too long, and whose tool call counts."""

import pytest

from tests.metrics.evidence.rollouts import RESCUE, Call, Try, counted, make_rollout, make_session, make_turn

pytestmark = pytest.mark.django_db
FAILED = Try(provider="workflow", error="cut")
BAD, GOOD, SAYS_NOTHING = (1, 1), (0, 1), (0, 0)


@pytest.fixture(autouse=True)
def _rollout(settings) -> None:
    settings.TTFT_OBJECTIVE_MS, settings.LATENCY_OBJECTIVE_MS = 3000.0, 20_000.0
    make_rollout()


@pytest.mark.parametrize(
    ("status", "ttft_ms", "latency_ms", "expected"),
    [
        ("succeeded", 3000.0, 4000.0, GOOD),
        ("succeeded", 3000.1, 4000.0, BAD),
        ("failed", 500.0, 4000.0, GOOD),
        ("failed", None, 100.0, BAD),
        ("interrupted", 3000.1, 4000.0, BAD),
        ("interrupted", 500.0, 4000.0, GOOD),
        ("interrupted", None, 3000.0, SAYS_NOTHING),
        ("interrupted", None, 3000.1, BAD),
    ],
)
def test_a_first_text_beyond_the_objective_is_slow(status, ttft_ms, latency_ms, expected) -> None:
    make_turn(make_session(), status=status, ttft_ms=ttft_ms, latency_ms=latency_ms)
    assert counted("slow_first_text") == (expected, SAYS_NOTHING)


@pytest.mark.parametrize(
    ("status", "latency_ms", "expected"),
    [
        ("succeeded", 20_000.0, GOOD),
        ("succeeded", 20_000.1, BAD),
        ("failed", 20_000.1, BAD),
        ("failed", 100.0, GOOD),
        ("interrupted", 20_000.1, BAD),
        ("interrupted", 20_000.0, SAYS_NOTHING),
    ],
)
def test_an_answer_beyond_the_objective_is_slow(status, latency_ms, expected) -> None:
    make_turn(make_session("responses"), status=status, latency_ms=latency_ms)
    assert counted("slow_answers") == (SAYS_NOTHING, expected)


def test_the_objectives_are_settings(settings) -> None:
    make_turn(make_session(), ttft_ms=500.0, latency_ms=4000.0)
    settings.TTFT_OBJECTIVE_MS, settings.LATENCY_OBJECTIVE_MS = 499.0, 3999.0
    assert counted("slow_first_text") == (BAD, SAYS_NOTHING)
    assert counted("slow_answers") == (BAD, SAYS_NOTHING)


def test_a_failed_tool_call_counts() -> None:
    make_turn(make_session(), calls=[Call(), Call(error_code="source_unavailable")])
    make_turn(make_session("responses"), calls=[Call()])
    assert counted("tool_failures") == (BAD, GOOD)


def test_a_failed_tool_call_of_another_provider_is_not_the_session_s_provider_s() -> None:
    make_turn(make_session(), tries=[FAILED, RESCUE], calls=[Call(error_code="source_unavailable", attempt=2)])
    assert counted("tool_failures") == (GOOD, SAYS_NOTHING)


def test_a_failed_tool_call_of_an_attempt_that_was_given_up_counts() -> None:
    make_turn(make_session(), tries=[FAILED, RESCUE], calls=[Call(error_code="source_unavailable", attempt=1)])
    assert counted("tool_failures") == (BAD, SAYS_NOTHING)


def test_a_tool_call_that_the_person_cut_short_did_not_fail() -> None:
    cut = [Try(provider="workflow", is_cut=True)]
    make_turn(make_session(), status="interrupted", tries=cut, calls=[Call(error_code="unfinished")])
    assert counted("tool_failures") == (SAYS_NOTHING, SAYS_NOTHING)
    make_turn(make_session(), status="interrupted", tries=cut, calls=[Call(error_code="source_unavailable")])
    assert counted("tool_failures") == (BAD, SAYS_NOTHING)


def test_a_tool_call_that_broke_off_with_its_provider_failed() -> None:
    make_turn(make_session(), tries=[FAILED, RESCUE], calls=[Call(error_code="unfinished", attempt=1)])
    assert counted("tool_failures") == (BAD, SAYS_NOTHING)
