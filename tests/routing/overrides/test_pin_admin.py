"""Staff's pages for a pin and for a header: they say what they do, refuse Charlie, and show a secret once."""

import re
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.providers import registry
from apps.routing import kills, services
from apps.routing.models import RolloutChange, SessionAssignment, SessionPin
from apps.routing.overrides.header import read_override
from apps.routing.overrides.pins import pin_session, unpin_session

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]

PIN, UNPIN, HEADER = (reverse(f"admin:routing_sessionpin_{name}") for name in ("pin", "unpin", "header"))
LIST = reverse("admin:routing_sessionpin_changelist")


def make_staff(*permissions: str, name: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="routing", codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def bob() -> Client:
    return make_staff("override", "view_sessionassignment", name="Bob")


@pytest.fixture
def charlie() -> Client:
    """Staff of operations who may look at pins and stop providers, and choose no provider."""
    return make_staff("view_sessionpin", "view_sessionassignment", "view_rollout", "kill", name="Charlie")


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def assignment_page(session_id: UUID) -> str:
    return reverse("admin:routing_sessionassignment_change", args=[session_id])


def pin_page(session_id: UUID) -> str:
    return reverse("admin:routing_sessionpin_change", args=[session_id])


def begun_session() -> UUID:
    session_id = uuid4()
    services.resolve(session_id=session_id)
    return session_id


def pin(session_id: UUID) -> None:
    pin_session(session_id=session_id, provider="workflow", by="Alice", reason="<b>Wrong</b> chart.")


def asked(session_id: UUID) -> dict[str, str]:
    return {"session_id": str(session_id), "provider": "workflow", "reason": "Wrong chart."}


def test_a_session_is_pinned_from_the_page_of_its_assignment(bob: Client) -> None:
    session_id = begun_session()
    page = text_of(bob, assignment_page(session_id))
    assert "Not pinned." in page
    assert f'action="{PIN}"' in page
    assert f'name="session_id" value="{session_id}"' in page
    answer = bob.post(PIN, asked(session_id), follow=True)
    assert answer.redirect_chain == [(pin_page(session_id), 302)]
    assert "Pinned to workflow. From its next turn workflow serves it." in answer.content.decode()
    row = SessionPin.objects.get()
    assert (row.pk, row.provider, row.by, row.reason) == (session_id, "workflow", "Bob", "Wrong chart.")
    assert "Without the pin it belongs to responses." in text_of(bob, assignment_page(session_id))


def test_a_session_that_has_not_begun_is_pinned_by_its_id(bob: Client) -> None:
    assert f'href="{PIN}"' in text_of(bob, LIST)
    session_id = uuid4()
    assert f'value="{session_id}"' in text_of(bob, f"{PIN}?session={session_id}")
    bob.post(PIN, asked(session_id))
    page = text_of(bob, LIST)
    assert str(session_id) in page
    assert not SessionAssignment.objects.exists()


def test_a_pin_to_a_stopped_provider_says_who_serves_meanwhile(bob: Client) -> None:
    kills.kill(provider="workflow", by="Alice")
    page = bob.post(PIN, asked(uuid4()), follow=True).content.decode()
    assert "workflow does not serve now: until it does, responses serves it." in page


def test_the_pin_is_taken_back_in_one_click_and_the_page_tells_what_was(bob: Client) -> None:
    session_id = begun_session()
    pin(session_id)
    page = text_of(bob, assignment_page(session_id))
    assert "Pinned to <strong>workflow</strong> by Alice since" in page
    assert "“&lt;b&gt;Wrong&lt;/b&gt; chart.”" in page
    assert "Take the pin back" in page
    page = bob.post(UNPIN, {"session_id": str(session_id)}, follow=True).content.decode()
    assert "from its next turn the session has its own provider again" in page
    assert "Not pinned. Alice pinned it to workflow on" in page
    assert "Take the pin back" not in page
    assert "The session stays out of the evidence for good." in page
    assert services.resolve(session_id=session_id).provider == "responses"


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"session_id": "12"}, "session_id", "“12” is no session id; a session id is a UUID."),
        ({"session_id": ""}, "session_id", "Say which session."),
        ({"session_id": "a\x00b"}, "session_id", "Null characters are not allowed."),
        ({"provider": "gpt"}, "provider", "There is no provider “gpt”."),
        ({"provider": ""}, "provider", "Choose a provider."),
        ({"provider": "agents_sdk"}, "provider", "agents_sdk has no key, so no session can be pinned to it."),
        ({"reason": " "}, "reason", "Pinning a session wants a reason."),
        ({"reason": "x" * 501}, "reason", "at most 500 characters"),
    ],
)
def test_what_makes_no_sense_is_refused_beside_its_field_and_kept_for_correction(
    bob: Client, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], field: str, sentence: str
) -> None:
    monkeypatch.setitem(registry.PROVIDERS, "agents_sdk", "tests.routing.backends.WithoutKey")
    registry.get_provider.cache_clear()
    response = bob.post(PIN, asked(uuid4()) | changes)
    assert response.status_code == 400
    page = response.content.decode()
    (error,) = re.findall(rf'id="id_{field}_error" role="alert">(.*?)</p>', page)
    assert sentence in error
    assert not SessionPin.objects.exists()
    if field != "reason":
        assert 'value="Wrong chart."' in page


