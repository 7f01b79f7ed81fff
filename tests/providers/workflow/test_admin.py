"""The pages of workflow versions: an outline to read, faults listed on save, one page that asks before going live."""

import json
import re
from html import unescape
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.providers.models import WorkflowVersion
from apps.providers.workflow.versions import add_version, make_live, set_pending, version_for_session
from tests.providers.designs import SMALL, make_design
from tests.providers.staff import make_staff, text_of

pytestmark = pytest.mark.django_db

LIST = "/admin/providers/workflowversion/"
ADD = f"{LIST}add/"


@pytest.fixture
def bob() -> Client:
    return make_staff("view_workflowversion", "add_workflowversion", "make_live", "view_sessionworkflow", name="Bob")


def page_of(number: int) -> str:
    return f"{LIST}{WorkflowVersion.objects.get(number=number).pk}/change/"


def live_url(number: int) -> str:
    return f"{LIST}{number}/make-live/"


def test_the_list_says_which_version_is_live_and_how_many_sessions_run_each(bob: Client) -> None:
    for _ in range(3):
        version_for_session(uuid4())
    add_version(SMALL, "Bob", "Smaller.")
    page = text_of(bob, LIST)
    assert re.findall(r"field-state[^>]*>([^<]{2,10})", page) == ["no", "live since"]
    assert re.findall(r"field-n_sessions[^>]*>(\d+)<", page) == ["0", "3"]
    assert "Smaller." in page


def test_a_page_tells_the_design_as_an_outline_and_as_json(bob: Client) -> None:
    add_version(SMALL, "Bob", "Smaller.")
    page = unescape(text_of(bob, page_of(2)))
    for said in (
        "Version 2 is not live: no new session runs it.",
        "'chart', confidence from 0.6, with a symbol",
        "everything else",
        "An order in {symbol}?",
        "Nothing was placed.",
        "→ on to <code>agent</code>, shown elsewhere",
        "The turn ends with the question; the next message decides.",
        '"commands": ["load"]',
        "Make version 2 live…",
    ):
        assert said in page
    assert page.count("<strong>Looking</strong>") == 1
    assert bob.post(page_of(2), {"graph": "{}"}).status_code == 403


def test_a_new_version_starts_from_the_live_one_or_from_the_one_asked_for(bob: Client) -> None:
    add_version(SMALL, "Bob", "")
    assert '"start": "classify"' in unescape(text_of(bob, ADD))
    assert '"start": "read"' in unescape(text_of(bob, f"{ADD}?from=2"))
    assert '"start": "classify"' in unescape(text_of(bob, f"{ADD}?from=77"))


def test_a_good_design_is_saved_and_not_live(bob: Client) -> None:
    text = json.dumps(SMALL, indent=1)
    page = bob.post(ADD, {"graph": text, "note": "Smaller."}, follow=True).content.decode()
    assert "Version 2 is saved. It is not live: no session takes it until you make it so." in page
    row = WorkflowVersion.objects.get(number=2)
    assert (row.created_by, row.note, row.is_live) == ("Bob", "Smaller.", False)


def test_every_fault_is_listed_and_nothing_typed_is_lost(bob: Client) -> None:
    design = make_design("nodes", "agent", "tools", ["get_qoute"])
    design["start"] = "raed"
    text = json.dumps(design) + "   "
    response = bob.post(ADD, {"graph": text, "note": ""})
    page = unescape(response.content.decode())
    assert response.status_code == 400
    assert "The design starts at 'raed', which does not exist. Did you mean 'read'?" in page
    assert "Node 'agent' names the tool 'get_qoute', which does not exist. Did you mean 'get_quote'?" in page
    assert "Say why in a few words" in page
    assert f"{text}</textarea>" in page
    assert WorkflowVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The design is empty."),
        ('{"schema": 1', "This is not JSON yet. Line 1, column 13: a comma is missing"),
        (json.dumps(make_design("nodes", "agent", "profile", "mian")), "Did you mean 'main'?"),
        ("x" * 200_001, "at most 200000 characters"),
    ],
)
def test_a_text_that_is_no_design_is_refused_with_a_sentence(bob: Client, text: str, sentence: str) -> None:
    response = bob.post(ADD, {"graph": text, "note": "Why not."})
    assert response.status_code == 400
    assert sentence in unescape(response.content.decode())
    assert WorkflowVersion.objects.count() == 1


def test_more_than_ten_faults_say_how_many_more_there_are(bob: Client) -> None:
    design = make_design()
    for number in range(12):
        design["nodes"][f"lonely-{number}"] = SMALL["nodes"]["no"]
    page = bob.post(ADD, {"graph": json.dumps(design), "note": "Many."}).content.decode()
    assert page.count("is never reached") == 10
    assert "And 2 more." in page


