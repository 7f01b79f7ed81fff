"""Operations' pages of alerts: what fires and why, rules with their contradictions, silence, and who may do what."""

import html
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from apps.metrics.alerts.rules import save_rule, silence_rule
from apps.metrics.models import Alert, AlertRule, AlertState, RequestLog
from apps.routing.models import Notification
from tests.metrics.alerts.turns import ALICE, NOW, look, make_rule, make_turns, only_alert
from tests.metrics.test_admin import make_staff

pytestmark = pytest.mark.django_db

ALERTS, RULES = "/admin/metrics/alert/", "/admin/metrics/alertrule/"
GIVEN: dict[str, Any] = {
    "name": "Slow answers by voice",
    "is_on": "on",
    "measure": "latency_p95",
    "about": "each_provider",
    "provider": "",
    "channel": "voice",
    "threshold": "2000",
    "clear_at": "1600",
    "window_minutes": "15",
    "min_samples": "30",
    "looks_to_fire": "3",
    "looks_to_clear": "5",
}
#: The rule of `make_rule`.
FAILURES = {"measure": "visible_errors", "about": "everything", "threshold": "5", "clear_at": "2", "channel": ""}


@pytest.fixture
def bob() -> Client:
    return make_staff(
        "view_alert", "view_alertrule", "change_alertrule", "add_alertrule", "delete_alertrule", name="Bob"
    )


def text_of(client: Client, url: str, *, status: int = 200) -> str:
    response = client.get(url, follow=True)
    assert response.status_code == status
    return html.unescape(response.content.decode())


def fire(**values: Any) -> Alert:
    """An alert that fires now."""
    now = timezone.now()
    make_turns(20, ok=False, at=now - timedelta(minutes=1))
    rule = make_rule(**values)
    look(rule, minutes=(now - NOW).total_seconds() / 60)
    return only_alert()


def test_what_fires_stands_first_with_what_to_do(bob: Client) -> None:
    fire()
    text = text_of(bob, ALERTS)
    assert "100.0 % of 20 turns failed for the person in the last 15 minutes. The limit is 5.0 %." in text
    assert "GVSES_FORCE_PROVIDER=analyst answers without any backend." in text
    assert "Nobody was told" in text
    assert "Nothing has fired yet." in text


def test_a_quiet_site_says_so(bob: Client) -> None:
    make_rule()
    text = text_of(bob, ALERTS)
    assert "Nothing fires. 1 rule is on." in text


def test_an_ended_alert_says_how_it_ended(bob: Client) -> None:
    alert = fire()
    Alert.objects.update(ended_at=alert.began_at + timedelta(minutes=20), ended_how="no_data")
    text = text_of(bob, ALERTS)
    assert "Nothing to measure any more" in text
    assert "20 min" in text
    text = text_of(bob, f"{ALERTS}{alert.pk}/change/")
    assert "ended after 20 min: nothing to measure any more" in text


def test_an_alert_s_page_leads_to_its_rows_and_the_dashboard() -> None:
    alert = fire(about="each_provider", channel="text")
    make_turns(3, at=timezone.now())
    make_turns(3, ok=False, at=timezone.now() - timedelta(hours=3))
    reader = make_staff("view_alert", "view_requestlog", "view_dashboards", name="Alice")
    text = text_of(reader, f"{ALERTS}{alert.pk}/change/")
    link = next(part for part in text.split('"') if part.startswith("/admin/metrics/requestlog/?"))
    rows = text_of(reader, link)
    shown = {str(pk) for pk in RequestLog.objects.values_list("pk", flat=True) if str(pk) in rows}
    assert len(shown) == 20
    dashboard = next(part for part in text.split('"') if part.startswith("/dashboards/ab/?"))
    assert "provider=workflow" in dashboard
    assert "channel=text" in dashboard


def test_links_are_for_those_who_may_follow_them(bob: Client) -> None:
    alert = fire()
    text = text_of(bob, f"{ALERTS}{alert.pk}/change/")
    assert "/admin/metrics/requestlog/?" not in text
    assert "/dashboards/ab/?" not in text


def test_a_person_s_hash_is_not_on_the_page_of_those_who_may_not_see_rows(bob: Client) -> None:
    alert = fire(measure="cost", about="each_person", threshold=0.1, clear_at=0.05)
    text = text_of(bob, f"{ALERTS}{alert.pk}/change/") + text_of(bob, ALERTS)
    assert "one person (a1b2c3…)" in text
    assert ALICE not in text
    reader = make_staff("view_alert", "view_requestlog", name="Alice")
    assert f"person_hash={ALICE}" in text_of(reader, f"{ALERTS}{alert.pk}/change/")


