"""Several processes send from one outbox: each message is sent by one at a time, and by another where that one dies."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections
from django.utils import timezone

from apps.routing import delivery, kills
from apps.routing.delivery import CLAIM_S, deliver_due
from apps.routing.models import Notification, NotificationDelivery
from tests.routing.notifications.mail_server import MailServer
from tests.routing.notifications.webhook_server import WebhookServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("all_backends")]

SENDERS = 4


def send_at_once(n: int) -> list[int]:
    """How many each of n senders sent that begin at the same moment, each with a connection of its own."""
    barrier = Barrier(n)

    def send(_: int) -> int:
        try:
            barrier.wait()
            return deliver_due(now=timezone.now())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(send, range(n)))


def test_of_several_senders_one_sends_each_message(mail: MailServer, hook: WebhookServer) -> None:
    for _ in range(6):
        kills.kill(provider="workflow", by="Bob")
        kills.unkill(provider="workflow", by="Bob", reason="Prices are right.")
    n_messages = Notification.objects.count()
    assert sum(send_at_once(SENDERS)) == 2 * n_messages == 24
    assert set(Counter(call.id for call in hook.received).values()) == {1}
    assert set(Counter(letter["Message-ID"] for letter in mail.messages).values()) == {1}
    assert len(hook.received) == len(mail.messages) == n_messages
    assert not NotificationDelivery.objects.filter(sent_at=None).exists()


def test_what_one_sends_nobody_else_sends_until_its_claim_runs_out(hook: WebhookServer) -> None:
    kills.kill(provider="workflow", by="Bob")
    now = timezone.now()
    row = NotificationDelivery.objects.select_related("notification").get()
    # As far as a process comes that dies while it sends.
    assert delivery._claim(row, at=now)
    assert deliver_due(now=now + timedelta(seconds=CLAIM_S - 1)) == 0
    assert hook.received == []
    assert deliver_due(now=now + timedelta(seconds=CLAIM_S)) == 1
    assert len(hook.received) == 1


def test_who_comes_back_after_its_claim_ran_out_writes_over_nobody(hook: WebhookServer) -> None:
    kills.kill(provider="workflow", by="Bob")
    now = timezone.now()
    slow = NotificationDelivery.objects.select_related("notification").get()
    assert delivery._claim(slow, at=now)
    assert deliver_due(now=now + timedelta(seconds=CLAIM_S)) == 1
    sent_at = NotificationDelivery.objects.get().sent_at
    delivery._give_up(slow, error="The webhook answered 500.")
    assert NotificationDelivery.objects.get().sent_at == sent_at
    assert NotificationDelivery.objects.get().error == ""


def test_no_transaction_is_open_while_a_message_is_sent(hook: WebhookServer) -> None:
    hook.hold = True
    kills.kill(provider="workflow", by="Bob")
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(deliver_due, now=timezone.now())
        assert hook.arrived.wait(10)
        # SQLite has one writer: with a transaction open, this stop would wait until it fails.
        kills.kill(provider="agents_sdk", by="Alice")
        hook.go_on.set()
        assert sending.result() >= 1
        pool.submit(connections.close_all).result()