def test_all_that_is_wrong_is_said_at_once(bob: Client) -> None:
    page = bob.post(PIN, {"session_id": "12"}).content.decode()
    assert re.findall(r'id="id_(\w+)_error"', page) == ["session_id", "provider", "reason"]


def test_a_session_that_is_not_pinned_is_not_unpinned(bob: Client) -> None:
    for given, sentence in ((str(uuid4()), "is not pinned; nothing changed."), ("<b>", "“&lt;b&gt;” is no session id")):
        assert sentence in bob.post(UNPIN, {"session_id": given}, follow=True).content.decode()


def test_a_header_is_shown_once_with_how_long_it_holds_and_a_line_to_try_it(bob: Client) -> None:
    page = text_of(bob, HEADER)
    assert "X-Gvses-Provider" in page
    assert "Your header" not in page
    response = bob.post(HEADER, {"provider": "workflow"})
    page = response.content.decode()
    (value,) = re.findall(r'class="override-value">X-Gvses-Provider: (.*?)</p>', page)
    read = read_override(value)
    assert (read.provider, read.by) == ("workflow", "Bob")
    assert "It holds for 1 hour, in your name." in page
    curl = page.split("<pre")[1].split("</pre>")[0].replace("&#x27;", "'")
    assert re.search(r"curl -N http://testserver/chat/[0-9a-f-]{36}/turns/ \\\n", curl)
    assert f"-H 'X-Gvses-Provider: {value}'" in curl
    assert "no-store" in response.headers["Cache-Control"]
    assert "messages" not in response.cookies
    assert value not in text_of(bob, HEADER)
    assert not RolloutChange.objects.exists()


def test_the_line_to_try_asks_for_the_reader_s_own_cookie_where_strangers_may_not_ask(bob: Client, settings) -> None:
    assert "YOUR-SESSION-COOKIE" not in bob.post(HEADER, {"provider": "workflow"}).content.decode()
    settings.ANONYMOUS_CHAT = False
    page = bob.post(HEADER, {"provider": "workflow"}).content.decode()
    assert "sessionid=YOUR-SESSION-COOKIE" in page
    assert "Put the cookie of your own session in place of YOUR-SESSION-COOKIE." in page
    assert bob.cookies["sessionid"].value not in page


def test_no_header_is_signed_for_a_provider_that_cannot_serve(bob: Client, only_analyst: None) -> None:
    response = bob.post(HEADER, {"provider": "workflow"})
    assert response.status_code == 400
    page = response.content.decode()
    assert "workflow has no backend in this version, so it cannot be asked for." in page
    assert ">workflow (has no backend in this version)</option>" in page
    assert "There is no provider “gpt”." in bob.post(HEADER, {"provider": "gpt"}).content.decode()


WRITES = [
    (PIN, {"provider": "workflow", "reason": "Why."}, "pin a session"),
    (UNPIN, {}, "take a pin back"),
    (HEADER, {"provider": "workflow"}, "sign an override header"),
]


