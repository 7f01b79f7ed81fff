"""An alert arrives: as an e-mail and as a signed call, by the outbox that tells of the rollout."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.metrics.alerts.look import look_at
from apps.routing.delivery import deliver_due
from tests.metrics.alerts.turns import make_rule, make_turns, only_alert
from tests.routing.notifications.conftest import hook, mail  # noqa: F401  fixtures
from tests.routing.notifications.mail_server import MailServer
from tests.routing.notifications.webhook_server import WebhookServer

pytestmark = pytest.mark.django_db


def test_an_alert_and_its_all_clear_arrive_on_both_channels(
    mail: MailServer,  # noqa: F811
    hook: WebhookServer,  # noqa: F811
) -> None:
    now = timezone.now()
    make_turns(20, ok=False, at=now - timedelta(minutes=1))
    rule = make_rule(about="each_provider")
    look_at(rule, now=now)
    make_turns(1000, at=now + timedelta(seconds=50))
    look_at(rule, now=now + timedelta(minutes=1))
    assert only_alert().ended_how == "cleared"
    assert deliver_due(now=now + timedelta(minutes=1)) == 4
    assert [call.content["type"] for call in hook.received] == ["alert.fired", "alert.ended"]
    assert all(call.is_genuine for call in hook.received)
    fired = hook.received[0].content["data"]
    assert (fired["about_what"], fired["value"], fired["unit"], fired["threshold"]) == ("workflow", 100.0, "%", 5.0)
    assert [message["Subject"] for message in mail.messages] == [
        "Alert: workflow: Failed turns 100.0 %, more than 5.0 %",
        "All clear: workflow: Failed turns, after 1 min",
    ]
