"""Operations' page: it says what serves, previews before it saves, stops in one click, and refuses Charlie."""

import re
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.routing import changes, kills, services
from apps.routing.circuits import record_outcome
from apps.routing.ledger import current_rollout
from apps.routing.models import Circuit, CircuitChange, Rollout, RolloutChange, SessionAssignment
from tests.routing.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]

PAGE = "/admin/routing/rollout/1/change/"
SHARES = {"share_responses": "75", "share_workflow": "25", "share_agents_sdk": "0", "share_analyst": ""}


@pytest.fixture
def bob() -> Client:
    return make_staff(
        "view_rollout",
        "propose",
        "approve",
        "kill",
        "unkill",
        "close_circuit",
        "view_sessionassignment",
        "view_rolloutchange",
        "view_circuitchange",
    )


@pytest.fixture
def charlie() -> Client:
    """Staff, but not of operations: may look at the rollout and no more."""
    return make_staff("view_rollout", name="Charlie")


def open_circuit(provider: str) -> None:
    now = timezone.now()
    record_outcome(provider=provider, ok=False, code="unauthorized", opens=True, now=now, began_at=now)


def text_of(client: Client, url: str = PAGE) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_opens_the_one_row(bob: Client) -> None:
    response = bob.get("/admin/routing/rollout/")
    assert response.headers["Location"] == PAGE
    assert Rollout.objects.count() == 0
    assert "All new sessions are served by responses." in text_of(bob)
    assert Rollout.objects.count() == 1


def test_a_provider_without_a_backend_says_where_its_share_goes(bob: Client, only_analyst: None) -> None:
    page = text_of(bob)
    assert "All new sessions are served by analyst." in page
    assert "has no backend in this version: its share goes to analyst" in page
    assert "Nobody else can serve: people see an error at every turn until it is resumed." in page


def test_shares_are_previewed_and_saved_only_on_the_next_page(bob: Client) -> None:
    preview = bob.post(reverse("admin:routing_rollout_preview"), {**SHARES, "version": "1"})
    assert "2,500 of 10,000 buckets move from responses to workflow." in preview.content.decode()
    assert Rollout.objects.get().shares == {"responses": 10_000}
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([\d.]+)">', preview.content.decode()))
    saved = bob.post(reverse("admin:routing_rollout_shares"), {**hidden, "reason": "First stage."}, follow=True)
    assert Rollout.objects.get().shares == {"responses": 7_500, "workflow": 2_500}
    page = saved.content.decode()
    assert "75 % of new sessions are served by responses, 25 % by workflow." in page
    change = RolloutChange.objects.first()
    assert change is not None
    assert (change.by, change.reason) == ("Bob", "First stage.")
    assert change.summary in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"share_responses": "60"}, "The shares sum to 85 %, not to 100 %: 15 % is missing."),
        ({"share_workflow": "-5"}, "The share of workflow is -5 %; a share is at least 0 %."),
        ({"share_workflow": "24.999"}, "The share of workflow is 24.999 %; a share has at most two decimals."),
        ({"share_analyst": "<b>"}, "The share of analyst is “&lt;b&gt;”, which is not a number."),
    ],
)
@pytest.mark.parametrize("step", ["preview", "shares"])
def test_shares_that_make_no_sense_are_refused_beside_the_field(
    bob: Client, fields: dict[str, str], sentence: str, step: str
) -> None:
    response = bob.post(reverse(f"admin:routing_rollout_{step}"), {**SHARES, "version": "1", **fields})
    assert response.status_code == 400
    assert sentence in response.content.decode()
    assert Rollout.objects.get().version == 1


def test_shares_decided_on_an_older_version_are_not_saved(bob: Client) -> None:
    kills.kill(provider="agents_sdk", by="Alice")
    saved = bob.post(reverse("admin:routing_rollout_shares"), {**SHARES, "version": "1"}, follow=True)
    assert "it is version 2, you saw version 1. Nothing was saved" in saved.content.decode()
    assert Rollout.objects.get().shares == {"responses": 10_000}


def test_a_stop_is_one_click_and_asks_for_the_reason_afterwards(bob: Client) -> None:
    answer = bob.post(reverse("admin:routing_rollout_stop", args=["workflow"]), follow=True)
    page = answer.content.decode()
    assert Rollout.objects.get().killed == {"workflow"}
    assert f'<a href="{PAGE}#why-workflow">Say why.</a>' in page
    assert 'id="why-workflow"' in page
    bob.post(reverse("admin:routing_rollout_explain", args=["workflow"]), {"reason": "<i>Wrong prices</i>"})
    page = text_of(bob)
    assert "“&lt;i&gt;Wrong prices&lt;/i&gt;”" in page
    assert 'id="why-workflow"' not in page


