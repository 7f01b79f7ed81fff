"""A look at the evidence leaves a row; automation looks at every provider on trial."""

import logging
from datetime import timedelta

import pytest

from apps.metrics.evidence import guardrails
from apps.metrics.evidence.bad_turns import BAD_TURNS
from apps.metrics.evidence.guardrails import candidates, evaluate, evaluate_all
from apps.routing.evidence.guardrails import GUARDRAILS
from apps.routing.models import Evaluation, Rollout, Schedule, SessionAssignment, Stage
from tests.metrics.evidence.rollouts import (
    BEGIN,
    NOW,
    QUARTER,
    figures,
    make_rollout,
    make_session,
    make_sessions,
    make_turn,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rollout() -> None:
    make_rollout()


def test_a_look_leaves_a_row_with_what_it_saw() -> None:
    make_sessions(3, bad=1)
    make_sessions(9, "responses")
    row = evaluate(candidate="workflow", now=NOW)
    assert row == Evaluation.objects.get()
    assert (row.at, row.since, row.version) == (NOW, BEGIN, Rollout.objects.get().version)
    assert (row.candidate, row.control, row.verdict) == ("workflow", "responses", "inconclusive")
    assert (row.n_candidate, row.n_control) == (3, 9)
    assert row.summary.startswith("INCONCLUSIVE: 1 of 3 workflow sessions met a backend failure, 0 of 9 of responses")
    assert row.took_ms > 0
    assert set(row.figures["guardrails"]) == set(GUARDRAILS)


def test_a_few_sessions_are_never_called_safe() -> None:
    make_sessions(50)
    make_sessions(150, "responses")
    assert evaluate(candidate="workflow", now=NOW).verdict == "inconclusive"


def test_many_good_sessions_are_called_safe() -> None:
    make_sessions(300)
    make_sessions(900, "responses")
    assert evaluate(candidate="workflow", now=NOW).verdict == "safe"


def test_many_bad_sessions_are_called_harmful() -> None:
    make_sessions(30, bad=12)
    make_sessions(90, "responses")
    assert evaluate(candidate="workflow", now=NOW).verdict == "harmful"


def test_an_outage_of_both_is_not_the_candidate_s() -> None:
    make_sessions(60, bad=36)
    make_sessions(180, "responses", bad=108)
    assert evaluate(candidate="workflow", now=NOW).verdict == "inconclusive"


def test_the_same_failures_under_other_shares_mean_something_else() -> None:
    # Nine failures of either arm: as many as its share deserves at an even split, nine times as many at 10 %.
    even, tenth = {"responses": 5000, "workflow": 5000}, {"responses": 9000, "workflow": 1000}
    for shares, verdict in ((even, "inconclusive"), (tenth, "harmful")):
        SessionAssignment.objects.all().delete()
        make_sessions(18, bad=9, shares=shares)
        make_sessions(18 if shares is even else 162, "responses", bad=9, shares=shares)
        assert evaluate(candidate="workflow", now=NOW).verdict == verdict


def test_sessions_that_go_missing_make_every_figure_doubtful() -> None:
    make_sessions(100)
    make_sessions(900, "responses")
    row = evaluate(candidate="workflow", now=NOW)
    assert row.figures["sample_ratio"]["assigned"]["is_mismatch"]
    assert row.verdict == "inconclusive"
    assert row.summary.startswith(
        "INCONCLUSIVE: of 1,000 sessions assigned, workflow has 100 where its shares give 250."
    )


def test_sessions_that_go_missing_after_they_were_assigned_are_found_too() -> None:
    make_sessions(100)
    for _ in range(200):
        make_turn(make_session(), status="interrupted", error="abandoned", latency_ms=None)
    make_sessions(900, "responses")
    ratios = figures()["sample_ratio"]
    assert (ratios["assigned"]["is_mismatch"], ratios["looked_at"]["is_mismatch"]) == (False, True)


def test_shares_that_changed_are_compared_each_with_what_was_meant() -> None:
    for shares, n_workflow, n_responses in (
        ({"responses": 9900, "workflow": 100}, 5, 500),
        ({"responses": 5000, "workflow": 5000}, 300, 300),
    ):
        make_sessions(n_workflow, shares=shares)
        make_sessions(n_responses, "responses", shares=shares)
    assert not figures()["sample_ratio"]["assigned"]["is_mismatch"]


def test_all_harm_tests_together_have_one_alpha() -> None:
    by_name = {name: each["alpha_harm"] for name, each in figures()["guardrails"].items()}
    assert sum(by_name.values()) == pytest.approx(0.01)
    assert by_name["backend_failures"] == max(by_name.values())


def test_the_pace_is_that_of_the_latest_week_or_of_all_there_is() -> None:
    for day in range(10):
        make_sessions(7, "workflow", at=BEGIN + timedelta(days=day, hours=1))
        make_session("agents_sdk", at=BEGIN + timedelta(days=day, hours=1))
    week = figures(now=BEGIN + timedelta(days=10))["pace"]
    assert week == {"days": 7, "sessions_per_week": pytest.approx(56), "arm_sessions_per_day": pytest.approx(7)}
    two_days = figures(now=BEGIN + timedelta(days=2))["pace"]
    assert (two_days["days"], two_days["arm_sessions_per_day"]) == (2, pytest.approx(7))
    assert figures(now=BEGIN + timedelta(minutes=59))["pace"] is None


def test_the_worst_case_is_told_for_the_share_now_and_for_the_next_stage() -> None:
    make_sessions(300)
    make_sessions(900, "responses")
    schedule = Schedule.objects.create(candidate="workflow", control="responses", by="Bob", state="active")
    for number, share, began_at in ((1, 2500, BEGIN), (2, 5000, None), (3, 10_000, None)):
        Stage.objects.create(
            schedule=schedule,
            number=number,
            share=share,
            starts_at=BEGIN,
            min_sessions=1,
            guardrails=[],
            began_at=began_at,
        )
    now, later = figures()["harm_ceilings"]
    assert (now["share"], later["share"]) == (2500, 5000)
    assert 0 < now["sessions_per_week"] < later["sessions_per_week"]
    assert str(later["sessions_per_week"]) in later["sentence"]


def test_every_provider_on_trial_is_looked_at() -> None:
    shares = {"responses": 9000, "workflow": 0, "agents_sdk": 1000}
    make_rollout(shares=shares)
    assert candidates() == ["agents_sdk"]
    for candidate, state in (("workflow", "draft"), ("agents_sdk", "paused"), ("analyst", "rolled_back")):
        Schedule.objects.create(candidate=candidate, control="responses", by="Bob", state=state)
    assert candidates() == ["agents_sdk", "workflow"]
    assert [row.candidate for row in evaluate_all(now=NOW)] == ["agents_sdk", "workflow"]


def test_a_look_that_fails_keeps_no_other_from_being_taken(monkeypatch, caplog) -> None:
    make_rollout(shares={"responses": 5000, "workflow": 2500, "agents_sdk": 2500})

    def look(*, candidate, now):
        if candidate == "workflow":
            raise RuntimeError("no such table")
        return evaluate(candidate=candidate, now=now)

    monkeypatch.setattr(guardrails, "evaluate", look)
    with caplog.at_level(logging.ERROR):
        assert [row.candidate for row in evaluate_all(now=NOW)] == ["agents_sdk"]
    (record,) = caplog.records
    assert (record.message, record.candidate) == ("Evaluation failed", "workflow")


def test_looks_that_say_nothing_new_are_deleted_after_a_week() -> None:
    for minute in range(3):
        evaluate(candidate="workflow", now=NOW + timedelta(minutes=minute))
    evaluate_all(now=NOW + timedelta(days=8))
    assert Evaluation.objects.count() == 2


def test_every_guardrail_has_its_query() -> None:
    assert set(BAD_TURNS) == set(GUARDRAILS)


def test_the_share_of_a_session_is_that_at_its_assignment() -> None:
    make_sessions(20, shares={"responses": 9000, "workflow": 1000})
    Rollout.objects.update(shares=QUARTER)
    (cell,) = figures()["cells"]
    assert cell["odds"] == pytest.approx(1 / 9)
