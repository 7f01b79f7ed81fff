"""Two people, or a person and the watch, at the same moment: one of them wins, the other is told, nothing is lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.routing import changes, kills, ledger, proposals
from apps.routing.errors import NotStopped, ProposalEnded, RolloutReplaced, RoutingError, ScheduleNotReady
from apps.routing.ledger import current_rollout
from apps.routing.models import Rollout, RolloutChange, Schedule, Stage
from apps.routing.schedule import verbs as schedules
from apps.routing.schedule.rules import template
from apps.routing.schedule.steps import roll_back, step_schedules
from tests.routing.test_races import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("all_backends")]


def told(call: object) -> str:
    """What came of a verb: done, or the name of the error."""
    try:
        call()  # type: ignore[operator]
    except RoutingError as error:
        return type(error).__name__
    return "done"


def test_of_two_who_set_shares_on_the_same_version_one_is_told_to_look_again() -> None:
    version = current_rollout().version
    shares = [{"responses": 9_000, "workflow": 1_000}, {"responses": 5_000, "workflow": 5_000}]
    outcomes = race(
        2,
        lambda number: told(
            lambda: changes.set_shares(shares=shares[number], by=f"Person {number}", expected_version=version)
        ),
    )
    assert sorted(outcomes) == [RolloutReplaced.__name__, "done"]
    assert Rollout.objects.get().shares == shares[outcomes.index("done")]
    assert ledger.verify() == []


def test_a_proposal_is_approved_once_however_many_approve_it() -> None:
    proposal = proposals.propose_shares(shares={"responses": 5_000, "workflow": 5_000}, by="Alice")
    outcomes = race(6, lambda _: told(lambda: proposals.approve(proposal_id=proposal.pk, by="Bob")))
    assert sorted(outcomes) == [ProposalEnded.__name__] * 5 + ["done"]
    assert RolloutChange.objects.filter(action="shares_set").count() == 1


def test_of_many_who_resume_one_does() -> None:
    kills.kill(provider="workflow", by="Alice")
    outcomes = race(4, lambda _: told(lambda: kills.unkill(provider="workflow", by="Bob", reason="It is well.")))
    assert sorted(outcomes) == [NotStopped.__name__] * 3 + ["done"]


def test_however_many_processes_look_a_stage_begins_once() -> None:
    schedule = schedules.draft_schedule(candidate="workflow", stages=template(first=timezone.now()), by="Alice")
    schedules.start_schedule(schedule_id=schedule.pk, by="Bob")
    lines = race(6, lambda _: step_schedules(now=timezone.now()))
    assert sum(map(len, lines)) == 1
    assert RolloutChange.objects.filter(action="stage_begun").count() == 1
    assert Rollout.objects.get().shares == {"responses": 9_000, "workflow": 1_000}
    assert ledger.verify() == []


def test_a_person_who_ends_a_schedule_and_the_watch_that_begins_a_stage_leave_one_story() -> None:
    schedule = schedules.draft_schedule(candidate="workflow", stages=template(first=timezone.now()), by="Alice")
    schedules.start_schedule(schedule_id=schedule.pk, by="Bob")
    race(
        2,
        lambda number: (
            step_schedules(now=timezone.now())
            if number
            else told(lambda: schedules.end_schedule(schedule_id=schedule.pk, by="Bob", reason="Enough."))
        ),
    )
    state = Schedule.objects.get().state
    begun = Stage.objects.filter(began_at__isnull=False).count()
    share = Rollout.objects.get().shares.get("workflow", 0)
    assert (state, share) == ("ended", 1_000 if begun else 0)
    assert ledger.verify() == []


def test_everything_at_once_keeps_the_chain_whole() -> None:
    changes.set_shares(shares={"responses": 5_000, "workflow": 5_000}, by="Bob")
    verbs = [
        lambda: kills.kill(provider="agents_sdk", by="Bob", cut=True),
        lambda: roll_back(candidate="workflow", by="Alice", reason="Complaints."),
        lambda: changes.set_shares(shares={"responses": 4_000, "workflow": 6_000}, by="Bob"),
        lambda: ledger.refuse(by="Charlie", what="tried to stop workflow without the permission"),
        lambda: proposals.propose_shares(shares={"responses": 1_000, "workflow": 9_000}, by="Alice"),
        lambda: step_schedules(now=timezone.now() + timedelta(seconds=1)),
    ]
    race(len(verbs), lambda number: told(verbs[number]))
    assert ledger.verify() == []
    assert {change.action for change in RolloutChange.objects.all()} >= {
        "stopped",
        "rolled_back",
        "refused",
        "proposed",
    }


def test_a_schedule_is_started_once() -> None:
    schedule = schedules.draft_schedule(candidate="workflow", stages=template(first=timezone.now()), by="Alice")
    outcomes = race(4, lambda _: told(lambda: schedules.start_schedule(schedule_id=schedule.pk, by="Bob")))
    assert sorted(outcomes) == [ScheduleNotReady.__name__] * 3 + ["done"]
