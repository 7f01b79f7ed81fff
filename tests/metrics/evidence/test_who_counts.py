"""Which sessions are evidence: drawn by the map while both could get them, untouched by staff and by stops."""

from datetime import timedelta

import pytest

from apps.metrics.models import RequestLog
from apps.routing.kills import kill, unkill
from apps.routing.models import Rollout, RolloutChange, SessionPin
from tests.metrics.evidence.rollouts import (
    BEGIN,
    NOW,
    QUARTER,
    RESCUE,
    Try,
    counted,
    figures,
    make_rollout,
    make_session,
    make_sessions,
    make_turn,
)

pytestmark = pytest.mark.django_db
NONE = ((0, 0), (0, 0))
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _rollout() -> None:
    make_rollout()


def test_a_session_is_its_assigned_provider_s_whatever_the_row_says() -> None:
    make_turn(make_session())
    RequestLog.objects.update(assigned_provider="responses", provider="responses")
    assert counted("backend_failures") == ((0, 1), (0, 0))


@pytest.mark.parametrize(
    "session",
    [
        {"at": BEGIN - timedelta(seconds=1)},
        {"at": NOW},
        {"reason": "default"},
        {"shares": None},
        {"shares": {"workflow": 10_000}},
        {"shares": {"workflow": 2500, "agents_sdk": 7500}},
    ],
    ids=["before", "later", "not drawn", "shares unknown", "no control", "another control"],
)
def test_a_session_that_was_not_drawn_between_both_is_left_out(session) -> None:
    make_turn(make_session(**session), at=BEGIN + HOUR)
    assert counted("backend_failures") == NONE


def test_sessions_of_a_third_provider_are_in_neither_arm() -> None:
    shares = {"responses": 5000, "workflow": 2500, "agents_sdk": 2500}
    for provider in shares:
        make_turn(make_session(provider, shares=shares))
    assert counted("backend_failures") == ((0, 1), (0, 1))


@pytest.mark.parametrize("ended_at", [None, NOW])
def test_a_session_that_was_ever_pinned_is_left_out_whole(ended_at) -> None:
    session = make_session()
    make_turn(session, tries=[Try(provider="workflow", error="cut"), RESCUE])
    SessionPin.objects.create(session_id=session, provider="workflow", by="Bob", ended_at=ended_at)
    assert counted("backend_failures") == NONE


def test_a_session_with_one_turn_that_staff_overrode_is_left_out_whole() -> None:
    session = make_session()
    make_turn(session, tries=[Try(provider="workflow", error="cut"), RESCUE])
    make_turn(session, reason="override", at=BEGIN - HOUR)
    assert counted("backend_failures") == NONE


def test_each_set_of_shares_is_a_cell_of_its_own() -> None:
    for shares, n in ((QUARTER, 1), ({"responses": 9000, "workflow": 1000}, 2), ({"responses": 10_000}, 3)):
        for _ in range(n):
            make_turn(make_session("responses", shares=shares))
    cells = figures()["cells"]
    assert [(cell["shares"], cell["control"]["n"]) for cell in cells] == [
        ({"responses": 9000, "workflow": 1000}, 2),
        (QUARTER, 1),
    ]
    assert [cell["odds"] for cell in cells] == [pytest.approx(1 / 9), pytest.approx(1 / 3)]


def test_a_stop_of_the_candidate_hides_the_time_from_both_arms() -> None:
    stop_workflow(since=BEGIN + 10 * HOUR, until=BEGIN + 20 * HOUR)
    failed = [Try(provider="responses", error="cut"), RESCUE]
    for hour, tries in ((9, []), (15, failed), (21, [])):
        make_turn(make_session("responses"), tries=tries, at=BEGIN + hour * HOUR)
    assert counted("backend_failures") == ((0, 0), (0, 2))


def test_a_stop_that_lasts_hides_everything_since() -> None:
    stop_workflow(since=BEGIN + 10 * HOUR)
    for hour in (9, 15):
        make_turn(make_session("responses"), at=BEGIN + hour * HOUR)
    assert counted("backend_failures") == ((0, 0), (0, 1))
    assert figures()["stops"] == [{"since": (BEGIN + 10 * HOUR).isoformat(), "until": None}]


def test_a_stop_from_before_the_evidence_began_counts_from_there() -> None:
    stop_workflow(since=BEGIN - HOUR, until=BEGIN + 10 * HOUR)
    for hour in (9, 15):
        make_turn(make_session("responses"), at=BEGIN + hour * HOUR)
    assert counted("backend_failures") == ((0, 0), (0, 1))
    assert figures()["stops"][0]["since"] == BEGIN.isoformat()


def test_a_provider_stopped_all_along_leaves_nothing() -> None:
    stop_workflow(since=BEGIN - HOUR)
    make_turn(make_session("responses"))
    assert counted("backend_failures") == NONE


def test_a_provider_that_never_had_a_share_has_no_evidence() -> None:
    make_sessions(2)
    Rollout.objects.update(evidence_since={})
    assert counted("backend_failures") == NONE


def stop_workflow(*, since, until=None) -> None:
    """Stopped and resumed through the services, at these times."""
    stopped = kill(provider="workflow", by="Bob", reason="It talks nonsense.")
    changes = [(stopped, since)]
    if until is not None:
        changes.append((unkill(provider="workflow", by="Bob", reason="Mended."), until))
    for change, at in changes:
        RolloutChange.objects.filter(pk=change.pk).update(at=at)
