"""The decision table: which rule wins, who serves, what the session belongs to, and the sentence that says why."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.routing.choose import Assignment, Inputs, Reason, Standing, choose
from apps.routing.errors import NoProvider, OverrideRefused
from apps.routing.open_circuit import OpenCircuit

PROVIDERS = ("responses", "workflow", "agents_sdk", "analyst")
NO_BACKEND = "has no backend in this version"
SHARES = {"responses": 7_500, "workflow": 2_500}


def make_circuit(
    *, may_probe: bool = False, code: str = "cut", n_failed: int = 5, n_outcomes: int = 6, days_ago: int = 0
) -> OpenCircuit:
    opened_at = datetime(2026, 11, 27, 9, 14, 5, tzinfo=UTC)
    return OpenCircuit(
        opened_at=opened_at,
        as_of=opened_at + timedelta(seconds=3, days=days_ago),
        code=code,
        n_failed=n_failed,
        n_outcomes=n_outcomes,
        next_probe_at=opened_at + timedelta(seconds=5),
        may_probe=may_probe,
    )


def make_inputs(
    *,
    owner: str | None = "workflow",
    assigned: str | None = None,
    override: str | None = None,
    forced: str | None = None,
    killed: str = "",
    unavailable: str = "",
    opened: str = "",
    probes: str = "",
    shares: dict[str, int] = SHARES,
) -> Inputs:
    return Inputs(
        standing=Standing(
            providers=PROVIDERS,
            fallback_chain=("responses", "analyst"),
            unavailable=dict.fromkeys(unavailable.split(), NO_BACKEND),
            killed=frozenset(killed.split()),
            circuits={name: make_circuit(may_probe=name in probes.split()) for name in f"{opened} {probes}".split()},
        ),
        bucket=4_127,
        bucket_owner=owner,
        shares=shares,
        assignment=Assignment(provider=assigned, bucket=17, share_at_assign=1_000, reason=Reason.BUCKET_MAP)
        if assigned
        else None,
        override=override,
        forced=forced,
    )


TABLE = [
    # inputs, serves, belongs to, reason
    ({}, "workflow", "workflow", "bucket_map"),
    ({"owner": "responses"}, "responses", "responses", "bucket_map"),
    ({"owner": None}, "responses", "responses", "default"),
    ({"owner": "retired"}, "responses", "responses", "default"),
    ({"owner": None, "unavailable": "responses"}, "analyst", "analyst", "default"),
    ({"unavailable": "workflow"}, "responses", "responses", "bucket_map"),
    ({"unavailable": "workflow responses"}, "analyst", "analyst", "bucket_map"),
    ({"killed": "workflow"}, "responses", "workflow", "kill_switch"),
    ({"killed": "workflow", "unavailable": "responses"}, "analyst", "workflow", "kill_switch"),
    ({"killed": "workflow responses"}, "analyst", "workflow", "kill_switch"),
    ({"killed": "responses"}, "workflow", "workflow", "bucket_map"),
    ({"killed": "responses", "unavailable": "workflow"}, "analyst", "responses", "kill_switch"),
    ({"assigned": "agents_sdk"}, "agents_sdk", "agents_sdk", "assignment"),
    ({"assigned": "agents_sdk", "killed": "agents_sdk"}, "responses", "agents_sdk", "kill_switch"),
    ({"assigned": "agents_sdk", "unavailable": "agents_sdk"}, "responses", "agents_sdk", "not_configured"),
    ({"assigned": "agents_sdk", "unavailable": "agents_sdk responses"}, "analyst", "agents_sdk", "not_configured"),
    (
        {"assigned": "agents_sdk", "unavailable": "agents_sdk", "killed": "agents_sdk"},
        "responses",
        "agents_sdk",
        "kill_switch",
    ),
    ({"assigned": "retired"}, "responses", "retired", "not_configured"),
    ({"override": "agents_sdk"}, "agents_sdk", "agents_sdk", "override"),
    ({"override": "agents_sdk", "assigned": "workflow"}, "agents_sdk", "workflow", "override"),
    ({"override": "agents_sdk", "killed": "agents_sdk"}, "responses", "agents_sdk", "kill_switch"),
    (
        {"override": "agents_sdk", "killed": "agents_sdk", "assigned": "workflow"},
        "responses",
        "workflow",
        "kill_switch",
    ),
    ({"override": "agents_sdk", "killed": "workflow"}, "agents_sdk", "agents_sdk", "override"),
    ({"forced": "responses"}, "responses", "workflow", "break_glass"),
    ({"forced": "responses", "killed": "responses"}, "responses", "workflow", "break_glass"),
    ({"forced": "responses", "assigned": "agents_sdk"}, "responses", "agents_sdk", "break_glass"),
    ({"forced": "responses", "override": "agents_sdk"}, "responses", "agents_sdk", "break_glass"),
    ({"forced": "agents_sdk", "unavailable": "agents_sdk"}, "responses", "workflow", "break_glass"),
    (
        {"forced": "agents_sdk", "unavailable": "agents_sdk", "killed": "responses"},
        "analyst",
        "workflow",
        "break_glass",
    ),
    ({"forced": "typo"}, "responses", "workflow", "break_glass"),
    ({"opened": "workflow"}, "responses", "workflow", "circuit_open"),
    ({"opened": "workflow responses"}, "analyst", "workflow", "circuit_open"),
    ({"opened": "workflow responses agents_sdk"}, "analyst", "workflow", "circuit_open"),
    ({"opened": "responses"}, "workflow", "workflow", "bucket_map"),
    ({"opened": "agents_sdk", "assigned": "agents_sdk"}, "responses", "agents_sdk", "circuit_open"),
    ({"opened": "workflow", "killed": "workflow"}, "responses", "workflow", "kill_switch"),
    ({"opened": "responses", "killed": "workflow"}, "analyst", "workflow", "kill_switch"),
    ({"opened": "workflow", "unavailable": "workflow"}, "responses", "responses", "bucket_map"),
    (
        {"opened": "agents_sdk", "assigned": "agents_sdk", "unavailable": "agents_sdk"},
        "responses",
        "agents_sdk",
        "not_configured",
    ),
    ({"opened": "agents_sdk", "override": "agents_sdk"}, "responses", "agents_sdk", "circuit_open"),
    ({"opened": "workflow", "override": "agents_sdk"}, "agents_sdk", "agents_sdk", "override"),
    ({"opened": "responses", "forced": "responses"}, "responses", "workflow", "break_glass"),
    ({"opened": "responses", "forced": "responses", "killed": "responses"}, "responses", "workflow", "break_glass"),
    ({"probes": "workflow"}, "workflow", "workflow", "bucket_map"),
    ({"probes": "agents_sdk", "override": "agents_sdk"}, "agents_sdk", "agents_sdk", "override"),
    ({"probes": "workflow", "killed": "workflow"}, "responses", "workflow", "kill_switch"),
    ({"opened": "workflow", "probes": "responses"}, "responses", "workflow", "circuit_open"),
]


@pytest.mark.parametrize(("given", "serves", "belongs_to", "reason"), TABLE)
def test_the_first_rule_that_matches_decides(given: dict[str, str], serves: str, belongs_to: str, reason: str) -> None:
    route = choose(make_inputs(**given))
    assert (route.provider, route.assigned_provider, route.reason) == (serves, belongs_to, reason)
    assert route.explanation.endswith(f"{serves} serves.")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Bucket 4,127 belongs to workflow (25 %), so workflow serves."),
        (
            {"unavailable": "workflow responses"},
            "Bucket 4,127 belongs to workflow (25 %), which has no backend in this version, so analyst serves.",
        ),
        ({"killed": "workflow"}, "workflow is stopped by the kill switch, so responses serves."),
        (
            {"killed": "workflow", "unavailable": "responses"},
            "workflow is stopped by the kill switch and responses has no backend in this version, so analyst serves.",
        ),
        ({"assigned": "workflow"}, "This session was assigned to workflow, so workflow serves."),
        (
            {"assigned": "workflow", "unavailable": "workflow"},
            "This session was assigned to workflow, but workflow has no backend in this version, so responses serves.",
        ),
        ({"assigned": "retired"}, "but retired is not known to this version, so responses serves."),
        ({"override": "analyst"}, "A staff override names analyst, so analyst serves."),
        ({"forced": "analyst"}, "GVSES_FORCE_PROVIDER names analyst, so analyst serves."),
        (
            {"opened": "workflow"},
            "workflow's circuit is open since 09:14:05 UTC (5 of 6 answers failed in 30 s), so responses serves.",
        ),
        (
            {"opened": "workflow", "killed": "responses"},
            "workflow's circuit is open since 09:14:05 UTC (5 of 6 answers failed in 30 s) "
            "and responses is stopped by the kill switch, so analyst serves.",
        ),
        (
            {"assigned": "workflow", "probes": "workflow"},
            "This session was assigned to workflow; workflow's circuit is open since 09:14:05 UTC "
            "(5 of 6 answers failed in 30 s), and this turn tries it again, so workflow serves.",
        ),
        (
            {"killed": "workflow", "probes": "responses"},
            "workflow is stopped by the kill switch; responses' circuit is open since 09:14:05 UTC "
            "(5 of 6 answers failed in 30 s), and this turn tries it again, so responses serves.",
        ),
        ({"owner": None}, "No provider known to this version owns bucket 4,127, so responses serves."),
    ],
)
def test_every_route_says_why_in_one_sentence(given: dict[str, str], sentence: str) -> None:
    assert choose(make_inputs(**given)).explanation.endswith(sentence)


def test_a_new_session_belongs_to_who_can_serve_it_with_the_whole_chance_of_getting_there() -> None:
    shares = {"responses": 6_000, "workflow": 2_500, "agents_sdk": 1_000, "analyst": 500}
    route = choose(make_inputs(unavailable="workflow agents_sdk", shares=shares))
    assert route.new_assignment == Assignment(
        provider="responses", bucket=4_127, share_at_assign=9_500, reason=Reason.BUCKET_MAP
    )


def test_with_only_the_analyst_every_share_resolves_to_it() -> None:
    route = choose(make_inputs(unavailable="responses workflow agents_sdk"))
    assert route.new_assignment is not None
    assert (route.new_assignment.provider, route.new_assignment.share_at_assign) == ("analyst", 10_000)


@pytest.mark.parametrize("given", [{"killed": "workflow"}, {"forced": "analyst"}, {"opened": "workflow"}])
def test_a_kill_an_open_circuit_or_break_glass_assigns_a_new_session_as_if_it_were_not_there(
    given: dict[str, str],
) -> None:
    calm, stopped = choose(make_inputs()), choose(make_inputs(**given))
    assert stopped.new_assignment == calm.new_assignment
    assert stopped.provider != calm.provider


@pytest.mark.parametrize("given", [{"assigned": "workflow"}, {"override": "workflow"}])
def test_an_assigned_or_overridden_session_stores_nothing(given: dict[str, str]) -> None:
    assert choose(make_inputs(**given)).new_assignment is None


@pytest.mark.parametrize(
    ("given", "is_probe"),
    [
        ({}, False),
        ({"opened": "workflow"}, False),
        ({"probes": "workflow"}, True),
        ({"opened": "workflow", "probes": "responses"}, True),
        ({"probes": "agents_sdk"}, False),
        ({"probes": "workflow", "killed": "workflow"}, False),
        ({"probes": "workflow", "forced": "workflow"}, False),
        ({"probes": "workflow", "forced": "analyst"}, False),
    ],
)
def test_a_turn_that_goes_to_an_open_circuit_says_that_it_is_a_probe(given: dict[str, str], is_probe: bool) -> None:
    assert choose(make_inputs(**given)).is_probe is is_probe


@pytest.mark.parametrize(
    ("circuit", "since"),
    [
        (make_circuit(), "open since 09:14:05 UTC (5 of 6 answers failed in 30 s)"),
        (make_circuit(code="unauthorized", n_failed=0, n_outcomes=0), "open since 09:14:05 UTC (key refused)"),
        (make_circuit(code="news", n_failed=0, n_outcomes=0), "open since 09:14:05 UTC (news)"),
        (make_circuit(days_ago=1), "open since 27 Nov, 09:14:05 UTC (5 of 6 answers failed in 30 s)"),
    ],
)
def test_a_circuit_says_since_when_and_why(circuit: OpenCircuit, since: str) -> None:
    assert circuit.since == since


def test_an_assigned_session_keeps_the_bucket_and_chance_it_was_assigned_with() -> None:
    route = choose(make_inputs(assigned="workflow", owner="responses"))
    assert (route.bucket, route.share_at_assign) == (17, 1_000)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"override": "gpt"}, "gpt is not known to this version, so it cannot be asked for."),
        (
            {"override": "workflow", "unavailable": "workflow"},
            "workflow has no backend in this version, so it cannot be asked for.",
        ),
        (
            {"override": "gpt", "forced": "responses"},
            "gpt is not known to this version, so it cannot be asked for.",
        ),
    ],
)
def test_an_override_that_can_never_serve_is_refused(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(OverrideRefused) as refusal:
        choose(make_inputs(**given))
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    "given",
    [
        {"killed": "workflow responses analyst"},
        {"assigned": "workflow", "killed": "workflow responses analyst"},
        {"unavailable": "workflow responses analyst"},
        {"killed": "workflow", "unavailable": "responses analyst"},
        {"override": "agents_sdk", "killed": "agents_sdk responses analyst"},
    ],
)
def test_with_nobody_left_the_turn_fails_with_every_reason_and_may_be_tried_again(given: dict[str, str]) -> None:
    with pytest.raises(NoProvider) as failure:
        choose(make_inputs(**given))
    assert failure.value.retryable
    for name in ("responses", "analyst"):
        assert name in str(failure.value)