def test_an_alert_is_never_edited(admin_client: Client) -> None:
    alert = fire()
    assert admin_client.post(f"{ALERTS}{alert.pk}/change/", {"value": "1"}).status_code == 403
    assert admin_client.post(f"{ALERTS}{alert.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get(f"{ALERTS}add/").status_code == 403


def test_the_admin_s_first_page_says_how_many_fire(bob: Client) -> None:
    assert "fires now" not in text_of(bob, "/admin/")
    fire()
    assert "1 alert fires now." in text_of(bob, "/admin/")
    charlie = make_staff("view_requestlog", name="Charlie")
    assert "fires now" not in text_of(charlie, "/admin/")


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        ({"clear_at": "2500"}, "clear_at", "It fires beyond 2,000 ms, so it clears between 0 and that."),
        ({"clear_at": "-1"}, "clear_at", "It fires beyond 2,000 ms, so it clears between 0 and that."),
        ({"threshold": "0"}, "threshold", "A limit is more than 0."),
        ({"threshold": "nan"}, "threshold", "“Fires beyond” is a number, in the unit of what is measured."),
        ({"threshold": "inf"}, "threshold", "“Fires beyond” is a number, in the unit of what is measured."),
        ({"threshold": ""}, "threshold", "“Fires beyond” is a number, in the unit of what is measured."),
        (
            {"measure": "visible_errors", "threshold": "100", "clear_at": "50"},
            "threshold",
            "No share is beyond 100 %: this rule would never fire.",
        ),
        (
            {"measure": "model_end", "about": "each_model", "channel": "", "threshold": "30", "clear_at": "10"},
            "clear_at",
            "It fires below 30 days, so it clears at 30 days or above.",
        ),
        (
            {"measure": "model_end", "about": "each_model", "threshold": "30", "clear_at": "30"},
            "provider",
            "A model's end is the same for every provider and channel: choose any.",
        ),
        (
            {"about": "each_person"},
            "about",
            "“Time to the whole answer, p95” can be about each provider or everything together, not about each person.",
        ),
        (
            {"provider": "workflow"},
            "provider",
            "Each provider has its own figure here: choose “Everything together”, or any.",
        ),
        ({"window_minutes": "4"}, "window_minutes", "Window, minutes is a whole number from 5 to 1,440 minutes."),
        ({"window_minutes": "720"}, "window_minutes", "A window of this measure is 6 hours at most."),
        ({"min_samples": "0"}, "min_samples", "At least so many is a whole number from 1 to 1,000,000."),
        ({"looks_to_fire": "61"}, "looks_to_fire", "Looks before it fires is a whole number from 1 to 60."),
        ({"name": ""}, "name", "Give the rule a name."),
        ({"name": "Cost of a day"}, "name", "Another rule has this name."),
        ({"name": "a\0b"}, "name", "Null characters are not allowed."),
    ],
)
def test_a_contradiction_is_refused_in_a_sentence(
    bob: Client, given: dict[str, str], field: str, sentence: str
) -> None:
    before = AlertRule.objects.count()
    response = bob.post(f"{RULES}add/", GIVEN | given)
    assert response.status_code == 400
    assert response.context["form"].errors[field] == [sentence]
    assert sentence in html.unescape(response.content.decode())
    assert AlertRule.objects.count() == before


def test_a_rule_is_added_and_changed_and_its_history_says_what(bob: Client) -> None:
    bob.post(f"{RULES}add/", GIVEN)
    rule = AlertRule.objects.get(name=GIVEN["name"])
    assert (rule.changed_by, rule.threshold, rule.channel) == ("Bob", 2000.0, "voice")
    bob.post(f"{RULES}{rule.pk}/change/", GIVEN | {"threshold": "2500"})
    assert AlertRule.objects.get(pk=rule.pk).threshold == 2500.0
    said = [entry.change_message for entry in LogEntry.objects.order_by("id")]
    assert said == [
        "Added: each provider, voice: more than 2,000 ms over 15 minutes, from 30 turns on",
        "Changed threshold 2000.0 → 2500.0.",
    ]
    assert "Changed threshold 2000.0 → 2500.0." in text_of(bob, f"{RULES}{rule.pk}/history/")


def test_a_preview_says_what_the_form_would_say_and_keeps_nothing(bob: Client) -> None:
    fired = fire(min_samples=20)
    rule = AlertRule.objects.get()
    Alert.objects.all().delete()
    assert fired.rule == rule
    text = text_of(bob, f"{RULES}{rule.pk}/change/")
    assert "100.0 % of 20 turns failed for the person in the last 15 minutes: would fire" in text
    values = GIVEN | FAILURES | {"min_samples": "21"}
    response = bob.post(f"{RULES}{rule.pk}/change/", values | {"preview": "1"})
    assert response.status_code == 200
    assert "would not fire, 21 are needed to say anything" in response.content.decode()
    assert AlertRule.objects.get().min_samples == 20


