"""The audit log is a chain: whatever is edited, taken away or changed past it is found and named."""

from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from apps.routing import changes, kills, ledger
from apps.routing.buckets import BucketMap
from apps.routing.models import Rollout, RolloutChange

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]


@pytest.fixture(autouse=True)
def history() -> None:
    changes.set_shares(shares={"responses": 7_500, "workflow": 2_500}, by="Bob", reason="First stage.")
    kills.kill(provider="workflow", by="Alice", cut=True)
    kills.unkill(provider="workflow", by="Bob", reason="Prices are right.")


def third() -> RolloutChange:
    return RolloutChange.objects.order_by("id")[2]


def edit_a_reason() -> None:
    RolloutChange.objects.filter(pk=third().pk).update(reason="Nothing to see.")


def edit_and_hash_again() -> None:
    change = third()
    change.by = "Charlie"
    change.hash = ledger.entry_hash(change, previous=change.previous_hash)
    change.save()


def remove_one() -> None:
    third().delete()


def remove_the_last() -> None:
    RolloutChange.objects.order_by("id").last().delete()  # type: ignore[union-attr]


def set_shares_past_the_services() -> None:
    Rollout.objects.update(shares={"workflow": 10_000})


def unkill_past_the_services() -> None:
    Rollout.objects.update(kills={"analyst": {}})


def swap_two_buckets() -> None:
    rollout = Rollout.objects.get()
    owners = list(rollout.buckets.owners)
    other = owners.index("workflow")
    owners[0], owners[other] = owners[other], owners[0]
    assert owners != list(rollout.buckets.owners)
    Rollout.objects.update(bucket_map=BucketMap(owners=tuple(owners)).encode())


def change_the_salt() -> None:
    Rollout.objects.update(salt="mine")


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (swap_two_buckets, "The rollout is not as the last entry left it"),
        (change_the_salt, "The rollout is not as the last entry left it"),
        (edit_a_reason, "was edited after it was written."),
        (edit_and_hash_again, "does not follow the one before it"),
        (remove_one, "does not follow the one before it"),
        (remove_the_last, "entries at the end are missing."),
        (set_shares_past_the_services, "The rollout is not as the last entry left it"),
        (unkill_past_the_services, "The rollout is not as the last entry left it"),
    ],
)
def test_whatever_is_changed_by_hand_is_found(tamper: Callable[[], None], said: str) -> None:
    assert ledger.verify() == []
    tamper()
    assert any(said in fault for fault in ledger.verify())


def test_the_shell_verifies_and_exits_with_1_where_something_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("rollout", "verify")
    assert "4 entries, each follows the one before it" in capsys.readouterr().out
    edit_a_reason()
    with pytest.raises(CommandError, match="was edited after it was written") as refusal:
        call_command("rollout", "verify")
    assert refusal.value.returncode == 1


def test_no_two_entries_can_follow_the_same_one() -> None:
    change = third()
    change.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        change.save()


def test_a_refused_try_is_kept_and_changes_nothing() -> None:
    before = Rollout.objects.get()
    ledger.refuse(by="Charlie", what="tried to stop workflow without the permission", provider="workflow")
    after = Rollout.objects.get()
    assert (after.version, after.state()) == (before.version, before.state())
    assert ledger.verify() == []
    assert RolloutChange.objects.first().action == "refused"  # type: ignore[union-attr]


def test_the_hash_of_an_entry_is_the_same_whatever_a_database_makes_of_its_numbers() -> None:
    change = third()
    first = ledger.entry_hash(change, previous="")
    change.evidence = {"e": 1e22, "n": 3.0}
    as_floats = ledger.entry_hash(change, previous="")
    change.evidence = {"n": 3, "e": 10**22}
    assert ledger.entry_hash(change, previous="") == as_floats != first
