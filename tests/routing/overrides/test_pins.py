"""A pin sends one session to a provider and back, edits no assignment, and leaves a trail."""

from uuid import UUID, uuid4

import pytest
from django.conf import LazySettings
from django.test.utils import CaptureQueriesContext

from apps.providers import registry
from apps.routing import kills, ledger, services
from apps.routing.errors import BadPin, ReasonMissing, RoutingError, UnknownProvider
from apps.routing.models import RolloutChange, SessionAssignment, SessionPin
from apps.routing.overrides.pins import effect_of_pin, pin_session, unpin_session

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]


def pin(session_id: UUID | str, provider: str = "workflow", *, reason: str = "Alice's chart looks wrong.") -> None:
    pin_session(session_id=session_id, provider=provider, by="Bob", reason=reason)


def begun_session() -> UUID:
    """A session that has had a turn; it belongs to responses."""
    session_id = uuid4()
    services.resolve(session_id=session_id)
    return session_id


def test_a_pin_counts_from_the_next_turn_and_leaves_the_assignment_alone() -> None:
    session_id = begun_session()
    pin(session_id)
    route = services.resolve(session_id=session_id)
    assert (route.provider, route.assigned_provider, route.reason) == ("workflow", "responses", "override")
    assert route.explanation == "Staff pinned this session to workflow, so workflow serves."
    assert SessionAssignment.objects.get(pk=session_id).provider == "responses"


def test_taking_the_pin_back_gives_the_session_to_its_own_provider_again() -> None:
    session_id = begun_session()
    pin(session_id)
    unpin_session(session_id=session_id, by="Alice")
    route = services.resolve(session_id=session_id)
    assert (route.provider, route.reason, route.is_overridden) == ("responses", "assignment", False)


def test_a_session_may_be_pinned_before_it_begins_and_draws_from_the_map_when_the_pin_is_taken_back() -> None:
    session_id = uuid4()
    pin(session_id, "agents_sdk")
    assert services.resolve(session_id=session_id).provider == "agents_sdk"
    assert not SessionAssignment.objects.exists()
    unpin_session(session_id=session_id, by="Bob")
    route = services.resolve(session_id=session_id)
    assert (route.provider, route.reason) == ("responses", "bucket_map")
    assert SessionAssignment.objects.get(pk=session_id).provider == "responses"


def test_other_sessions_go_on_as_before() -> None:
    pin(uuid4())
    route = services.resolve(session_id=uuid4())
    assert (route.provider, route.is_overridden) == ("responses", False)


def test_a_stop_stands_above_a_pin_and_the_pin_counts_again_after_it() -> None:
    session_id = begun_session()
    pin(session_id)
    kills.kill(provider="workflow", by="Alice")
    stopped = services.resolve(session_id=session_id)
    assert (stopped.provider, stopped.reason, stopped.is_overridden) == ("responses", "kill_switch", True)
    kills.unkill(provider="workflow", by="Alice", reason="It is well.")
    assert services.resolve(session_id=session_id).provider == "workflow"


def test_break_glass_stands_above_a_pin_and_the_turn_stays_marked(settings: LazySettings) -> None:
    session_id = begun_session()
    pin(session_id)
    settings.GVSES_FORCE_PROVIDER = "analyst"
    route = services.resolve(session_id=session_id)
    assert (route.provider, route.reason, route.is_overridden) == ("analyst", "break_glass", True)


def test_a_turn_that_asks_for_a_provider_itself_goes_before_the_pin() -> None:
    session_id = begun_session()
    pin(session_id)
    route = services.resolve(session_id=session_id, override="agents_sdk")
    assert (route.provider, route.explanation) == (
        "agents_sdk",
        "A staff override names agents_sdk, so agents_sdk serves.",
    )


def test_a_pin_to_a_provider_that_lost_its_backend_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    session_id = begun_session()
    pin(session_id)
    monkeypatch.setitem(registry.PROVIDERS, "workflow", None)
    route = services.resolve(session_id=session_id)
    assert (route.provider, route.reason) == ("responses", "assignment")


def test_a_pinned_session_costs_one_query_like_any_other(
    django_assert_num_queries: type[CaptureQueriesContext],
) -> None:
    session_id = begun_session()
    pin(session_id)
    with django_assert_num_queries(1):
        services.resolve(session_id=session_id)