def test_a_resume_wants_a_reason(bob: Client) -> None:
    kills.kill(provider="workflow", by="Alice", reason="Wrong prices.")
    resume = reverse("admin:routing_rollout_resume", args=["workflow"])
    refused = bob.post(resume, {"reason": " "}, follow=True)
    assert "Resuming workflow wants a reason." in refused.content.decode()
    assert Rollout.objects.get().killed == {"workflow"}
    bob.post(resume, {"reason": "Prices are right."})
    assert Rollout.objects.get().killed == set()


def test_an_unknown_provider_in_the_address_is_refused_with_a_sentence(bob: Client) -> None:
    answer = bob.post(reverse("admin:routing_rollout_stop", args=["gpt"]), follow=True)
    assert "There is no provider “gpt”." in answer.content.decode()


WRITES = [
    ("preview", [], {**SHARES, "version": "1"}),
    ("shares", [], {**SHARES, "version": "1"}),
    ("stop", ["responses"], {}),
    ("explain", ["workflow"], {"reason": "Because."}),
    ("resume", ["workflow"], {"reason": "Because."}),
    ("close_circuit", ["agents_sdk"], {"reason": "Because."}),
]


@pytest.mark.parametrize(("name", "arguments", "fields"), WRITES, ids=[write[0] for write in WRITES])
def test_charlie_may_look_and_change_nothing(
    charlie: Client, name: str, arguments: list[str], fields: dict[str, str]
) -> None:
    kills.kill(provider="workflow", by="Alice")
    open_circuit("agents_sdk")
    page = text_of(charlie)
    assert "Close circuit now" not in page
    assert charlie.get(reverse("admin:routing_rollout_circuit", args=["agents_sdk"])).status_code == 403
    assert "All new sessions are served by responses." in page
    assert "Stop responses</button>" not in page
    assert "Resume workflow</button>" not in page
    assert "See what moves" not in page
    assert charlie.post(reverse(f"admin:routing_rollout_{name}", args=arguments), fields).status_code == 403
    assert Rollout.objects.get().version == 2
    assert Circuit.objects.open().count() == 1


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("propose", {"preview"}),
        ("approve", {"preview", "shares"}),
        ("kill", {"stop", "explain"}),
        ("unkill", {"resume"}),
        ("close_circuit", {"close_circuit"}),
    ],
)
def test_each_permission_opens_its_own_verbs_only(permission: str, allowed: set[str]) -> None:
    client = make_staff(permission, name="Bob")
    kills.kill(provider="workflow", by="Alice")
    opened = {
        name
        for name, arguments, fields in WRITES
        if client.post(reverse(f"admin:routing_rollout_{name}", args=arguments), fields).status_code != 403
    }
    assert opened == allowed


@pytest.mark.parametrize(("name", "arguments", "fields"), WRITES, ids=[write[0] for write in WRITES])
def test_a_change_wants_post_and_a_token(
    settings, bob: Client, name: str, arguments: list[str], fields: dict[str, str]
) -> None:
    settings.CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
    url = reverse(f"admin:routing_rollout_{name}", args=arguments)
    assert bob.get(url).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = bob.cookies
    assert strict.post(url, fields).status_code == 403


def test_a_visitor_and_a_customer_are_sent_to_log_in(client: Client) -> None:
    assert client.get(PAGE).headers["Location"].startswith("/admin/login/")
    client.force_login(User.objects.create_user("Alice"))
    assert client.get(PAGE).headers["Location"].startswith("/admin/login/")
    open_circuit("workflow")
    for name, send in (("circuit", client.get), ("close_circuit", client.post)):
        answer = send(reverse(f"admin:routing_rollout_{name}", args=["workflow"]))
        assert answer.headers["Location"].startswith("/admin/login/")
    assert Circuit.objects.open().count() == 1


def test_nobody_adds_or_deletes_a_rollout(admin_client: Client) -> None:
    current_rollout()
    admin_client.post("/admin/routing/rollout/add/", {})
    assert admin_client.post("/admin/routing/rollout/1/delete/", {"post": "yes"}).status_code == 403
    assert Rollout.objects.count() == 1


def test_no_page_has_inline_script_or_style(bob: Client) -> None:
    kills.kill(provider="workflow", by="Alice")
    preview = bob.post(reverse("admin:routing_rollout_preview"), {**SHARES, "version": "2"}).content.decode()
    open_circuit("responses")
    confirm = text_of(bob, reverse("admin:routing_rollout_circuit", args=["responses"]))
    for page in (text_of(bob), preview, confirm):
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))


