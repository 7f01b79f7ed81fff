"""The stop button: one click, a cut, who serves instead of the default provider, and counts that stay true."""

import json
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.metrics.models import RequestLog
from apps.routing import changes, kills, ledger, services
from apps.routing.ledger import current_rollout
from apps.routing.models import Rollout, RolloutChange, Watch
from apps.routing.pages import rollout
from apps.routing.schedule.steps import roll_back
from tests.routing.staff import ALL, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]


def url(name: str, *arguments: object) -> str:
    return reverse(f"admin:routing_rollout_{name}", args=arguments)


def answer_running(provider: str, *, assigned: str = "") -> RequestLog:
    return RequestLog.objects.create(
        request_id=uuid.uuid4(),
        session_id=uuid.uuid4(),
        assigned_provider=assigned or provider,
        provider=provider,
        route_reason="assignment",
        trace_id="0" * 32,
    )


@pytest.fixture
def bob() -> Client:
    return make_staff(*ALL)


def test_a_cut_follows_a_stop_and_is_one_click(bob: Client) -> None:
    answer_running("workflow")
    assert "If stopped: 1 running answer may finish for 30 s, 0 new ones start." in text_of(bob)
    bob.post(url("stop", "workflow"))
    page = text_of(bob)
    assert "1 answer is still running, until" in page
    assert "Cut the running answers of workflow now</button>" in page
    bob.post(url("cut", "workflow"))
    assert current_rollout().kills["workflow"]["cut_at"]
    page = text_of(bob)
    assert "1 answer is being cut." in page
    assert "Cut the running answers" not in page
    assert RolloutChange.objects.first().action == "cut"  # type: ignore[union-attr]


def test_what_is_not_stopped_is_not_cut(bob: Client) -> None:
    page = bob.post(url("cut", "workflow"), follow=True).content.decode()
    assert "orkflow is not stopped." in page


def test_stopping_the_default_provider_asks_what_serves_instead(bob: Client) -> None:
    changes.set_shares(shares={"responses": 9_000, "workflow": 1_000}, by="Bob")
    asked = bob.post(url("stop", "responses"), {"reason": "<Wrong> prices."}).content.decode()
    assert "responses is not stopped yet." in asked
    assert current_rollout().killed == set()
    assert "Stop responses; workflow serves instead</button>" in asked
    assert asked.index("workflow serves instead") < asked.index("analyst serves instead")
    bob.post(url("stop", "responses"), {"reason": "<Wrong> prices.", "instead": "workflow"})
    stop = Rollout.objects.get().kills["responses"]
    assert (stop["instead"], stop["reason"]) == ("workflow", "<Wrong> prices.")
    assert "the watch sees no harm" in text_of(bob)
    routes = [services.resolve(session_id=uuid.UUID(int=number)) for number in range(20)]
    assert {route.provider for route in routes} == {"workflow"}
    diverted = next(route for route in routes if route.assigned_provider == "responses")
    assert str(diverted.reason) == "kill_switch"


def test_nobody_untried_or_harmful_is_offered_instead(bob: Client) -> None:
    assert kills.able_instead(current_rollout(), "responses") == ["analyst"]
    changes.set_shares(shares={"responses": 8_000, "workflow": 1_000, "agents_sdk": 1_000}, by="Bob")
    roll_back(candidate="workflow", by="watch", reason="HARMFUL: it fails.")
    changes.set_shares(
        shares={"responses": 8_000, "workflow": 1_000, "agents_sdk": 1_000}, by="Bob", reason="It is mended."
    )
    assert kills.able_instead(current_rollout(), "responses") == ["agents_sdk", "analyst"]
    refused = bob.post(url("stop", "responses"), {"instead": "workflow"})
    assert refused.status_code == 400
    assert current_rollout().killed == set()


@pytest.mark.parametrize("instead", ["nonsense<b>", "\x00", "x" * 600])
def test_a_name_that_nobody_has_never_serves_instead_even_where_nobody_can(bob: Client, instead: str) -> None:
    for name in ("workflow", "agents_sdk", "analyst"):
        kills.kill(provider=name, by="Bob")
    answer = bob.post(url("stop", "responses"), {"instead": instead})
    assert answer.status_code == (302 if instead == "\x00" else 400)
    assert Rollout.objects.get().kills.get("responses", {}).get("instead", "") == ""


def test_a_stop_does_not_fail_for_the_letters_of_its_reason() -> None:
    kills.kill(provider="workflow", by="Bob", reason="Pr\udce9is\x00!")
    assert current_rollout().kills["workflow"]["reason"] == "Pr?is!"
    assert ledger.verify() == []


