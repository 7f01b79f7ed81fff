"""Old alerts and old messages go, in batches; what is open or recent stays."""

from datetime import timedelta

import pytest

from apps.metrics.alerts import retention
from apps.metrics.alerts.retention import prune_alerts
from apps.metrics.models import Alert, AlertReading
from apps.routing import notifications
from apps.routing.models import Notification, NotificationDelivery
from apps.routing.notifications import keep_message, prune_notifications
from tests.metrics.alerts.turns import NOW, look, make_rule, make_turns, only_alert

pytestmark = pytest.mark.django_db


def test_alerts_that_ended_long_ago_go_with_their_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    make_turns(20, ok=False)
    look(make_rule())
    alert = only_alert()
    for days in (500, 450, 401, 399):
        alert.pk, alert.ended_at = None, NOW - timedelta(days=days)
        alert.save(force_insert=True)
        AlertReading.objects.create(alert=alert, at=alert.ended_at, value=1.0, n=1)
    assert prune_alerts(before=NOW - timedelta(days=400)) == 3
    kept = Alert.objects.order_by("id")
    assert [one.ended_at for one in kept] == [None, NOW - timedelta(days=399)]
    assert AlertReading.objects.count() == 2
    assert prune_alerts(before=NOW - timedelta(days=400)) == 0


def test_messages_written_long_ago_go_with_their_deliveries(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "BATCH", 2)
    settings.ROLLOUT_NOTIFY_EMAILS = ["alice@example.com"]
    for days in (500, 450, 401, 399):
        keep_message(topic="alert", kind="fired", subject="S", body="B", data={}, at=NOW - timedelta(days=days))
    assert prune_notifications(before=NOW - timedelta(days=400)) == 3
    assert Notification.objects.get().at == NOW - timedelta(days=399)
    assert NotificationDelivery.objects.count() == 1