def test_assignments_are_found_by_session_and_by_provider(bob: Client) -> None:
    changes.set_shares(shares={"responses": 5_000, "workflow": 5_000}, by="Bob")
    sessions = [uuid4() for _ in range(20)]
    routes = {session: services.resolve(session_id=session) for session in sessions}
    wanted = sessions[0]
    url = "/admin/routing/sessionassignment/"
    for search in (str(wanted), str(wanted)[:13]):
        page = text_of(bob, f"{url}?q={search}")
        assert [s for s in sessions if str(s) in page] == [wanted]
    page = text_of(bob, f"{url}?provider__exact=workflow")
    assert {s for s in sessions if str(s) in page} == {s for s in sessions if routes[s].provider == "workflow"}
    detail = f"{url}{wanted}/change/"
    assert "50 %" in text_of(bob, url)
    assert bob.post(detail, {"provider": "analyst"}).status_code == 403
    assert SessionAssignment.objects.get(pk=wanted).provider == routes[wanted].provider


def test_the_history_is_read_only(admin_client: Client) -> None:
    kills.kill(provider="workflow", by="Alice", reason="Wrong prices.")
    change = RolloutChange.objects.first()
    assert change is not None
    assert "workflow stopped" in text_of(admin_client, "/admin/routing/rolloutchange/")
    url = f"/admin/routing/rolloutchange/{change.pk}/"
    assert admin_client.post(f"{url}change/", {"reason": "x"}).status_code == 403
    assert admin_client.post(f"{url}delete/", {"post": "yes"}).status_code == 403


def test_an_open_circuit_is_told_on_the_page_with_what_to_do(settings, bob: Client) -> None:
    settings.OPENAI_API_KEY = "a key"
    assert "Every circuit is closed" in text_of(bob)
    open_circuit("responses")
    page = text_of(bob).replace("&#x27;", "'")
    assert "All new sessions are served by analyst. responses' circuit is open since" in page
    assert 'role="alert">OpenAI refuses the key (401). Renew OPENAI_API_KEY and restart; the circuit tries' in page
    assert "responses' circuit opened: key refused" in page
    assert page.count('<span class="stopped-mark">circuit open</span>') == 2
    assert "Error class unauthorized." in page


def test_the_page_says_what_time_it_shows_and_how_to_look_again(bob: Client) -> None:
    page = bob.get(PAGE).content.decode()
    assert re.search(r"At <span data-live-at>\d\d:\d\d:\d\d UTC</span></h2>", page)
    assert f'<a href="{PAGE}">Look again</a>' in page


def test_closing_a_circuit_by_hand_is_confirmed_on_a_page_that_says_what_it_does(bob: Client) -> None:
    open_circuit("workflow")
    confirm = reverse("admin:routing_rollout_circuit", args=["workflow"])
    assert f'href="{confirm}"' in text_of(bob)
    said = text_of(bob, confirm)
    assert "From the next turn workflow serves its sessions again, whether it is well or not." in said
    assert "While it fails, people wait for it before responses answers." in said
    assert Circuit.objects.open().count() == 1
    close = reverse("admin:routing_rollout_close_circuit", args=["workflow"])
    assert "wants a reason" in bob.post(close, {"reason": " "}, follow=True).content.decode()
    assert Circuit.objects.open().count() == 1
    page = bob.post(close, {"reason": "<b>The key is new.</b>"}, follow=True).content.decode().replace("&#x27;", "'")
    assert "orkflow's circuit is closed. All new sessions are served by responses." in page
    assert "&lt;b&gt;The key is new.&lt;/b&gt;" in page
    change = CircuitChange.objects.first()
    assert change is not None
    assert (change.action, change.by) == ("closed", "Bob")


def test_a_circuit_that_closed_meanwhile_is_not_closed_twice(bob: Client) -> None:
    current_rollout()
    confirm = reverse("admin:routing_rollout_circuit", args=["workflow"])
    assert "is not open; there is nothing to close." in bob.get(confirm, follow=True).content.decode()
    close = reverse("admin:routing_rollout_close_circuit", args=["workflow"])
    assert "is not open; nothing changed." in bob.post(close, {"reason": "Late."}, follow=True).content.decode()
    assert not CircuitChange.objects.exists()


def test_the_openings_and_closings_are_read_only(admin_client: Client) -> None:
    open_circuit("workflow")
    url = "/admin/routing/circuitchange/"
    assert "circuit opened: key refused" in text_of(admin_client, url)
    change = CircuitChange.objects.get()
    assert admin_client.post(f"{url}{change.pk}/change/", {"code": "x"}).status_code == 403
    assert admin_client.post(f"{url}{change.pk}/delete/", {"post": "yes"}).status_code == 403
