"""The decision table: which rule wins, who serves, what the session belongs to, and the sentence that says why."""

import pytest

from apps.routing.choose import Assignment, Inputs, Reason, Standing, choose
from apps.routing.errors import NoProvider, OverrideRefused

PROVIDERS = ("responses", "workflow", "agents_sdk", "analyst")
NO_BACKEND = "has no backend in this version"
SHARES = {"responses": 7_500, "workflow": 2_500}


def make_inputs(
    *,
    owner: str | None = "workflow",
    assigned: str | None = None,
    override: str | None = None,
    forced: str | None = None,
    killed: str = "",
    unavailable: str = "",
    shares: dict[str, int] = SHARES,
) -> Inputs:
    return Inputs(
        standing=Standing(
            providers=PROVIDERS,
            fallback_chain=("responses", "analyst"),
            unavailable=dict.fromkeys(unavailable.split(), NO_BACKEND),
            killed=frozenset(killed.split()),
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


@pytest.mark.parametrize("given", [{"killed": "workflow"}, {"forced": "analyst"}])
def test_a_kill_or_break_glass_assigns_a_new_session_as_if_it_were_not_there(given: dict[str, str]) -> None:
    calm, stopped = choose(make_inputs()), choose(make_inputs(**given))
    assert stopped.new_assignment == calm.new_assignment
    assert stopped.provider != calm.provider


@pytest.mark.parametrize("given", [{"assigned": "workflow"}, {"override": "workflow"}])
def test_an_assigned_or_overridden_session_stores_nothing(given: dict[str, str]) -> None:
    assert choose(make_inputs(**given)).new_assignment is None


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