@pytest.mark.parametrize(("url", "fields", "what"), WRITES, ids=["pin", "unpin", "header"])
def test_charlie_may_look_and_change_nothing_and_the_try_is_in_the_audit_log(
    charlie: Client, url: str, fields: dict[str, str], what: str
) -> None:
    session_id = begun_session()
    pin(session_id)
    for page in (text_of(charlie, assignment_page(session_id)), text_of(charlie, LIST)):
        assert "Take the pin back" not in page
        assert f'"{PIN}"' not in page
        assert f'"{HEADER}"' not in page
    assert "by Alice since" in text_of(charlie, pin_page(session_id))
    response = charlie.post(url, {"session_id": str(session_id), **fields})
    assert response.status_code == 403
    assert b"override-value" not in response.content
    assert SessionPin.objects.get().ended_at is None
    entry = RolloutChange.objects.first()
    assert entry is not None
    assert (entry.action, entry.by, entry.what) == ("refused", "Charlie", what)


@pytest.mark.parametrize("url", [PIN, HEADER], ids=["pin", "header"])
def test_charlie_does_not_see_the_forms_and_a_look_is_no_entry(charlie: Client, url: str) -> None:
    assert charlie.get(url).status_code == 403
    assert not RolloutChange.objects.exists()


def test_staff_without_either_permission_see_no_pins() -> None:
    assert make_staff("kill", name="Charlie").get(LIST).status_code == 403


@pytest.mark.parametrize("url", [PIN, UNPIN, HEADER, LIST], ids=["pin", "unpin", "header", "list"])
def test_a_visitor_and_a_customer_are_sent_to_log_in(client: Client, url: str) -> None:
    customer = Client()
    customer.force_login(User.objects.create_user("Alice"))
    for somebody in (client, customer):
        for send in (somebody.get, somebody.post):
            assert send(url).headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize(("url", "fields", "what"), WRITES, ids=["pin", "unpin", "header"])
def test_a_change_wants_a_token(settings, bob: Client, url: str, fields: dict[str, str], what: str) -> None:
    settings.CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
    session_id = uuid4()
    pin(session_id)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = bob.cookies
    response = strict.post(url, {"session_id": str(session_id), **fields})
    assert response.status_code == 403
    assert b"override-value" not in response.content
    assert SessionPin.objects.get().ended_at is None


def test_taking_a_pin_back_wants_post(bob: Client) -> None:
    assert bob.get(UNPIN).status_code == 405


def test_nobody_adds_edits_or_deletes_a_pin_past_the_services(admin_client: Client) -> None:
    session_id = uuid4()
    pin(session_id)
    assert admin_client.post(pin_page(session_id), {"provider": "analyst"}).status_code == 403
    assert admin_client.post(f"{LIST}{session_id}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.post(f"{LIST}add/", asked(uuid4())).status_code == 403
    assert SessionPin.objects.get().provider == "workflow"


def test_pins_are_found_by_session_and_by_whether_they_hold(bob: Client) -> None:
    held, freed = uuid4(), uuid4()
    pin(held)
    pin(freed)
    unpin_session(session_id=freed, by="Bob")
    for query, found in (
        (f"q={held}", {held}),
        (f"q={str(freed)[:13]}", {freed}),
        ("holds=yes", {held}),
        ("holds=no", {freed}),
    ):
        page = text_of(bob, f"{LIST}?{query}")
        assert {session for session in (held, freed) if str(session) in page} == found


def test_an_address_that_names_no_session_leads_back(bob: Client) -> None:
    for name in ("sessionpin", "sessionassignment"):
        answer = bob.get(reverse(f"admin:routing_{name}_change", args=["12"]))
        assert answer.status_code == 302


def test_no_page_has_inline_script_or_style(bob: Client) -> None:
    session_id = begun_session()
    pin(session_id)
    signed = bob.post(HEADER, {"provider": "workflow"}).content.decode()
    pages = [text_of(bob, url) for url in (PIN, HEADER, pin_page(session_id), assignment_page(session_id))]
    for page in (*pages, signed):
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
