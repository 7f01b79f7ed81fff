"""Outcomes open a circuit, a probe closes it, and a turn is routed around it without losing its assignment."""

import logging
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.routing import kills, services
from apps.routing.breaker import FALLBACK_PROBE_INTERVAL_S, PROBE_INTERVAL_S
from apps.routing.choose import Reason
from apps.routing.circuits import OUTCOMES_KEPT_S, claim_probe, close_circuit, prune_outcomes, record_outcome
from apps.routing.errors import CircuitNotOpen, NoProvider, ReasonMissing
from apps.routing.models import Circuit, CircuitChange, Outcome, SessionAssignment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]

T0 = datetime(2026, 11, 27, 9, 14, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def fail(*seconds: float, provider: str = "workflow", code: str = "cut") -> None:
    for second in seconds:
        record_outcome(provider=provider, ok=False, code=code, now=at(second), began_at=at(second))


def is_open(provider: str = "workflow") -> bool:
    return Circuit.objects.open().filter(pk=provider).exists()


def open_circuit(provider: str = "workflow", *, seconds_ago: float = 1, code: str = "unauthorized") -> None:
    now = timezone.now() - timedelta(seconds=seconds_ago)
    record_outcome(provider=provider, ok=False, code=code, opens=True, now=now, began_at=now)


def make_session(provider: str = "workflow") -> UUID:
    """A session that belongs to that provider."""
    session_id = uuid4()
    SessionAssignment.objects.create(
        session_id=session_id, provider=provider, bucket=1, share_at_assign=2_500, reason=Reason.BUCKET_MAP
    )
    return session_id


def test_the_fifth_failure_of_six_answers_opens_it_and_the_row_keeps_why() -> None:
    record_outcome(provider="workflow", ok=True, now=at(0))
    fail(1, 2, 3, 4)
    assert not is_open()
    fail(5)
    circuit = Circuit.objects.get()
    assert (circuit.opened_at, circuit.code, circuit.n_failed, circuit.n_outcomes) == (at(5), "cut", 5, 6)
    change = CircuitChange.objects.get()
    assert (change.action, change.at) == ("opened", at(5))
    assert change.summary == "workflow's circuit opened: 5 of 6 answers failed in 30 s"


@pytest.mark.parametrize(("last", "opens"), [(30, True), (30.1, False)])
def test_only_the_last_thirty_seconds_count(last: float, opens: bool) -> None:
    fail(0, 10, 20, 29, last)
    assert is_open() is opens


def test_each_provider_has_its_own_circuit() -> None:
    fail(1, 2, 3)
    fail(4, 5, 6, provider="responses")
    assert not Circuit.objects.open().exists()


def test_a_refused_key_opens_at_once_among_good_answers() -> None:
    for second in range(20):
        record_outcome(provider="responses", ok=True, now=at(second))
    record_outcome(provider="responses", ok=False, code="unauthorized", opens=True, now=at(20))
    circuit = Circuit.objects.get()
    assert (circuit.state.is_open, circuit.code, circuit.n_outcomes) == (True, "unauthorized", 0)


def test_the_floor_never_opens_and_keeps_no_outcomes() -> None:
    for second in range(20):
        record_outcome(provider="analyst", ok=False, code="unauthorized", opens=True, now=at(second))
    assert not Circuit.objects.exists()
    assert not Outcome.objects.exists()


def test_failures_while_it_is_open_neither_open_it_again_nor_extend_it() -> None:
    fail(1, 2, 3, 4, 5, 6, 7)
    assert Circuit.objects.get().opened_at == at(5)
    assert CircuitChange.objects.count() == 1


def test_a_probe_that_fails_leaves_it_open_and_says_how() -> None:
    fail(1, 2, 3, 4, 5)
    assert claim_probe("workflow", now=at(10))
    fail(11, code="unauthorized")
    circuit = Circuit.objects.get()
    assert (circuit.opened_at, circuit.code) == (at(5), "cut")
    assert (circuit.probe_failed_at, circuit.probe_code) == (at(11), "unauthorized")


def test_a_probe_that_succeeds_closes_it_and_a_turn_from_before_does_not() -> None:
    fail(1, 2, 3, 4, 5)
    assert claim_probe("workflow", now=at(10))
    record_outcome(provider="workflow", ok=True, now=at(11), began_at=at(4))
    assert is_open()
    record_outcome(provider="workflow", ok=True, now=at(12), began_at=at(10))
    assert Circuit.objects.get().closed_at == at(12)
    change = CircuitChange.objects.first()
    assert change is not None
    assert (change.action, change.summary) == ("closed", "workflow's circuit closed after 7 s")


def test_after_a_close_only_what_began_later_opens_it_again() -> None:
    fail(1, 2, 3, 4, 5)
    record_outcome(provider="workflow", ok=True, now=at(11), began_at=at(10))
    for second in (12, 13, 14, 15, 16):
        record_outcome(provider="workflow", ok=False, code="stalled", now=at(second), began_at=at(4))
    fail(17, 18, 19, 20)
    assert not is_open()
    fail(21)
    circuit = Circuit.objects.get()
    assert (circuit.opened_at, circuit.n_failed, circuit.n_outcomes) == (at(21), 5, 5)


def test_one_turn_every_five_seconds_is_let_through() -> None:
    fail(1, 2, 3, 4, 5)
    claims = {second: claim_probe("workflow", now=at(second)) for second in (9.9, 10, 10.1, 14.9, 15, 19.9)}
    assert [second for second, claimed in claims.items() if claimed] == [10, 15]


def test_a_turn_of_a_provider_with_an_open_circuit_is_served_by_the_next_and_keeps_its_assignment() -> None:
    session_id = make_session()
    open_circuit()
    route = services.resolve(session_id=session_id)
    assert (route.provider, route.assigned_provider, route.reason) == ("responses", "workflow", Reason.CIRCUIT_OPEN)
    assert not route.is_probe
    assert SessionAssignment.objects.get().provider == "workflow"


def test_a_new_session_is_assigned_as_if_every_circuit_were_closed() -> None:
    open_circuit("responses")
    route = services.resolve(session_id=uuid4())
    assert (route.provider, route.assigned_provider) == ("analyst", "responses")
    assert SessionAssignment.objects.get().provider == "responses"


def test_when_the_probe_is_due_one_turn_finds_out_and_the_others_go_round() -> None:
    open_circuit(seconds_ago=PROBE_INTERVAL_S + 1)
    routes = [services.resolve(session_id=make_session()) for _ in range(4)]
    assert [(route.provider, route.is_probe) for route in routes] == [("workflow", True)] + [("responses", False)] * 3
    assert "and this turn tries it again, so workflow serves." in routes[0].explanation
    record_outcome(provider="workflow", ok=True, now=timezone.now(), began_at=timezone.now())
    assert services.resolve(session_id=make_session()).provider == "workflow"


def test_a_stopped_provider_is_not_probed() -> None:
    open_circuit(seconds_ago=60)
    kills.kill(provider="workflow", by="Bob")
    route = services.resolve(session_id=make_session())
    assert (route.provider, route.reason, route.is_probe) == ("responses", Reason.KILL_SWITCH, False)
    assert Circuit.objects.get().probe_at is None


def test_break_glass_stands_above_the_circuit(settings: LazySettings) -> None:
    open_circuit("responses")
    settings.GVSES_FORCE_PROVIDER = "responses"
    route = services.resolve(session_id=make_session())
    assert (route.provider, route.reason, route.is_probe) == ("responses", Reason.BREAK_GLASS, False)


def test_an_override_for_an_open_circuit_is_served_by_the_fallback_with_the_reason() -> None:
    open_circuit("agents_sdk")
    route = services.resolve(session_id=make_session(), override="agents_sdk")
    assert (route.provider, route.reason) == ("responses", Reason.CIRCUIT_OPEN)
    assert route.explanation.startswith("agents_sdk's circuit is open since ")


def test_with_every_other_circuit_open_the_floor_serves() -> None:
    for name in ("responses", "workflow", "agents_sdk"):
        open_circuit(name)
        assert services.resolve(session_id=make_session(name)).provider == "analyst"


def test_with_the_floor_stopped_and_the_rest_open_the_turn_fails_with_both_reasons() -> None:
    open_circuit("responses")
    kills.kill(provider="analyst", by="Bob")
    with pytest.raises(
        NoProvider, match=r"responses' circuit is open since .* and analyst is stopped by the kill switch"
    ):
        services.resolve(session_id=make_session("responses"))


def test_the_next_provider_is_the_next_on_the_chain_that_stands_now() -> None:
    assert services.next_provider(session_provider="workflow", tried={"workflow"}) == "responses"
    assert services.next_provider(session_provider="workflow", tried={"workflow", "responses"}) == "analyst"
    assert services.next_provider(session_provider="responses", tried={"responses", "analyst"}) is None
    open_circuit("responses")
    assert services.next_provider(session_provider="workflow", tried={"workflow"}) == "analyst"
    kills.kill(provider="analyst", by="Bob")
    assert services.next_provider(session_provider="workflow", tried={"workflow"}) is None


def test_the_next_provider_after_the_one_that_break_glass_names_is_not_the_session_s(settings: LazySettings) -> None:
    settings.GVSES_FORCE_PROVIDER = "responses"
    assert services.next_provider(session_provider="workflow", tried={"responses"}) == "analyst"


def test_a_turn_that_falls_back_probes_only_where_nobody_else_has_for_long() -> None:
    open_circuit("responses", seconds_ago=FALLBACK_PROBE_INTERVAL_S - 5)
    assert services.next_provider(session_provider="workflow", tried={"workflow"}) == "analyst"
    Circuit.objects.update(opened_at=timezone.now() - timedelta(seconds=FALLBACK_PROBE_INTERVAL_S + 5))
    names = [services.next_provider(session_provider="workflow", tried={"workflow"}) for _ in range(3)]
    assert names == ["responses", "analyst", "analyst"]


def test_closing_by_hand_wants_a_reason_and_an_open_circuit() -> None:
    open_circuit()
    with pytest.raises(ReasonMissing, match="Closing workflow's circuit wants a reason"):
        close_circuit(provider="workflow", by="Bob", reason=" ")
    close_circuit(provider="workflow", by="Bob", reason="The key is new.")
    change = CircuitChange.objects.first()
    assert change is not None
    assert (change.action, change.by, change.why) == ("closed", "Bob", "The key is new.")
    with pytest.raises(CircuitNotOpen, match="workflow's circuit is not open"):
        close_circuit(provider="workflow", by="Bob", reason="Once more.")
    assert services.resolve(session_id=make_session()).provider == "workflow"


def test_old_outcomes_are_pruned_when_a_circuit_opens_and_on_demand() -> None:
    fail(0, 1, 2)
    fail(OUTCOMES_KEPT_S + 1.5)
    assert Outcome.objects.count() == 4
    record_outcome(provider="workflow", ok=False, code="quota", opens=True, now=at(OUTCOMES_KEPT_S + 1.8))
    assert Outcome.objects.count() == 3
    assert prune_outcomes(now=at(10 * OUTCOMES_KEPT_S), at_most=1) == 1
    assert prune_outcomes(now=at(10 * OUTCOMES_KEPT_S)) == 2


def test_an_opening_alerts_once_and_a_closing_warns(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks
) -> None:
    caplog.set_level(logging.WARNING, logger="apps.routing.circuits")
    with django_capture_on_commit_callbacks(execute=True):
        fail(1, 2, 3, 4, 5, 6, 7)
        record_outcome(provider="workflow", ok=True, now=at(12), began_at=at(10))
    assert [(r.levelname, r.message) for r in caplog.records] == [
        ("ERROR", "Circuit opened"),
        ("WARNING", "Circuit closed"),
    ]
    opened, closed = (record.__dict__ for record in caplog.records)
    assert (opened["provider"], opened["code"], opened["n_failed"]) == ("workflow", "cut", 5)
    assert closed["open_s"] == 7.0
    assert "by" not in closed


def test_one_answer_that_was_enough_is_logged_without_counts(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks
) -> None:
    caplog.set_level(logging.WARNING, logger="apps.routing.circuits")
    with django_capture_on_commit_callbacks(execute=True):
        record_outcome(provider="workflow", ok=False, code="quota", opens=True, now=at(1))
        close_circuit(provider="workflow", by="bob", reason="paid")
    opened, closed = (record.__dict__ for record in caplog.records)
    assert opened["code"] == "quota"
    assert {"n_failed", "n_outcomes"}.isdisjoint(opened)
    assert closed["by"] == "bob"


def queries(call: object) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        call()  # type: ignore[operator]
    verbs = (query["sql"].split()[0] for query in captured.captured_queries)
    return [verb for verb in verbs if verb in ("SELECT", "INSERT", "UPDATE", "DELETE")]


def test_a_success_costs_an_insert_and_a_look_by_key_where_it_may_close() -> None:
    assert queries(lambda: record_outcome(provider="workflow", ok=True, now=at(0))) == ["INSERT", "SELECT"]
    assert queries(lambda: record_outcome(provider="workflow", ok=True, now=at(0), may_close=False)) == ["INSERT"]


def test_an_open_circuit_costs_a_turn_one_query_more_and_a_probe_two() -> None:
    session_id = make_session()
    services.resolve(session_id=session_id)
    assert queries(lambda: services.resolve(session_id=session_id)) == ["SELECT"]
    open_circuit()
    assert queries(lambda: services.resolve(session_id=session_id)) == ["SELECT", "SELECT"]
    Circuit.objects.update(opened_at=timezone.now() - timedelta(seconds=60))
    assert queries(lambda: services.resolve(session_id=session_id)) == ["SELECT", "SELECT", "UPDATE"]
