"""Who serves while the database is away: by stops that were seen, by a fresh bucket map, else the default."""

from uuid import UUID, uuid4

import pytest

from apps.routing import changes, kills, services, snapshot, without_database
from apps.routing.buckets import BucketMap, bucket_of
from apps.routing.choose import Reason, Standing
from apps.routing.errors import NoProvider, OverrideRefused
from apps.routing.snapshot import MAX_AGE_S, Snapshot
from apps.routing.without_database import (
    choose_without_database,
    next_without_database,
    resolve_without_database,
)

PROVIDERS = ("responses", "workflow", "agents_sdk", "analyst")
SALT = "a salt"
READ_AT = 1_000.0
MAP = BucketMap.of_one("responses").move({"responses": 7_500, "workflow": 2_500})
ENCODED = MAP.encode()


def session_of(owner: str) -> UUID:
    return next(s for s in (UUID(int=n) for n in range(10_000)) if MAP.owners[bucket_of(s, SALT)] == owner)


def make_snapshot(*, killed: str = "", bucket_map: str = ENCODED) -> Snapshot:
    return Snapshot(
        salt=SALT, shares=MAP.shares(), bucket_map=bucket_map, killed=frozenset(killed.split()), read_at=READ_AT
    )


def decide(
    *, owner="workflow", age_s=12.0, killed="", unavailable="", forced=None, override=None, bucket_map=ENCODED,
    is_known=True,
):  # fmt: skip
    return choose_without_database(
        session_id=session_of(owner),
        snapshot=make_snapshot(killed=killed, bucket_map=bucket_map) if is_known else None,
        now=READ_AT + age_s,
        standing=Standing(
            providers=PROVIDERS,
            fallback_chain=("responses", "analyst"),
            unavailable=dict.fromkeys(unavailable.split(), "has no key"),
            killed=frozenset(killed.split()),
        ),
        forced=forced,
        override=override,
    )


RETIRED = BucketMap.of_one("retired").encode()
TABLE = [
    # inputs, serves, belongs to, reason
    ({}, "workflow", "workflow", "snapshot"),
    ({"owner": "responses"}, "responses", "responses", "snapshot"),
    ({"age_s": MAX_AGE_S}, "workflow", "workflow", "snapshot"),
    ({"age_s": MAX_AGE_S + 1}, "responses", "responses", "default"),
    ({"is_known": False}, "responses", "responses", "default"),
    ({"is_known": False, "unavailable": "responses"}, "analyst", "responses", "not_configured"),
    ({"bucket_map": RETIRED}, "responses", "responses", "default"),
    ({"bucket_map": "damaged"}, "responses", "responses", "default"),
    ({"killed": "workflow"}, "responses", "workflow", "kill_switch"),
    ({"killed": "workflow responses"}, "analyst", "workflow", "kill_switch"),
    ({"killed": "responses", "age_s": 9_999}, "analyst", "responses", "kill_switch"),
    ({"killed": "responses", "owner": "responses"}, "analyst", "responses", "kill_switch"),
    ({"unavailable": "workflow"}, "responses", "workflow", "not_configured"),
    ({"forced": "agents_sdk"}, "agents_sdk", "workflow", "break_glass"),
    ({"forced": "agents_sdk", "killed": "agents_sdk"}, "agents_sdk", "workflow", "break_glass"),
    ({"forced": "agents_sdk", "is_known": False}, "agents_sdk", "responses", "break_glass"),
    ({"forced": "agents_sdk", "unavailable": "agents_sdk"}, "responses", "workflow", "break_glass"),
    ({"override": "agents_sdk"}, "agents_sdk", "agents_sdk", "override"),
    ({"override": "agents_sdk", "killed": "agents_sdk"}, "responses", "agents_sdk", "kill_switch"),
]


@pytest.mark.parametrize(("given", "serves", "belongs_to", "reason"), TABLE, ids=[str(row[0]) for row in TABLE])
def test_the_first_rule_that_matches_decides(given, serves, belongs_to, reason) -> None:
    route = decide(**given)
    assert (route.provider, route.assigned_provider, route.reason) == (serves, belongs_to, Reason(reason))
    assert route.new_assignment is None
    assert route.explanation.endswith(f", so {serves} serves.")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "The database is away, and by the rollout as read 12 s ago bucket {bucket} belongs to workflow (25 %), "
             "so workflow serves."),
        ({"killed": "workflow"}, "The database is away, and by the rollout as read 12 s ago bucket {bucket} belongs to "
                                 "workflow (25 %), but workflow is stopped by the kill switch, so responses serves."),
        ({"age_s": 300}, "The database is away and the rollout was last read 300 s ago, so responses serves."),
        ({"is_known": False}, "The database is away and this process has not read the rollout yet, so responses "
                              "serves."),
        ({"bucket_map": RETIRED}, "The database is away and the rollout as last read names no provider known to this "
                                  "version, so responses serves."),
        ({"forced": "analyst"}, "GVSES_FORCE_PROVIDER names analyst, so analyst serves."),
    ],
)  # fmt: skip
def test_the_sentence_says_what_it_rests_on(given, sentence) -> None:
    bucket = bucket_of(session_of("workflow"), SALT)
    assert decide(**given).explanation == sentence.format(bucket=f"{bucket:,}")


def test_with_everybody_stopped_nobody_serves_and_operations_read_why() -> None:
    with pytest.raises(NoProvider, match="responses is stopped by the kill switch and analyst is stopped"):
        decide(killed="responses analyst", age_s=300)


def test_an_override_that_cannot_serve_is_refused() -> None:
    with pytest.raises(OverrideRefused, match="agents_sdk has no key"):
        decide(override="agents_sdk", unavailable="agents_sdk")


@pytest.fixture
def nothing_known(monkeypatch):
    monkeypatch.setattr(snapshot, "_last", None)


@pytest.mark.django_db
@pytest.mark.usefixtures("all_backends", "nothing_known")
def test_each_turn_leaves_the_snapshot_that_the_next_is_decided_by(database_away) -> None:
    session_id = uuid4()
    assert resolve_without_database(session_id=session_id).reason == Reason.DEFAULT
    changes.set_shares(shares={"workflow": 10_000}, by="Bob")
    services.resolve(session_id=uuid4())
    with database_away() as tried:
        assert resolve_without_database(session_id=session_id).provider == "workflow"
    assert not tried
    kills.kill(provider="workflow", by="Bob")
    services.resolve(session_id=uuid4())
    with database_away() as tried:
        route = resolve_without_database(session_id=session_id)
    assert (route.provider, route.reason) == ("responses", Reason.KILL_SWITCH)
    assert not tried


@pytest.mark.usefixtures("all_backends", "nothing_known")
def test_whoever_takes_over_stands_next_on_the_chain_and_is_not_stopped(monkeypatch, settings) -> None:
    assert next_without_database(session_provider="workflow", tried={"workflow"}) == "responses"
    assert next_without_database(session_provider="workflow", tried={"workflow", "responses"}) == "analyst"
    assert next_without_database(session_provider="workflow", tried={"workflow", "responses", "analyst"}) is None
    monkeypatch.setattr(snapshot, "_last", make_snapshot(killed="responses"))
    monkeypatch.setattr(without_database.time, "monotonic", lambda: READ_AT + 9_999)
    assert next_without_database(session_provider="workflow", tried={"workflow"}) == "analyst"
    settings.GVSES_FORCE_PROVIDER = "agents_sdk"
    assert next_without_database(session_provider="workflow", tried={"workflow"}) == "agents_sdk"
