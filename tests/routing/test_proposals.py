"""One person proposes, another approves; nobody approves their own where two decide, and nothing overtaken is set."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from apps.routing import changes, kills, ledger, proposals
from apps.routing.errors import (
    BadShares,
    OwnProposal,
    ProposalEnded,
    ReasonMissing,
    RolloutReplaced,
    SecondPersonMissing,
)
from apps.routing.ledger import current_rollout
from apps.routing.models import Proposal, Rollout, RolloutChange
from apps.routing.schedule.steps import roll_back
from tests.routing.staff import ALL, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]

QUARTER = {"responses": 7_500, "workflow": 2_500}
FORM = {"share_responses": "75", "share_workflow": "25", "share_agents_sdk": "0", "share_analyst": "", "version": "1"}


@pytest.fixture
def two_person(settings) -> None:
    settings.ROLLOUT_TWO_PERSON = True


def url(name: str, *arguments: object) -> str:
    return reverse(f"admin:routing_rollout_{name}", args=arguments)


def test_a_proposal_changes_nothing_before_it_is_approved() -> None:
    proposal = proposals.propose_shares(shares=QUARTER, by="Alice", reason="First stage.")
    assert current_rollout().shares == {"responses": 10_000}
    change = proposals.approve(proposal_id=proposal.pk, by="Bob")
    assert current_rollout().shares == QUARTER
    assert (change.by, change.approved_by, change.reason) == ("Alice", "Bob", "First stage.")
    with pytest.raises(ProposalEnded, match="has ended: approved"):
        proposals.approve(proposal_id=proposal.pk, by="Bob")


def test_where_one_is_enough_the_same_person_may_approve() -> None:
    proposal = proposals.propose_shares(shares=QUARTER, by="Alice")
    proposals.approve(proposal_id=proposal.pk, by="Alice")
    assert current_rollout().shares == QUARTER


@pytest.mark.parametrize("name", ["Alice", "alice", "Alice (shell)"])
def test_where_two_decide_nobody_is_both_and_the_try_is_kept(two_person: None, name: str) -> None:
    proposal = proposals.propose_shares(shares=QUARTER, by="Alice")
    with pytest.raises(OwnProposal, match="somebody else has to approve it"):
        proposals.approve(proposal_id=proposal.pk, by=name)
    assert current_rollout().shares == {"responses": 10_000}
    tried = RolloutChange.objects.first()
    assert tried is not None
    assert (tried.action, tried.by) == ("refused", name)
    assert ledger.verify() == []


def test_where_two_decide_more_wants_a_second_person_and_less_does_not(two_person: None) -> None:
    with pytest.raises(SecondPersonMissing):
        changes.set_shares(shares=QUARTER, by="Alice")
    changes.set_shares(shares=QUARTER, by="Alice", approved_by="Bob")
    with pytest.raises(SecondPersonMissing):
        changes.set_shares(shares={"responses": 8_000, "agents_sdk": 2_000}, by="Alice")
    changes.set_shares(shares={"responses": 9_000, "workflow": 1_000}, by="Alice")
    assert current_rollout().shares == {"responses": 9_000, "workflow": 1_000}


def test_a_stop_wants_nobody_else_and_a_resume_does(two_person: None) -> None:
    kills.kill(provider="workflow", by="Alice")
    with pytest.raises(SecondPersonMissing):
        kills.unkill(provider="workflow", by="Alice", reason="It is well.")
    with pytest.raises(ReasonMissing):
        proposals.propose_resume(provider="workflow", by="Alice", reason=" ")
    proposal = proposals.propose_resume(provider="workflow", by="Alice", reason="It is well.")
    assert current_rollout().killed == {"workflow"}
    proposals.approve(proposal_id=proposal.pk, by="Bob")
    assert current_rollout().killed == set()


def test_shares_that_somebody_else_set_meanwhile_overtake_a_proposal() -> None:
    proposal = proposals.propose_shares(shares=QUARTER, by="Alice")
    changes.set_shares(shares={"responses": 9_000, "analyst": 1_000}, by="Bob")
    with pytest.raises(RolloutReplaced, match="The shares have changed since this was proposed"):
        proposals.approve(proposal_id=proposal.pk, by="Bob")
    proposal.refresh_from_db()
    assert (proposal.state, current_rollout().shares) == ("replaced", {"responses": 9_000, "analyst": 1_000})


def test_shares_that_are_the_same_again_after_harm_overtake_a_proposal_too() -> None:
    changes.set_shares(shares={"responses": 9_000, "workflow": 1_000}, by="Bob")
    changes.set_shares(shares={"responses": 10_000}, by="Bob")
    proposal = proposals.propose_shares(shares=QUARTER, by="Alice")
    changes.set_shares(shares={"responses": 9_000, "workflow": 1_000}, by="Bob")
    roll_back(candidate="workflow", by="watch", reason="HARMFUL: it fails.")
    with pytest.raises(RolloutReplaced):
        proposals.approve(proposal_id=proposal.pk, by="Bob")
    assert current_rollout().shares == {"responses": 10_000}


def test_who_may_only_propose_withdraws_their_own_only() -> None:
    kills.kill(provider="workflow", by="Alice")
    resume = proposals.propose_resume(provider="workflow", by="Alice", reason="It is well.")
    own = proposals.propose_shares(shares=QUARTER, by="Bob")
    bob = make_staff("view_rollout", "propose")
    assert bob.post(url("withdraw", resume.pk)).status_code == 403
    assert bob.post(url("withdraw", own.pk)).status_code == 302
    assert [p.state for p in Proposal.objects.order_by("id")] == ["open", "withdrawn"]


def test_a_stop_meanwhile_does_not_overtake_shares() -> None:
    proposal = proposals.propose_shares(shares=QUARTER, by="Alice")
    kills.kill(provider="workflow", by="Bob")
    proposals.approve(proposal_id=proposal.pk, by="Bob")
    assert (current_rollout().shares, current_rollout().killed) == (QUARTER, {"workflow"})


def test_a_reason_that_follows_makes_it_no_other_stop() -> None:
    kills.kill(provider="workflow", by="Alice")
    proposal = proposals.propose_resume(provider="workflow", by="Alice", reason="It is well.")
    kills.explain_kill(provider="workflow", by="Alice", reason="Wrong prices.")
    kills.cut(provider="workflow", by="Alice")
    proposals.approve(proposal_id=proposal.pk, by="Bob")
    assert current_rollout().killed == set()


def test_the_shares_in_force_cannot_be_proposed() -> None:
    with pytest.raises(BadShares, match="nothing to propose"):
        proposals.propose_shares(shares={"responses": 10_000}, by="Alice")
    assert not Proposal.objects.exists()


def test_another_stop_overtakes_a_resume() -> None:
    kills.kill(provider="workflow", by="Alice")
    proposal = proposals.propose_resume(provider="workflow", by="Alice", reason="It is well.")
    kills.unkill(provider="workflow", by="Bob", reason="It is well.")
    kills.kill(provider="workflow", by="Bob", reason="It is not.")
    with pytest.raises(RolloutReplaced, match="is another one since this was proposed"):
        proposals.approve(proposal_id=proposal.pk, by="Bob")
    assert current_rollout().killed == {"workflow"}


def test_on_the_page_one_proposes_and_another_approves(two_person: None) -> None:
    alice, bob = make_staff(*ALL, name="Alice"), make_staff(*ALL)
    preview = alice.post(url("preview"), FORM).content.decode()
    assert "Two people decide here" in preview
    assert "Set these shares</button>" not in preview
    page = alice.post(url("propose"), {**FORM, "reason": "First stage."}, follow=True).content.decode()
    proposal = Proposal.objects.get()
    assert "Proposed. Nothing has changed yet" in page
    assert "You proposed this; somebody else approves it." in page
    assert "Approve and put into force" not in page
    assert "Approve and put into force" in bob.get(url("change", 1)).content.decode()
    refused = alice.post(url("approve", proposal.pk), follow=True).content.decode()
    assert "You proposed this; somebody else has to approve it." in refused
    bob.post(url("approve", proposal.pk))
    assert current_rollout().shares == QUARTER


def test_on_the_page_a_resume_waits_for_a_second_person(two_person: None) -> None:
    alice, bob = make_staff(*ALL, name="Alice"), make_staff("view_rollout", "unkill")
    kills.kill(provider="workflow", by="Alice")
    page = alice.post(url("resume", "workflow"), {"reason": "It is well."}, follow=True).content.decode()
    assert "Resuming workflow waits for a second person, below. It is still stopped." in page
    bob.post(url("approve", Proposal.objects.get().pk))
    assert current_rollout().killed == set()


def test_whoever_may_only_resume_approves_no_shares_and_the_other_way_round() -> None:
    shares = proposals.propose_shares(shares=QUARTER, by="Alice")
    kills.kill(provider="workflow", by="Alice")
    resume = proposals.propose_resume(provider="workflow", by="Alice", reason="It is well.")
    resumer, approver = make_staff("unkill", name="Bob"), make_staff("approve", name="Charlie")
    assert resumer.post(url("approve", shares.pk)).status_code == 403
    assert approver.post(url("approve", resume.pk)).status_code == 403
    assert {p.state for p in Proposal.objects.all()} == {"open"}
    assert RolloutChange.objects.filter(action="refused").count() == 2


def test_an_older_version_is_brought_back_in_two_clicks() -> None:
    changes.set_shares(shares=QUARTER, by="Alice")
    change = changes.set_shares(shares={"responses": 2_500, "workflow": 7_500}, by="Alice")
    assert change is not None
    bob = make_staff(*ALL)
    preview = bob.post(url("revert", change.pk))
    assert "5,000 of 10,000 buckets move from workflow to responses." in preview.content.decode()
    form = preview.context_data["form"]
    fields = {f"share_{name}": form[f"share_{name}"].value() for name in ("responses", "workflow", "agents_sdk")}
    bob.post(url("shares"), {**fields, "version": Rollout.objects.get().version, "reason": "Back."})
    assert current_rollout().shares == QUARTER


def test_what_moved_no_shares_cannot_be_reverted() -> None:
    change = kills.kill(provider="workflow", by="Alice")
    assert change is not None
    page = make_staff(*ALL).post(url("revert", change.pk), follow=True).content.decode()
    assert "This change moved no shares" in page


def test_the_shell_proposes_approves_and_withdraws(two_person: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("rollout", "set", "responses=75", "workflow=25", "--propose")
    proposal = Proposal.objects.get()
    assert f"Proposal {proposal.pk} waits for approval: workflow 0 % → 25 %" in capsys.readouterr().out
    call_command("rollout", "show")
    assert f"Proposal {proposal.pk} waits for approval" in capsys.readouterr().out
    with pytest.raises(CommandError, match="somebody else has to approve it"):
        call_command("rollout", "approve", str(proposal.pk))
    call_command("rollout", "withdraw", str(proposal.pk))
    with pytest.raises(CommandError, match="has ended: withdrawn"):
        call_command("rollout", "approve", str(proposal.pk))
    with pytest.raises(CommandError, match="want a second person"):
        call_command("rollout", "set", "responses=75", "workflow=25")


def test_a_proposal_of_an_older_page_is_refused_beside_the_form() -> None:
    kills.kill(provider="agents_sdk", by="Alice")
    answer = make_staff(*ALL).post(url("propose"), FORM)
    assert answer.status_code == 409
    assert "it is version 2, you saw version 1. Nothing was saved" in answer.content.decode()
    assert not Proposal.objects.exists()


def test_charlie_decides_nothing() -> None:
    proposal = proposals.propose_shares(shares=QUARTER, by="Alice")
    charlie: Client = make_staff("view_rollout", name="Charlie")
    for name in ("approve", "withdraw"):
        assert charlie.post(url(name, proposal.pk)).status_code == 403
    assert charlie.post(url("propose"), FORM).status_code == 403
    assert Proposal.objects.get().state == "open"
