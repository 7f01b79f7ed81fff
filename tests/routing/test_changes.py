"""Each change is previewed truly, recorded once with who and why, and refused in words where it makes no sense."""

import pytest

from apps.routing import changes, kills
from apps.routing.errors import BadShares, NotStopped, ReasonMissing, RolloutReplaced, UnknownProvider
from apps.routing.ledger import current_rollout
from apps.routing.models import Rollout, RolloutChange

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]


def test_a_preview_says_what_will_move_and_changes_nothing() -> None:
    shares = {"responses": 7_500, "workflow": 1_500, "agents_sdk": 1_000}
    preview = changes.preview_shares(shares=shares)
    assert preview.sentences == [
        "1,500 of 10,000 buckets move from responses to workflow.",
        "1,000 of 10,000 buckets move from responses to agents_sdk.",
    ]
    assert Rollout.objects.get().shares == {"responses": 10_000}


def test_setting_shares_moves_what_the_preview_said() -> None:
    shares = {"responses": 7_500, "workflow": 2_500}
    preview = changes.preview_shares(shares=shares)
    before = current_rollout().buckets
    changes.set_shares(shares=shares, by="Bob", expected_version=preview.version)
    rollout = Rollout.objects.get()
    assert rollout.shares == shares == rollout.buckets.shares()
    assert before.moves_to(rollout.buckets) == list(preview.moves)


def test_a_change_is_recorded_with_who_what_and_why() -> None:
    changes.set_shares(shares={"responses": 7_500, "workflow": 2_500}, by="Bob", reason=" First stage. ")
    change = RolloutChange.objects.first()
    assert change is not None
    assert (change.by, change.action, change.reason, change.version) == ("Bob", "shares_set", "First stage.", 2)
    assert change.summary == "workflow 0 % → 25 %, responses 100 % → 75 %; 2,500 buckets moved"
    assert change.before["shares"] == {"responses": 10_000}
    assert change.after["shares"] == {"responses": 7_500, "workflow": 2_500}


def test_the_same_shares_again_change_nothing() -> None:
    current_rollout()
    assert changes.set_shares(shares={"responses": 10_000, "workflow": 0}, by="Bob") is None
    assert Rollout.objects.get().version == 1


def test_shares_decided_on_an_older_version_are_refused() -> None:
    seen = current_rollout().version
    kills.kill(provider="workflow", by="Alice")
    with pytest.raises(RolloutReplaced, match="it is version 2, you saw version 1"):
        changes.set_shares(shares={"workflow": 10_000}, by="Bob", expected_version=seen)
    assert Rollout.objects.get().shares == {"responses": 10_000}


@pytest.mark.parametrize(
    ("shares", "error"),
    [
        ({"responses": 9_000}, BadShares),
        ({"responses": 10_500, "workflow": -500}, BadShares),
        ({"responses": 5_000, "gpt": 5_000}, UnknownProvider),
    ],
)
def test_shares_that_make_no_sense_are_refused_and_nothing_changes(
    shares: dict[str, int], error: type[Exception]
) -> None:
    with pytest.raises(error):
        changes.set_shares(shares=shares, by="Bob")
    with pytest.raises(error):
        changes.preview_shares(shares=shares)
    assert Rollout.objects.get().version == 1


def test_stopping_twice_is_one_stop() -> None:
    assert kills.kill(provider="workflow", by="Bob") is not None
    assert kills.kill(provider="workflow", by="Alice") is None
    assert Rollout.objects.get().kills["workflow"]["by"] == "Bob"


def test_a_stop_needs_no_reason_and_takes_one_afterwards() -> None:
    kills.kill(provider="workflow", by="Bob")
    kills.explain_kill(provider="workflow", by="Bob", reason="Wrong prices.")
    assert Rollout.objects.get().kills["workflow"]["reason"] == "Wrong prices."
    history = list(RolloutChange.objects.order_by("id").values_list("action", "reason"))
    assert history == [("seeded", ""), ("stopped", ""), ("reason_given", "Wrong prices.")]


def test_resuming_wants_a_reason() -> None:
    kills.kill(provider="workflow", by="Bob")
    with pytest.raises(ReasonMissing, match="Resuming workflow wants a reason"):
        kills.unkill(provider="workflow", by="Bob", reason="  ")
    assert Rollout.objects.get().killed == {"workflow"}


def test_what_is_not_stopped_cannot_be_resumed_or_explained() -> None:
    with pytest.raises(NotStopped, match="workflow is not stopped"):
        kills.unkill(provider="workflow", by="Bob", reason="Why not.")
    with pytest.raises(NotStopped):
        kills.explain_kill(provider="workflow", by="Bob", reason="Why not.")


def test_an_unknown_provider_cannot_be_stopped() -> None:
    with pytest.raises(UnknownProvider, match="no provider “gpt”"):
        kills.kill(provider="gpt", by="Bob")