def test_going_live_asks_on_a_page_of_its_own_and_says_what_happens(bob: Client) -> None:
    for _ in range(12):
        version_for_session(uuid4())
    add_version(SMALL, "Bob", "Smaller.")
    page = text_of(bob, live_url(2))
    assert "New sessions take version 2 from now, instead of version 1." in page
    assert "12 sessions keep version 1." in page
    assert WorkflowVersion.objects.get(is_live=True).number == 1
    done = bob.post(live_url(2), {"live": "1"}, follow=True).content.decode()
    assert "Version 2 is live: new sessions take it from now." in done
    assert WorkflowVersion.objects.get(is_live=True).number == 2
    version_for_session(uuid4())
    assert "1 session keeps version 2." in text_of(bob, live_url(1))


def test_a_decision_made_before_another_version_went_live_is_asked_again(bob: Client) -> None:
    add_version(SMALL, "Bob", "")
    add_version(SMALL, "Bob", "")
    make_live(2, "Alice")
    page = bob.post(live_url(3), {"live": "1"}).content.decode()
    assert "Version 2 went live since you opened the page. Nothing was changed; look again." in page
    assert WorkflowVersion.objects.get(is_live=True).number == 2
    already = bob.post(live_url(2), {"live": "2"}, follow=True).content.decode()
    assert "Version 2 is live already." in already


def test_a_version_whose_profile_is_gone_is_shown_and_cannot_go_live(bob: Client) -> None:
    broken = make_design("nodes", "agent", "profile", "oracle")
    WorkflowVersion.objects.create(number=2, graph=broken, created_by="Bob")
    page = unescape(bob.post(live_url(2), {"live": "1"}, follow=True).content.decode())
    assert "Node 'agent' uses the profile 'oracle', which does not exist." in page
    assert WorkflowVersion.objects.get(is_live=True).number == 1
    assert "which does not exist" in unescape(text_of(bob, page_of(2)))
    WorkflowVersion.objects.create(number=3, graph={"schema": 9}, created_by="Bob")
    page = unescape(text_of(bob, page_of(3)))
    assert "This design cannot run any more." in page
    assert "The design says schema 9; this version reads schema 1." in page


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("view_workflowversion", {"list", "page"}),
        ("add_workflowversion", {"add", "save"}),
        ("make_live", {"ask", "live"}),
    ],
)
def test_each_permission_opens_its_own_pages_only(permission: str, allowed: set[str]) -> None:
    add_version(SMALL, "Bob", "")
    client = make_staff(permission, name="Charlie")
    answers = {
        "list": client.get(LIST),
        "page": client.get(page_of(2)),
        "add": client.get(ADD),
        "save": client.post(ADD, {"graph": json.dumps(SMALL), "note": "Mine."}),
        "ask": client.get(live_url(2)),
        "live": client.post(live_url(2), {"live": "1"}),
    }
    assert {name for name, answer in answers.items() if answer.status_code != 403} == allowed
    assert WorkflowVersion.objects.get(is_live=True).number == (2 if "live" in allowed else 1)
    assert WorkflowVersion.objects.count() == (3 if "save" in allowed else 2)


def test_charlie_who_may_look_sees_no_button(bob: Client) -> None:
    add_version(SMALL, "Bob", "")
    page = text_of(make_staff("view_workflowversion", name="Charlie"), page_of(2))
    assert "Make version 2 live" not in page
    assert "Start a new version" not in page


def test_a_customer_and_a_visitor_are_sent_to_log_in(client: Client) -> None:
    assert client.get(LIST).headers["Location"].startswith("/admin/login/")
    client.force_login(User.objects.create_user("Alice"))
    assert client.get(live_url(1)).headers["Location"].startswith("/admin/login/")


def test_nobody_edits_or_deletes_a_version(admin_client: Client) -> None:
    assert admin_client.post(page_of(1), {"number": "5"}).status_code == 403
    assert admin_client.post(page_of(1).replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert admin_client.get(f"{LIST}999/change/").status_code == 404
    assert admin_client.get(live_url(99)).status_code == 404


def test_a_session_shows_its_version_and_that_something_waits_but_not_what(bob: Client) -> None:
    session_id = uuid4()
    version_for_session(session_id)
    set_pending(session_id, {"question": "Buy 10 IBM"})
    url = f"/admin/providers/sessionworkflow/{session_id}/change/"
    page = text_of(bob, url)
    assert "Workflow version 1" in page
    assert "Buy 10 IBM" not in page
    assert bob.post(url, {"pending": ""}).status_code == 403
    assert str(session_id) in text_of(bob, f"/admin/providers/sessionworkflow/?q={session_id}")


def test_no_page_has_inline_script_or_style(bob: Client) -> None:
    add_version(SMALL, "Bob", "")
    for url in (page_of(2), ADD, live_url(2)):
        page = text_of(bob, url)
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))


def test_a_number_that_no_version_has_is_not_found_however_long_it_is(bob: Client) -> None:
    assert bob.get(f"{LIST}{'9' * 5000}/change/").status_code == 404
    assert bob.get(f"{ADD}?from={'9' * 5000}").status_code == 200
