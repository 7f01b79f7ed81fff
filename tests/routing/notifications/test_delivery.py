"""What waits in the outbox goes out, to a real mail server and a real receiver of webhooks, also when these fail."""

import logging
import uuid
from datetime import datetime, timedelta

import pytest
from django.core.mail import get_connection
from django.utils import timezone

from apps.routing import kills, webhook
from apps.routing.delivery import MAX_TRIES, NEWS_FOR, WAITS_S, deliver_due
from apps.routing.models import Notification, NotificationDelivery
from tests.routing.notifications.conftest import TOLD
from tests.routing.notifications.mail_server import MailServer
from tests.routing.notifications.webhook_server import WebhookServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]


def stop(provider: str = "workflow") -> Notification:
    kills.kill(provider=provider, by="Bob", reason="Prices are wrong.")
    return Notification.objects.get(data__provider=provider)


def delivery(channel: str) -> NotificationDelivery:
    return NotificationDelivery.objects.get(channel=channel)


def later(told: Notification, seconds: float) -> datetime:
    return told.at + timedelta(seconds=seconds)


def test_a_message_goes_to_everybody_who_is_told_by_every_channel(mail: MailServer, hook: WebhookServer) -> None:
    told = stop()
    assert deliver_due(now=timezone.now()) == 2
    (letter,) = mail.messages
    assert (letter["Subject"], letter["From"]) == ("workflow stopped by Bob", "G'sves <rollout@example.com>")
    assert [line.partition("<")[2].rstrip(">") for line in mail.recipients] == TOLD
    assert letter["Message-ID"] == f"<{told.pk.hex}@example.com>"
    assert letter.get_content().splitlines() == told.body.splitlines()
    (call,) = hook.received
    assert call.is_genuine
    assert (call.id, call.content["type"]) == (f"msg_{told.pk.hex}", "rollout.stopped")
    assert datetime.fromisoformat(call.content["timestamp"]) == told.at
    assert call.content["data"]["subject"] == told.subject
    assert call.content["data"]["provider"] == "workflow"
    assert [row.state.partition(" ")[0] for row in told.deliveries.all()] == ["sent", "sent"]
    assert deliver_due(now=timezone.now()) == 0


def test_a_signature_is_the_one_that_the_specification_gives_as_its_example(settings) -> None:
    settings.ROLLOUT_WEBHOOK_SECRET = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
    (key,) = webhook.keys()
    given = webhook.signature(
        key, message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=b'{"test": 2432232314}'
    )
    assert given == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_is_replaced_either_one_proves_who_calls(settings, hook: WebhookServer) -> None:
    settings.ROLLOUT_WEBHOOK_SECRET = ["whsec_" + "bmV3" * 10, hook.secret]
    stop()
    deliver_due(now=timezone.now())
    settings.ROLLOUT_WEBHOOK_SECRET = ["whsec_" + "bmV3" * 10]
    stop("agents_sdk")
    deliver_due(now=timezone.now())
    assert [call.is_genuine for call in hook.received] == [True, False]


def test_tries_come_at_growing_waits_and_end_with_an_error_in_the_log(hook: WebhookServer, caplog) -> None:
    hook.statuses = [500] * MAX_TRIES
    told = stop()
    at = told.at
    for number, wait_s in enumerate(WAITS_S, start=1):
        assert deliver_due(now=at) == 0
        assert len(hook.received) == number
        deliver_due(now=at + timedelta(seconds=wait_s - 1))
        assert len(hook.received) == number
        at += timedelta(seconds=wait_s + 1)
    caplog.clear()
    deliver_due(now=at)
    assert [(entry.levelno, entry.message) for entry in caplog.records] == [(logging.ERROR, "Notification given up")]
    assert caplog.records[0].error == "The webhook answered 500."
    assert delivery("webhook").state == f"given up after {MAX_TRIES} tries: The webhook answered 500."
    deliver_due(now=at + timedelta(hours=12))
    assert len(hook.received) == MAX_TRIES
    assert {call.id for call in hook.received} == {f"msg_{told.pk.hex}"}


def test_an_e_mail_that_went_out_is_not_repeated_because_the_webhook_fails(
    mail: MailServer, hook: WebhookServer
) -> None:
    hook.statuses = [503]
    told = stop()
    assert deliver_due(now=told.at) == 1
    assert deliver_due(now=later(told, 11)) == 1
    assert (len(mail.messages), len(hook.received)) == (1, 2)


def test_a_dead_channel_is_asked_once_a_call_and_delays_no_other(mail: MailServer, hook: WebhookServer) -> None:
    hook.statuses = [500] * 9
    stop("workflow")
    stop("agents_sdk")
    assert deliver_due(now=timezone.now()) == 2
    assert (len(mail.messages), len(hook.received)) == (2, 1)


@pytest.mark.parametrize(
    ("statuses", "said"),
    [
        ([500], "The webhook answered 500."),
        ([404], "The webhook answered 404."),
        ([410], "The webhook answered 410."),
        ([302], "The webhook answered 302, a redirect, which is not followed."),
        ([307], "The webhook answered 307, a redirect, which is not followed."),
    ],
)
def test_what_is_not_a_success_is_kept_as_why_and_tried_again(
    hook: WebhookServer, statuses: list[int], said: str
) -> None:
    hook.statuses = statuses
    told = stop()
    assert deliver_due(now=told.at) == 0
    assert delivery("webhook").error == said
    assert [call.path for call in hook.received] == ["/hook"]
    assert deliver_due(now=later(told, 11)) == 1


