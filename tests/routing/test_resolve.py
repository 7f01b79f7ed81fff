"""A turn is routed from the row as it stands, a session keeps its provider, and it costs one query."""

from uuid import UUID, uuid4

import pytest
from django.conf import LazySettings
from django.test.utils import CaptureQueriesContext

from apps.providers import registry
from apps.routing import changes, kills, services
from apps.routing.buckets import bucket_of
from apps.routing.choose import Reason
from apps.routing.errors import NoProvider, OverrideRefused
from apps.routing.ledger import current_rollout
from apps.routing.models import Rollout, SessionAssignment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]


def make_session(*, owner: str) -> UUID:
    """A session id whose bucket belongs to that provider."""
    rollout = current_rollout()
    buckets = rollout.buckets
    return next(s for s in iter(uuid4, None) if buckets.owners[bucket_of(s, rollout.salt)] == owner)


def set_quarter() -> None:
    changes.set_shares(shares={"responses": 7_500, "workflow": 2_500}, by="Bob")


def test_a_new_session_is_assigned_by_its_bucket_and_the_row_says_how() -> None:
    set_quarter()
    session_id = make_session(owner="workflow")
    route = services.resolve(session_id=session_id)
    assert (route.provider, route.reason) == ("workflow", Reason.BUCKET_MAP)
    row = SessionAssignment.objects.get(pk=session_id)
    assert (row.provider, row.bucket, row.share_at_assign, row.reason) == (
        "workflow",
        route.bucket,
        2_500,
        "bucket_map",
    )


def test_a_session_keeps_its_provider_when_shares_change() -> None:
    set_quarter()
    session_id = make_session(owner="workflow")
    services.resolve(session_id=session_id)
    changes.set_shares(shares={"responses": 10_000}, by="Bob")
    route = services.resolve(session_id=session_id)
    assert (route.provider, route.reason, route.share_at_assign) == ("workflow", Reason.ASSIGNMENT, 2_500)


def test_a_stop_counts_from_the_next_turn_and_a_resume_gives_sessions_back() -> None:
    set_quarter()
    session_id = make_session(owner="workflow")
    services.resolve(session_id=session_id)
    kills.kill(provider="workflow", by="Bob")
    stopped = services.resolve(session_id=session_id)
    assert (stopped.provider, stopped.assigned_provider, stopped.reason) == ("responses", "workflow", "kill_switch")
    assert SessionAssignment.objects.get(pk=session_id).provider == "workflow"
    kills.unkill(provider="workflow", by="Bob", reason="The outage is over.")
    assert services.resolve(session_id=session_id).provider == "workflow"


def test_a_session_that_begins_during_a_stop_belongs_where_the_map_says() -> None:
    set_quarter()
    session_id = make_session(owner="workflow")
    kills.kill(provider="workflow", by="Bob")
    assert services.resolve(session_id=session_id).provider == "responses"
    kills.unkill(provider="workflow", by="Bob", reason="The outage is over.")
    route = services.resolve(session_id=session_id)
    assert (route.provider, route.reason) == ("workflow", Reason.ASSIGNMENT)


def test_with_only_the_analyst_every_session_is_its_own(only_analyst: None) -> None:
    route = services.resolve(session_id=uuid4())
    assert (route.provider, route.assigned_provider, route.reason) == ("analyst", "analyst", "bucket_map")
    assert route.share_at_assign == 10_000
    assert "has no backend in this version, so analyst serves." in route.explanation


def test_a_provider_whose_key_is_gone_is_served_along_the_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    set_quarter()
    session_id = make_session(owner="workflow")
    services.resolve(session_id=session_id)
    monkeypatch.setitem(registry.PROVIDERS, "workflow", "tests.routing.backends.WithoutKey")
    registry.get_provider.cache_clear()
    route = services.resolve(session_id=session_id)
    assert (route.provider, route.assigned_provider, route.reason) == ("responses", "workflow", "not_configured")
    assert route.explanation.endswith("but workflow has no key, so responses serves.")


def test_an_override_serves_without_becoming_the_session_s_provider() -> None:
    session_id = uuid4()
    assert services.resolve(session_id=session_id, override="agents_sdk").provider == "agents_sdk"
    assert not SessionAssignment.objects.exists()
    assert services.resolve(session_id=session_id).provider == "responses"


def test_an_unknown_override_is_refused_and_nothing_is_stored() -> None:
    with pytest.raises(OverrideRefused, match="gpt is not known to this version"):
        services.resolve(session_id=uuid4(), override="gpt")
    assert not SessionAssignment.objects.exists()


def test_break_glass_rules_over_a_stop_and_leaves_the_assignment_alone(settings: LazySettings) -> None:
    set_quarter()
    session_id = make_session(owner="workflow")
    kills.kill(provider="analyst", by="Bob")
    settings.GVSES_FORCE_PROVIDER = "analyst"
    route = services.resolve(session_id=session_id)
    assert (route.provider, route.assigned_provider, route.reason) == ("analyst", "workflow", "break_glass")


def test_with_every_provider_stopped_the_turn_fails_and_may_be_tried_again() -> None:
    for name in reversed(registry.PROVIDERS):
        kills.kill(provider=name, by="Bob")
    with pytest.raises(NoProvider, match="responses is stopped by the kill switch and analyst is stopped"):
        services.resolve(session_id=uuid4())


def test_a_damaged_map_costs_a_log_line_and_not_the_turn(caplog: pytest.LogCaptureFixture) -> None:
    current_rollout()
    Rollout.objects.update(bucket_map="A=responses\nAAA")
    session_id = next(s for s in iter(uuid4, None) if bucket_of(s, Rollout.objects.get().salt) > 3)
    route = services.resolve(session_id=session_id)
    assert (route.provider, route.reason) == ("responses", Reason.DEFAULT)
    assert "Bucket map unreadable" in caplog.messages


def test_a_session_with_an_assignment_costs_one_query(django_assert_num_queries: type[CaptureQueriesContext]) -> None:
    session_id = uuid4()
    services.resolve(session_id=session_id)
    with django_assert_num_queries(1):
        services.resolve(session_id=session_id)


def test_a_new_session_costs_one_insert_more() -> None:
    from django.db import connection

    current_rollout()
    with CaptureQueriesContext(connection) as queries:
        services.resolve(session_id=uuid4())
    verbs = [query["sql"].split()[0] for query in queries.captured_queries]
    assert [verb for verb in verbs if verb in ("SELECT", "INSERT", "UPDATE")] == ["SELECT", "INSERT"]


@pytest.mark.parametrize(
    ("percentage", "kill_switch", "shares", "killed"),
    [
        (0.0, False, {"responses": 10_000}, set()),
        (12.5, False, {"responses": 8_750, "workflow": 1_250}, set()),
        (100.0, True, {"workflow": 10_000}, {"workflow"}),
    ],
)
def test_the_first_row_comes_from_the_environment_and_later_the_row_rules(
    settings: LazySettings, percentage: float, kill_switch: bool, shares: dict[str, int], killed: set[str]
) -> None:
    settings.WORKFLOW_PERCENTAGE, settings.WORKFLOW_KILL_SWITCH = percentage, kill_switch
    rollout = current_rollout()
    assert (rollout.shares, rollout.killed) == (shares, killed)
    settings.WORKFLOW_PERCENTAGE, settings.WORKFLOW_KILL_SWITCH = 50.0, not kill_switch
    rollout = current_rollout()
    assert (rollout.shares, rollout.killed) == (shares, killed)
