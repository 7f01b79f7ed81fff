"""What is written for people outside when the rollout changes, and that a message never stands in a stop's way."""

import logging

import pytest
from django.db import connection, transaction

from apps.routing import changes, kills, ledger, proposals
from apps.routing.models import Notification, NotificationDelivery, Rollout, RolloutChange
from apps.routing.notification_text import SUBJECT_CHARACTERS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]

Action = RolloutChange.Action
SILENT = {Action.SEEDED, Action.SCHEDULE_DRAFTED, Action.PINNED, Action.UNPINNED, Action.OVERRIDDEN}


@pytest.fixture(autouse=True)
def somebody_listens(settings) -> None:
    settings.ROLLOUT_NOTIFY_EMAILS = ["alice@example.com"]
    settings.ROLLOUT_WEBHOOK_URL = "http://127.0.0.1:9/hook"
    settings.SITE_URL = "https://chat.example.com/"


def record(action: str, **entry: str) -> RolloutChange:
    with transaction.atomic():
        return ledger.record(ledger.locked_rollout(), action=Action(action), **({"by": "Bob"} | entry))


@pytest.mark.parametrize("action", Action)
def test_a_change_is_told_unless_it_concerns_nobody_outside(action: str) -> None:
    record(action, provider="workflow", what="something happened")
    assert Notification.objects.filter(kind=action).exists() == (action not in SILENT)


def test_a_stop_says_what_who_why_what_to_do_and_where_to_look() -> None:
    change = kills.kill(provider="responses", by="Bob", reason="Prices are wrong.", cut=True, instead="analyst")
    told = Notification.objects.get()
    assert told.subject == "responses stopped by Bob"
    at = f"{change.at.day} {change.at:%B %Y, %H:%M:%S} UTC"
    assert told.body.split("\n\n") == [
        "What: responses stopped, its answers cut; analyst serves instead",
        f"Who: Bob, {at}, rollout version {change.version}",
        "Why: Prices are wrong.",
        "What to do: Its sessions go to another provider with their next turn. "
        "Resume it once what was wrong is mended.",
        "Where to look: https://chat.example.com/admin/routing/rollout/1/change/\n",
    ]
    assert told.data["stopped"] == ["responses"]
    assert told.data["shares"] == Rollout.objects.get().shares
    assert {delivery.channel for delivery in told.deliveries.all()} == {"email", "webhook"}


def test_what_is_not_known_is_said_in_words(settings) -> None:
    settings.SITE_URL = ""
    kills.kill(provider="workflow", by="Bob")
    body = Notification.objects.get().body
    assert "Why: no reason was given\n" in body
    assert "Where to look: Routing › Rollout in the admin" in body


def test_a_proposal_asks_for_somebody_else_where_two_people_decide(settings) -> None:
    settings.ROLLOUT_TWO_PERSON = True
    proposal = proposals.propose_shares(shares={"responses": 7_500, "workflow": 2_500}, by="Bob")
    told = Notification.objects.get()
    assert told.subject.startswith("Approval wanted by Bob: proposed: workflow 0 % → 25 %")
    assert "It wants somebody other than Bob." in told.body
    proposals.approve(proposal_id=proposal.pk, by="Alice")
    assert "Who: Bob, approved by Alice, " in Notification.objects.get(kind="shares_set").body


@pytest.mark.parametrize("listening", [{"email"}, {"webhook"}, set()])
def test_a_message_is_written_for_those_who_listen_and_none_where_nobody_does(settings, listening: set[str]) -> None:
    if "email" not in listening:
        settings.ROLLOUT_NOTIFY_EMAILS = []
    if "webhook" not in listening:
        settings.ROLLOUT_WEBHOOK_URL = ""
    kills.kill(provider="workflow", by="Bob")
    assert set(NotificationDelivery.objects.values_list("channel", flat=True)) == listening
    assert Notification.objects.count() == bool(listening)


def test_a_change_that_is_taken_back_is_told_nobody() -> None:
    with transaction.atomic():
        changes.set_shares(shares={"responses": 5_000, "workflow": 5_000}, by="Bob")
        transaction.set_rollback(True)
    assert not Notification.objects.exists()


def test_a_provider_is_stopped_although_the_message_cannot_be_written(caplog) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE routing_notification RENAME TO taken_away")
    with caplog.at_level(logging.ERROR):
        change = kills.kill(provider="workflow", by="Bob", reason="Prices are wrong.")
    assert Rollout.objects.get().killed == {"workflow"}
    assert RolloutChange.objects.first() == change
    assert ledger.verify() == []
    assert [entry.message for entry in caplog.records] == ["Notification not written"]


def test_tries_that_are_refused_one_after_the_other_are_told_once_a_person() -> None:
    for _ in range(5):
        ledger.refuse(by="Charlie", what="tried to stop workflow without the permission", provider="workflow")
    ledger.refuse(by="Alice", what="tried to approve their own proposal 1")
    assert RolloutChange.objects.filter(action="refused").count() == 6
    assert [told.subject for told in Notification.objects.order_by("at")] == [
        "Refused: Charlie tried to stop workflow without the permission",
        "Refused: Alice tried to approve their own proposal 1",
    ]


def test_a_subject_is_one_line_that_a_header_can_hold() -> None:
    record("refused", by="Charlie\r\nBcc: charlie@example.com", what="tried\u2028this " * 60)
    subject = Notification.objects.get().subject
    assert subject.splitlines() == [subject]
    assert len(subject) == SUBJECT_CHARACTERS


def test_a_reason_without_end_is_cut_short() -> None:
    kills.kill(provider="workflow", by="Bob", reason="word " * 10_000)
    body = Notification.objects.get().body
    assert len(body) < 3_000
    assert "(the audit log has all of it)" in body