def test_a_change_of_meaning_ends_what_fires_and_a_new_name_does_not(bob: Client) -> None:
    alert = fire()
    rule = AlertRule.objects.get()
    same = GIVEN | FAILURES | {"min_samples": "10", "looks_to_fire": "1", "looks_to_clear": "1"}
    bob.post(f"{RULES}{rule.pk}/change/", same | {"name": "Another name"})
    alert.refresh_from_db()
    assert alert.is_open
    bob.post(f"{RULES}{rule.pk}/change/", same | {"threshold": "6"})
    alert.refresh_from_db()
    assert alert.ended_how == "rule_changed"
    assert not AlertState.objects.exists()


def test_a_rule_that_is_switched_off_or_deleted_leaves_no_alert_open(bob: Client, settings) -> None:
    settings.ROLLOUT_NOTIFY_EMAILS = ["alice@example.com"]
    alert = fire()
    bob.post(f"{RULES}{AlertRule.objects.get().pk}/delete/", {"post": "yes"})
    assert not AlertRule.objects.exists()
    alert.refresh_from_db()
    assert (alert.rule, alert.rule_name, alert.ended_how) == (None, "Failed turns", "switched_off")
    assert "nobody looks any more" in Notification.objects.get(kind="ended").body
    assert text_of(bob, f"{ALERTS}{alert.pk}/change/")


@pytest.mark.parametrize(("chosen", "hours"), [("1", 1), ("8", 8)])
def test_a_rule_is_silenced_with_a_reason_and_speaks_again(bob: Client, chosen: str, hours: int) -> None:
    rule = make_rule()
    bob.post(f"{RULES}{rule.pk}/silence/", {"for": chosen, "why": "The server is being moved."})
    rule.refresh_from_db()
    assert rule.silent_until is not None
    assert abs(rule.silent_until - timezone.now() - timedelta(hours=hours)) < timedelta(minutes=1)
    assert "The server is being moved." in text_of(bob, RULES)
    assert "The server is being moved." in LogEntry.objects.get().change_message
    bob.post(f"{RULES}{rule.pk}/end-silence/")
    rule.refresh_from_db()
    assert (rule.silent_until, rule.silent_why) == (None, "")


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        ("", "Say until when the rule is to be silent, as a date and a time in UTC."),
        ("tomorrow", "Say until when the rule is to be silent, as a date and a time in UTC."),
        ("2026-13-45T99:99", "Say until when the rule is to be silent, as a date and a time in UTC."),
        ("2001-01-01T00:00", "That moment is past: nothing would be silent."),
        ("2099-01-01T00:00", "A rule is silent for 30 days at most. Switch it off if nobody needs it."),
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(bob: Client, until: str, sentence: str) -> None:
    rule = make_rule()
    response = bob.post(f"{RULES}{rule.pk}/silence/", {"for": "until", "until": until}, follow=True)
    assert sentence in html.unescape(response.content.decode())
    rule.refresh_from_db()
    assert rule.silent_until is None


def test_a_save_keeps_a_silence_that_was_set_meanwhile() -> None:
    until, opened = timezone.now() + timedelta(hours=1), make_rule()
    silence_rule(rule_id=opened.pk, until=until, why="The server is being moved.")
    save_rule(rule=opened, by="Bob", now=timezone.now())
    rule = AlertRule.objects.get()
    assert (rule.silent_until, rule.silent_why) == (until, "The server is being moved.")


def test_charlie_sees_and_changes_nothing() -> None:
    alert, charlie = fire(), make_staff(name="Charlie")
    rule = AlertRule.objects.get()
    for url in (ALERTS, f"{ALERTS}{alert.pk}/change/", RULES, f"{RULES}{rule.pk}/change/", f"{RULES}add/"):
        assert charlie.get(url).status_code == 403
    for url in ("silence/", "end-silence/", "change/", "delete/"):
        assert charlie.post(f"{RULES}{rule.pk}/{url}", GIVEN | {"for": "1"}).status_code == 403


def test_whoever_may_only_look_changes_nothing() -> None:
    looker, rule = make_staff("view_alertrule", name="Charlie"), make_rule()
    text = text_of(looker, f"{RULES}{rule.pk}/change/")
    assert ">Save<" not in text
    assert "Silent for 1 hour" not in text
    assert looker.post(f"{RULES}{rule.pk}/change/", GIVEN).status_code == 403
    assert looker.post(f"{RULES}{rule.pk}/silence/", {"for": "1"}).status_code == 403


def test_a_name_is_text_and_no_markup(bob: Client) -> None:
    alert = fire(name="<script>alert(1)</script>")
    for url in (ALERTS, f"{ALERTS}{alert.pk}/change/", RULES):
        assert b"<script>alert(1)" not in bob.get(url).content


def test_the_list_costs_the_same_number_of_queries_for_any_number_of_alerts(
    bob: Client, django_assert_max_num_queries
) -> None:
    alert = fire()
    for number in range(60):
        alert.pk, alert.ended_at = None, alert.began_at + timedelta(minutes=number + 1)
        alert.save(force_insert=True)
    with django_assert_max_num_queries(14):
        assert "Page 1 of 2." in text_of(bob, ALERTS)
