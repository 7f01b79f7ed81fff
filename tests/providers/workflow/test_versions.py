"""New sessions run the live version, a session keeps its own, and the shipped design is version 1."""

import json
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from apps.providers.models import AssistantProfile, SessionWorkflow, WorkflowVersion
from apps.providers.profiles.versions import profile_now, tools_by_profile
from apps.providers.shipped import DESIGN
from apps.providers.workflow.design_text import as_stored, as_text, outline
from apps.providers.workflow.graph import AgentNode, BadGraph, parse_graph
from apps.providers.workflow.versions import (
    VersionMissing,
    add_version,
    lacking_in_profiles,
    make_live,
    pending_approval,
    set_pending,
    version_for_session,
)
from tests.providers.designs import SMALL, make_design

pytestmark = pytest.mark.django_db

SESSION = UUID("11111111-1111-4111-8111-111111111111")


def test_the_shipped_design_is_version_1_and_live() -> None:
    row = WorkflowVersion.objects.get(is_live=True)
    assert (row.number, row.graph) == (1, json.loads(DESIGN.read_text()))
    graph = parse_graph(row.graph, profiles=tools_by_profile())
    assert graph.nodes["approve"].type == "approval"
    assert as_stored(graph) == row.graph


def test_a_session_keeps_the_version_it_began_with() -> None:
    assert version_for_session(SESSION).number == 1
    add_version(SMALL, "Bob", "Smaller.")
    make_live(2, "Bob")
    assert version_for_session(SESSION).number == 1
    late = version_for_session(uuid4())
    assert (late.number, late.graph) == (2, parse_graph(SMALL))


def test_a_known_session_costs_one_query(django_assert_num_queries) -> None:
    version_for_session(SESSION)
    with django_assert_num_queries(1):
        version_for_session(SESSION)


def test_a_new_version_is_not_live_until_somebody_makes_it_so() -> None:
    WorkflowVersion.objects.update(label_ids=["wf_1"])
    row = add_version(json.dumps(SMALL), "Bob", " Smaller. ")
    assert (row.number, row.is_live, row.note, row.created_by) == (2, False, "Smaller.", "Bob")
    assert row.label_ids == ["wf_1"]
    assert version_for_session(SESSION).number == 1


def test_exactly_one_version_is_live_and_it_can_be_an_old_one_again() -> None:
    add_version(SMALL, "Bob", "")
    for number in (2, 1, 1):
        make_live(number, "Bob")
        assert list(WorkflowVersion.objects.filter(is_live=True).values_list("number", flat=True)) == [number]
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkflowVersion.objects.filter(number=2).update(is_live=True)


def test_a_version_nobody_added_cannot_go_live() -> None:
    with pytest.raises(VersionMissing, match="There is no workflow version 7"):
        make_live(7, "Bob")
    assert WorkflowVersion.objects.get(is_live=True).number == 1


def test_a_design_is_compared_with_the_profiles_when_it_is_added_and_when_it_goes_live() -> None:
    with pytest.raises(BadGraph, match="uses the profile 'oracle', which does not exist"):
        add_version(make_design("nodes", "agent", "profile", "oracle"), "Bob", "")
    assert WorkflowVersion.objects.count() == 1
    broken = make_design("nodes", "agent", "profile", "oracle")
    WorkflowVersion.objects.create(number=2, graph=broken, created_by="Bob")
    with pytest.raises(BadGraph, match="uses the profile 'oracle', which does not exist"):
        make_live(2, "Bob")
    assert WorkflowVersion.objects.get(is_live=True).number == 1


def test_the_way_back_stays_open_when_a_profile_has_lost_a_tool() -> None:
    add_version(SMALL, "Bob", "")
    make_live(2, "Bob")
    AssistantProfile.objects.filter(name="main").update(tools=["get_quote", "get_levels"])
    assert make_live(1, "Bob").is_live
    design = WorkflowVersion.objects.get(number=1).graph
    assert "Node 'agent' names the tool 'get_bars', which the profile 'main' does not have" in " ".join(
        lacking_in_profiles(design)
    )
    node = parse_graph(design).nodes["agent"]
    assert isinstance(node, AgentNode)
    assert node.tools_of(profile_now("main").tools) == ("get_quote", "get_levels")


def test_an_approval_waits_with_its_session_until_it_is_cleared() -> None:
    assert pending_approval(SESSION) is None
    version_for_session(SESSION)
    assert pending_approval(SESSION) is None
    set_pending(SESSION, {"node": "approve", "symbol": "IBM"})
    assert pending_approval(SESSION) == {"node": "approve", "symbol": "IBM"}
    assert pending_approval(uuid4()) is None
    set_pending(SESSION, None)
    assert pending_approval(SESSION) is None


def test_an_approval_of_a_session_without_a_version_is_not_lost_silently() -> None:
    set_pending(SESSION, None)
    with pytest.raises(SessionWorkflow.DoesNotExist):
        set_pending(SESSION, {"node": "approve"})


def test_a_database_that_has_lost_its_designs_runs_the_shipped_one() -> None:
    WorkflowVersion.objects.all().delete()
    assert version_for_session(SESSION).number == 1
    assert WorkflowVersion.objects.get().is_live


def test_the_text_that_people_edit_is_the_stored_design_in_reading_order() -> None:
    shuffled = dict(reversed(SMALL["nodes"].items()))
    stored = as_stored(parse_graph({**SMALL, "nodes": shuffled}))
    assert list(stored["nodes"]) == ["read", "route", "chart", "confirm", "agent", "no"]
    text = as_text(stored)
    assert json.loads(text) == stored
    assert '"commands": ["load"],' in text
    assert parse_graph(text) == parse_graph(SMALL)


def test_the_outline_shows_each_node_once_and_says_where_else_it_stands() -> None:
    graph = parse_graph(SMALL)
    seen: list[str] = []
    elsewhere: list[tuple[str, str]] = []

    def walk(steps):
        for step in steps:
            seen.append(step.node_id)
            for branch in step.branches:
                if branch.shown_elsewhere:
                    elsewhere.append((step.node_id, branch.shown_elsewhere))
                walk(branch.steps)

    walk(outline(graph))
    assert sorted(seen) == sorted(graph.nodes)
    assert elsewhere == [("chart", "agent"), ("confirm", "agent")]
    assert [step.node_id for step in outline(graph)] == ["read", "route"]
