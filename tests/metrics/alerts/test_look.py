"""A look keeps what fires and what ends, tells people once, and no rule stands in another's way."""

import logging
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from apps.metrics.alerts import look as look_module
from apps.metrics.alerts.look import MOST_SUBJECTS, RulesFailed, weigh_alerts
from apps.metrics.alerts.readings import read
from apps.metrics.models import Alert, AlertReading, AlertRule, AlertState, RequestLog
from apps.metrics.watch import AFTER
from apps.routing.models import Notification
from tests.metrics.alerts.turns import ALICE, NOW, look, make_rule, make_turns, only_alert

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def somebody_listens(settings) -> None:
    settings.ROLLOUT_NOTIFY_EMAILS = ["alice@example.com"]
    settings.ROLLOUT_WEBHOOK_URL = "http://127.0.0.1:9/hook"
    settings.SITE_URL = "https://chat.example.com/"


def subjects() -> list[str]:
    return list(Notification.objects.order_by("at").values_list("subject", flat=True))


def test_the_watch_looks_at_alerts() -> None:
    assert weigh_alerts in AFTER


def test_what_fires_is_kept_with_its_figures_and_told() -> None:
    make_turns(8)
    make_turns(4, ok=False)
    rule = make_rule()
    (line,) = look(rule)
    alert = only_alert()
    assert (alert.value, alert.n, alert.threshold) == (pytest.approx(100 / 3), 12, 5.0)
    assert alert.why == ("33.3 % of 12 turns failed for the person in the last 15 minutes. The limit is 5.0 %.")
    assert line == f"Failed turns: {alert.why}"
    told = Notification.objects.get()
    assert (told.topic, told.kind) == ("alert", "fired")
    assert told.subject == "Alert: Failed turns 33.3 %, more than 5.0 %"
    assert told.body.split("\n\n")[:2] == [
        f"What: {alert.why}",
        "Since: 23 November 2026, 03:00:00 UTC; fired 23 November 2026, 03:00:00 UTC.",
    ]
    assert told.body.endswith(f"Where to look: https://chat.example.com/admin/metrics/alert/{alert.pk}/change/\n")
    assert told.data["page_url"].endswith(f"/admin/metrics/alert/{alert.pk}/change/")
    assert {delivery.channel for delivery in told.deliveries.all()} == {"email", "webhook"}
    assert alert.told_at == NOW


def test_a_firing_alert_is_told_once_and_its_end_once() -> None:
    make_turns(20, ok=False)
    rule = make_rule(about="each_provider")
    for minute in range(3):
        look(rule, minutes=minute)
    RequestLog.objects.all().delete()
    make_turns(20, at=NOW + timedelta(minutes=9))
    look(rule, minutes=10)
    alert = only_alert()
    assert (alert.ended_how, alert.ended_at) == ("cleared", NOW + timedelta(minutes=10))
    assert (alert.value, alert.worst_value, alert.last_value) == (100.0, 100.0, 0.0)
    assert subjects() == [
        "Alert: workflow: Failed turns 100.0 %, more than 5.0 %",
        "All clear: workflow: Failed turns, after 10 min",
    ]


def test_an_alert_without_traffic_stays_and_its_end_is_no_all_clear() -> None:
    make_turns(20, ok=False)
    rule = make_rule()
    look(rule)
    for minutes in (30, 60, 300):
        look(rule, minutes=minutes)
    assert only_alert().is_open
    look(rule, minutes=30 + 360)
    assert only_alert().ended_how == "no_data"
    assert subjects()[1] == "Ended without an all-clear: Failed turns, after 6 h 30 min"
    assert "This is no all-clear" in Notification.objects.get(kind="ended").body


def test_a_person_is_never_named() -> None:
    make_turns(3, cost_usd=Decimal(5))
    rule = make_rule(measure="cost", about="each_person", threshold=10.0, clear_at=9.0)
    look(rule)
    assert only_alert().subject == ALICE
    told = Notification.objects.get()
    assert "one person (a1b2c3…): 15.00 USD for 3 turns" in told.body
    assert ALICE not in f"{told.subject}{told.body}{told.data}"
    RequestLog.objects.all().delete()
    look(rule, minutes=1)
    assert only_alert().ended_how == "cleared"


def test_silence_mutes_the_message_and_never_the_record() -> None:
    make_turns(20, ok=False)
    rule = make_rule(silent_until=NOW + timedelta(minutes=5))
    look(rule)
    assert only_alert().told_at is None
    assert subjects() == []
    # It still fires when the silence is over: now people hear of it, with the time at which it began.
    look(rule, minutes=6)
    assert subjects() == ["Alert: Failed turns 100.0 %, more than 5.0 %"]
    assert "fired 23 November 2026, 03:00:00 UTC" in Notification.objects.get().body