def test_a_webhook_that_nobody_serves_is_tried_again(settings, hook: WebhookServer) -> None:
    settings.ROLLOUT_WEBHOOK_URL = "http://127.0.0.1:9/token-of-a-path"
    told = stop()
    deliver_due(now=told.at)
    assert delivery("webhook").error == "The webhook could not be reached (ConnectError)."
    settings.ROLLOUT_WEBHOOK_URL = hook.url
    assert deliver_due(now=later(told, 11)) == 1


def test_a_webhook_that_does_not_answer_is_left(hook: WebhookServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT_S", 0.2)
    hook.hold = True
    told = stop()
    assert deliver_due(now=told.at) == 0
    assert delivery("webhook").error == "The webhook did not answer within 0.2 s."


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"RCPT": "550 nobody of that name"}, "The mail server refused every recipient."),
        ({"MAIL": "451 later"}, "The mail server answered 451."),
        ({"DATA": "554 no"}, "The mail server answered 554."),
        ({"MAIL": ""}, "The mail server hung up, or did not answer within 10 s."),
        ({"AUTH": "535 who are you"}, "The mail server refused the login (535)."),
    ],
)
def test_an_e_mail_that_is_not_taken_is_tried_again(
    settings, mail: MailServer, answers: dict[str, str], said: str
) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "rollout", "wonderland-7"
    mail.answers = {"AUTH": "235 come in"} | answers
    told = stop()
    assert deliver_due(now=told.at) == 0
    assert delivery("email").error == said
    mail.answers = {"AUTH": "235 come in"}
    assert deliver_due(now=later(told, 11)) == 1
    assert len(mail.messages) == 1


def test_a_mail_server_that_says_nothing_is_left(settings, mail: MailServer) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    mail.is_silent = True
    deliver_due(now=stop().at)
    assert delivery("email").error == "The mail server hung up, or did not answer within 0.2 s."


@pytest.mark.parametrize("good_bye", ["", "500 what", "bye " * 5_000])
def test_a_mail_server_that_took_the_message_has_it_however_it_says_good_bye(mail: MailServer, good_bye: str) -> None:
    mail.answers = {"QUIT": good_bye}
    assert deliver_due(now=stop().at) == 1
    assert len(mail.messages) == 1


def test_no_address_and_no_key_is_kept_or_logged_of_a_failure(settings, mail: MailServer, hook: WebhookServer, caplog):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "rollout", "wonderland-7"
    mail.answers = {"AUTH": "235 wonderland-7", "RCPT": "550 alice@example.com is nobody"}
    settings.ROLLOUT_WEBHOOK_URL = f"{hook.url}/path-that-is-a-key"
    hook.statuses = [403]
    with caplog.at_level(logging.DEBUG):
        assert deliver_due(now=stop().at) == 0
        told = " ".join([caplog.text, *(str(vars(entry)) for entry in caplog.records if entry.name.startswith("apps"))])
    told += " ".join(NotificationDelivery.objects.values_list("error", flat=True))
    assert not [secret for secret in ("wonderland", "example.com", "is-a-key", hook.secret[6:]) if secret in told]


def test_a_fault_of_our_own_is_tried_again_like_any_other(settings, mail: MailServer) -> None:
    told = stop()
    settings.ROLLOUT_NOTIFY_EMAILS = "alice@example.com"
    assert deliver_due(now=told.at, channels=["email"]) == 0
    assert delivery("email").error == "It failed unexpectedly (TypeError)."


def test_what_waited_for_days_is_given_up_unsent(hook: WebhookServer, caplog: pytest.LogCaptureFixture) -> None:
    told = stop()
    assert deliver_due(now=told.at + NEWS_FOR + timedelta(minutes=1)) == 0
    assert hook.received == []
    assert delivery("webhook").state == "given up after 1 try: It waited for a day and is no news any more."


def test_a_process_that_listens_on_one_channel_leaves_the_other_to_those_that_do(
    settings, mail: MailServer, hook: WebhookServer
) -> None:
    told = stop()
    address, settings.ROLLOUT_WEBHOOK_URL = settings.ROLLOUT_WEBHOOK_URL, ""
    assert deliver_due(now=told.at) == 1
    assert delivery("webhook").state == "waits"
    settings.ROLLOUT_WEBHOOK_URL = address
    assert deliver_due(now=later(told, 60)) == 1


def test_each_process_that_dies_while_it_sends_has_used_up_a_try() -> None:
    told = Notification.objects.create(id=uuid.uuid4(), kind="stopped", subject="workflow stopped", body="")
    row = NotificationDelivery.objects.create(
        notification=told, channel="email", n_tries=MAX_TRIES, next_try_at=told.at
    )
    assert row.state == "is being sent"
    assert deliver_due(now=later(told, 1), channels=[NotificationDelivery.Channel.EMAIL]) == 0
    assert "Each process that sent it ended before it was done." in delivery("email").state


def test_told_to_stop_it_sends_nothing_more(hook: WebhookServer) -> None:
    stop("workflow")
    stop("agents_sdk")
    assert deliver_due(now=timezone.now(), is_stopping=lambda: bool(hook.received)) == 1


def test_the_mail_server_of_these_tests_is_the_one_that_django_uses(mail: MailServer) -> None:
    assert (get_connection().host, get_connection().port) == ("127.0.0.1", mail.port)