def test_a_pin_and_its_end_are_entries_of_the_audit_log_with_who_and_why() -> None:
    session_id = uuid4()
    pin(session_id, reason=" Alice's chart looks wrong. ")
    unpin_session(session_id=session_id, by="Alice")
    unpinned, pinned = RolloutChange.objects.all()[:2]
    assert (pinned.action, pinned.by, pinned.provider) == ("pinned", "Bob", "workflow")
    assert (pinned.reason, pinned.summary) == ("Alice's chart looks wrong.", f"session {session_id} pinned to workflow")
    assert (unpinned.action, unpinned.by, unpinned.provider) == ("unpinned", "Alice", "workflow")
    assert unpinned.summary == f"session {session_id} no longer pinned to workflow"
    assert unpinned.version == pinned.version == 1
    assert ledger.verify() == []


def test_pinning_again_reuses_the_row_and_says_who_and_why_anew() -> None:
    session_id = uuid4()
    pin(session_id)
    first = SessionPin.objects.get()
    unpin_session(session_id=session_id, by="Bob")
    pin_session(session_id=session_id, provider="agents_sdk", by="Alice", reason="Another look.")
    row = SessionPin.objects.get()
    assert (row.pk, row.provider, row.by, row.reason) == (session_id, "agents_sdk", "Alice", "Another look.")
    assert row.ended_at is None
    assert row.at > first.at


def test_a_pin_that_was_taken_back_is_set_again() -> None:
    session_id = begun_session()
    pin(session_id)
    unpin_session(session_id=session_id, by="Bob")
    pin(session_id)
    assert services.resolve(session_id=session_id).provider == "workflow"


def test_a_pin_moves_to_another_provider_without_being_taken_back() -> None:
    session_id = begun_session()
    pin(session_id)
    pin(session_id, "agents_sdk")
    assert services.resolve(session_id=session_id).provider == "agents_sdk"


def test_the_same_pin_again_changes_nothing() -> None:
    session_id = uuid4()
    pin(session_id)
    n_entries = RolloutChange.objects.count()
    assert pin_session(session_id=session_id, provider="workflow", by="Alice", reason="Me too.") is None
    assert SessionPin.objects.get().by == "Bob"
    assert RolloutChange.objects.count() == n_entries


@pytest.mark.parametrize(
    ("session_id", "provider", "reason", "error", "sentence"),
    [
        ("12", "workflow", "Why.", BadPin, "“12” is no session id; a session id is a UUID."),
        ("", "workflow", "Why.", BadPin, "“” is no session id; a session id is a UUID."),
        (str(uuid4()), "gpt", "Why.", UnknownProvider, "There is no provider “gpt”."),
        (str(uuid4()), "workflow", "  ", ReasonMissing, "Pinning a session to workflow wants a reason."),
        (str(uuid4()), "agents_sdk", "Why.", BadPin, "agents_sdk has no key, so no session can be pinned to it."),
    ],
)
def test_a_pin_that_makes_no_sense_is_refused_with_a_sentence_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
    session_id: str,
    provider: str,
    reason: str,
    error: type[RoutingError],
    sentence: str,
) -> None:
    monkeypatch.setitem(registry.PROVIDERS, "agents_sdk", "tests.routing.backends.WithoutKey")
    registry.get_provider.cache_clear()
    with pytest.raises(error) as refusal:
        pin(session_id, provider, reason=reason)
    assert str(refusal.value).startswith(sentence)
    assert not SessionPin.objects.exists()
    assert not RolloutChange.objects.filter(action="pinned").exists()


def test_a_session_id_is_taken_with_dashes_and_without() -> None:
    session_id = uuid4()
    pin(f" {session_id.hex} ")
    assert SessionPin.objects.get().pk == session_id


def test_a_session_that_is_not_pinned_cannot_be_unpinned() -> None:
    session_id = uuid4()
    with pytest.raises(BadPin, match=f"Session {session_id} is not pinned; nothing changed"):
        unpin_session(session_id=session_id, by="Bob")
    pin(session_id)
    unpin_session(session_id=session_id, by="Bob")
    with pytest.raises(BadPin, match="is not pinned"):
        unpin_session(session_id=session_id, by="Bob")


def test_the_effect_of_a_pin_says_who_serves_until_the_provider_can(settings: LazySettings) -> None:
    assert effect_of_pin("workflow") == "From its next turn workflow serves it."
    kills.kill(provider="workflow", by="Alice")
    assert effect_of_pin("workflow") == "workflow does not serve now: until it does, responses serves it."
    settings.GVSES_FORCE_PROVIDER = "analyst"
    kills.kill(provider="analyst", by="Alice")
    assert effect_of_pin("workflow") == "workflow does not serve now: until it does, analyst serves it."