def test_an_alert_that_nobody_heard_of_ends_unheard() -> None:
    make_turns(20, ok=False)
    rule = make_rule(silent_until=NOW + timedelta(hours=1))
    look(rule)
    RequestLog.objects.all().delete()
    make_turns(20, at=NOW + timedelta(minutes=1))
    look(rule, minutes=2)
    assert only_alert().ended_how == "cleared"
    assert subjects() == []


def test_one_that_comes_back_says_so() -> None:
    rule = make_rule()
    for minutes, ok in ((0, False), (20, True), (40, False)):
        make_turns(20, ok=ok, at=NOW + timedelta(minutes=minutes - 1))
        look(rule, minutes=minutes)
    assert [alert.relapses for alert in Alert.objects.order_by("began_at")] == [0, 1]
    assert subjects()[2].startswith("Alert: Again: Failed")
    assert "It fired once shortly before." in Notification.objects.order_by("at").last().body  # type: ignore[union-attr]


def test_one_rule_that_breaks_stops_no_other(monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    make_turns(20, ok=False)
    make_rule()
    AlertRule.objects.create(name="Broken", measure="cost", threshold=1.0, clear_at=1.0)

    def breaking(rule: AlertRule, **values: object) -> object:
        if rule.name == "Broken":
            raise RuntimeError("the rows cannot be read")
        return read(rule, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(look_module, "read", breaking)
    with caplog.at_level(logging.ERROR), pytest.raises(RulesFailed, match=r"^Broken could not be looked at\.$"):
        weigh_alerts(now=NOW)
    assert only_alert().rule_name == "Failed turns"
    assert "Alert rule failed" in caplog.text


def test_a_message_that_cannot_be_written_stops_no_alert_and_is_tried_again(caplog) -> None:
    make_turns(20, ok=False)
    rule = make_rule()
    rename = "ALTER TABLE routing_notification RENAME TO {}"
    with connection.cursor() as cursor:
        cursor.execute(rename.format("taken_away"))
    with caplog.at_level(logging.ERROR):
        look(rule)
    assert only_alert().told_at is None
    assert [entry.message for entry in caplog.records] == ["Notification not written"]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE taken_away RENAME TO routing_notification")
    look(rule, minutes=1)
    assert only_alert().told_at == NOW + timedelta(minutes=1)


def test_a_rule_that_is_off_is_not_looked_at() -> None:
    make_turns(20, ok=False)
    make_rule(is_on=False)
    assert weigh_alerts(now=NOW) == []
    assert not Alert.objects.exists()


def test_what_was_measured_before_a_change_of_the_rule_counts_for_nothing() -> None:
    make_turns(20, ok=False)
    rule = make_rule()
    AlertRule.objects.update(changed_at=NOW, threshold=1.0)
    assert look_module.look_at(rule, now=NOW) == []
    assert not Alert.objects.exists()


@pytest.mark.parametrize(
    ("window_minutes", "after_s", "is_looked_at"),
    [(1_440, 299, False), (1_440, 300, True), (1_440, -60, True), (60, 13, True), (15, 60, True)],
)
def test_a_long_window_is_read_less_often(window_minutes: int, after_s: int, is_looked_at: bool) -> None:
    rule = make_rule(measure="cost", window_minutes=window_minutes, threshold=0.1, clear_at=0.1)
    assert weigh_alerts(now=NOW) == []
    make_turns(20, at=NOW - timedelta(minutes=2))
    assert bool(weigh_alerts(now=NOW + timedelta(seconds=after_s))) == is_looked_at
    assert rule.alerts.count() == is_looked_at


def test_a_look_that_began_earlier_changes_nothing() -> None:
    make_turns(20, ok=False)
    rule = make_rule(looks_to_fire=2)
    look(rule, minutes=1)
    look(rule, minutes=0)
    assert AlertState.objects.get().looks == 1


def test_a_rule_that_everybody_breaks_fires_for_the_worst_only() -> None:
    for number in range(MOST_SUBJECTS + 5):
        make_turns(1, person_hash=f"person{number:03}", cost_usd=Decimal(number + 1))
    rule = make_rule(measure="cost", about="each_person", threshold=0.5, clear_at=0.4)
    look(rule)
    # The next look finds the others no more worth a message than the first.
    look(rule, minutes=1)
    assert Alert.objects.count() == MOST_SUBJECTS
    assert not Alert.objects.filter(subject="person004").exists()
    assert Alert.objects.filter(subject="person005").exists()


def test_what_is_within_its_limit_leaves_no_row() -> None:
    make_turns(20)
    look(make_rule())
    assert not AlertState.objects.exists()
    assert not Alert.objects.exists()


def test_an_old_alert_keeps_ever_fewer_figures() -> None:
    rule = make_rule()
    for minute in range(0, 3000, 5):
        RequestLog.objects.all().delete()
        make_turns(10, ok=False, at=NOW + timedelta(minutes=minute))
        look(rule, minutes=minute)
    # 600 looks; one in each hundredth of its age is kept.
    assert 150 <= AlertReading.objects.count() <= 400