def test_who_is_refused_again_and_again_does_not_fill_the_history() -> None:
    charlie = make_staff("view_rollout", name="Charlie")
    for _ in range(ledger.REFUSED_AN_HOUR + 5):
        assert charlie.post(url("stop", "workflow")).status_code == 403
    assert RolloutChange.objects.filter(action="refused").count() == ledger.REFUSED_AN_HOUR


def test_the_stop_buttons_stand_when_a_part_of_the_page_fails(
    bob: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OverflowError("a date that nobody foresaw")

    monkeypatch.setattr(rollout, "schedule_notes", broken)
    monkeypatch.setattr(rollout, "evidence_notes", broken)
    page = text_of(bob)
    assert "The schedule cannot be shown; the log says why. Stopping works all the same." in page
    assert "The evidence cannot be shown" in page
    assert "Stop workflow</button>" in page
    assert "a date that nobody foresaw" in caplog.text


def test_who_cannot_serve_cannot_serve_instead(bob: Client) -> None:
    kills.kill(provider="workflow", by="Alice")
    asked = bob.post(url("stop", "responses"), {"instead": "workflow"})
    assert asked.status_code == 400
    assert "“workflow” cannot serve instead of responses" in asked.content.decode()
    assert current_rollout().killed == {"workflow"}


def test_with_the_one_who_serves_instead_stopped_too_the_chain_goes_on() -> None:
    changes.set_shares(shares={"responses": 9_999, "workflow": 1}, by="Bob")
    kills.kill(provider="responses", by="Bob", instead="workflow")
    kills.kill(provider="workflow", by="Bob")
    assert services.resolve(session_id=uuid.uuid4()).provider == "analyst"
    kills.unkill(provider="workflow", by="Bob", reason="It is well.")
    assert services.resolve(session_id=uuid.uuid4()).provider == "workflow"
    kills.unkill(provider="responses", by="Bob", reason="It is well.")
    assert services.resolve(session_id=uuid.UUID(int=3)).provider == "responses"


def test_a_stop_without_the_permission_is_refused_and_kept() -> None:
    charlie = make_staff("view_rollout", name="Charlie")
    for name in ("stop", "cut"):
        assert charlie.post(url(name, "workflow")).status_code == 403
    kept = RolloutChange.objects.filter(action="refused")
    assert [change.what for change in kept] == [
        "tried to cut the answers of workflow without the permission",
        "tried to stop workflow without the permission",
    ]
    assert current_rollout().version == 1


def test_the_counts_of_an_open_page_stay_true(bob: Client) -> None:
    answer_running("workflow")
    row = answer_running("workflow", assigned="responses")
    RequestLog.objects.filter(pk=row.pk).update(status="succeeded", success=True)
    answer_running("analyst", assigned="workflow")
    live = json.loads(bob.get(url("live")).content)
    assert live["running"] == {"responses": 0, "workflow": 1, "agents_sdk": 0, "analyst": 1}
    assert live["live"] == "3 live sessions: 2 of workflow, 1 of responses. 2 answers are running."
    kills.kill(provider="workflow", by="Bob")
    after = json.loads(bob.get(url("live")).content)
    assert after["change"] != live["change"]
    assert after["headline"] == "All new sessions are served by responses."
    assert after["notes"]["workflow"].startswith("1 answer is still running, until")
    RequestLog.objects.filter(status="started").update(status="failed", success=False)
    assert json.loads(bob.get(url("live")).content)["notes"]["workflow"] == "None of its answers runs any more."


def test_the_counts_are_for_those_who_may_look(client: Client) -> None:
    assert make_staff("kill").get(url("live")).status_code == 403
    assert client.get(url("live")).headers["Location"].startswith("/admin/login/")


def test_the_page_says_at_the_top_what_was_rolled_back_for_harm(bob: Client) -> None:
    changes.set_shares(shares={"responses": 9_000, "workflow": 1_000}, by="Bob")
    assert "the watch found harm" not in text_of(bob)
    roll_back(candidate="workflow", by="watch", reason="HARMFUL: 9 of 40 workflow sessions met a backend failure.")
    page = text_of(bob)
    said = (
        "UTC the watch found harm: workflow rolled back from 10 % to 0 %, responses takes its share. HARMFUL: 9 of 40"
    )
    assert said in page
    assert page.index(said) < page.index("Stop a provider")


def test_the_page_says_when_nobody_watches(bob: Client) -> None:
    assert "Automation has never looked" in text_of(bob)
    Watch.objects.create(began_at=timezone.now())
    assert "Automation looked 0 s ago." in text_of(bob)
    Watch.objects.update(began_at=timezone.now() - timezone.timedelta(minutes=20))
    assert "Automation last looked 20 min 0 s ago: no stage begins by itself and harm goes unseen." in text_of(bob)


def text_of(client: Client) -> str:
    return client.get(url("change", 1)).content.decode()
