"""Two processes that look at once fire one alert and write one message."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from apps.metrics.alerts import look as look_module
from apps.metrics.alerts.look import look_at
from apps.metrics.alerts.readings import read
from apps.metrics.models import Alert, AlertRule
from apps.routing.models import Notification
from tests.metrics.alerts.turns import NOW, make_rule, make_turns


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seconds_later", [0, 1])
def test_two_looks_at_once_fire_one_alert(settings, monkeypatch: pytest.MonkeyPatch, seconds_later: int) -> None:
    settings.ROLLOUT_NOTIFY_EMAILS = ["alice@example.com"]
    make_turns(20, ok=False)
    rule = make_rule()
    both_have_read = Barrier(2, timeout=30)

    def reading(rule: AlertRule, **values: Any) -> Any:
        found = read(rule, **values)
        both_have_read.wait()
        return found

    monkeypatch.setattr(look_module, "read", reading)

    def one_look(now: datetime) -> list[str]:
        try:
            return look_at(AlertRule.objects.get(pk=rule.pk), now=now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as processes:
        lines = list(processes.map(one_look, (NOW, NOW + timedelta(seconds=seconds_later))))
    assert sum(map(len, lines)) == 1
    assert Alert.objects.count() == 1
    assert Notification.objects.count() == 1
