"""The pages of assistant profiles: an edit is a new version, the history says what changed, Charlie changes nothing."""

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.providers.models import AssistantProfile
from apps.providers.profiles.versions import newest, profile_now, save_profile
from tests.providers.staff import make_staff, text_of

pytestmark = pytest.mark.django_db

LIST = "/admin/providers/assistantprofile/"
ADD = f"{LIST}add/"
FIELDS: dict[str, Any] = {
    "expected_version": "1",
    "instructions": "You are brief.\r\nYou are kind.",
    "model": "gpt-6.1-terra",
    "effort": "medium",
    "effort_high_stakes": "high",
    "effort_voice": "low",
    "tools": ["get_quote", "get_levels"],
    "label_ids": "asst_1\r\nwf_2",
    "note": "Shorter <answers>.",
}


@pytest.fixture
def bob() -> Client:
    return make_staff("view_assistantprofile", "add_assistantprofile", "change_assistantprofile")


@pytest.fixture
def charlie() -> Client:
    return make_staff("view_assistantprofile", name="Charlie")


def page_of(name: str) -> str:
    row = newest(name)
    assert row is not None
    return f"{LIST}{row.pk}/change/"


def save(client: Client, name: str = "main", **changed: Any) -> Any:
    return client.post(page_of(name), {**FIELDS, **changed}, follow=True)


def test_the_list_shows_the_newest_version_of_each_name(bob: Client) -> None:
    save(bob, model="gpt-4o")
    page = text_of(bob, LIST)
    assert re.findall(r'/assistantprofile/\d+/change/[^"]*">(\w+)<', page) == ["main", "risk"]
    assert "2 assistant profiles" in page
    assert "medium; high at high stakes; low by voice" in page
    assert "gpt-4o is shut down on 14 January 2027" in page or "gpt-4o was shut down on 14 January 2027" in page


def test_an_edit_is_a_new_version_and_the_old_one_stays(bob: Client) -> None:
    first = newest("main")
    page = save(bob).content.decode()
    assert "Version 2 of main is saved. It counts from the next turn of every session." in page
    row = newest("main")
    assert row is not None
    assert (row.version, row.created_by, row.note) == (2, "Bob", "Shorter <answers>.")
    assert (row.instructions, row.label_ids) == ("You are brief.\nYou are kind.", ["asst_1", "wf_2"])
    assert first == AssistantProfile.objects.get(name="main", version=1)
    assert "“Shorter &lt;answers&gt;.”" in page
    assert "Save as version 3" in page


def test_the_history_says_in_words_and_lines_what_a_version_changed(bob: Client) -> None:
    save(bob)
    page = save(
        bob,
        expected_version="2",
        instructions="You are brief.\nYou are exact.",
        effort_voice="none",
        tools=["get_quote", "get_news"],
        label_ids="asst_1",
    ).content.decode()
    entry = unescape(page.split('id="version-3"')[1].split('id="version-2"')[0])
    for said in (
        "Effort by voice: low → none",
        "Tools: get_news added",
        "Tools: get_levels taken away",
        "Former ids: wf_2 taken away",
        "<del>You are kind.</del>",
        "<ins>You are exact.</ins>",
        "<span>You are brief.</span>",
    ):
        assert said in entry
    assert "Model:" not in entry


def test_a_live_workflow_that_loses_a_tool_is_said_at_once(bob: Client) -> None:
    page = unescape(save(bob).content.decode())
    assert "The live workflow goes on without it: Node 'agent' names the tool 'get_news'" in page


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"instructions": " "}, "The instructions are empty"),
        ({"model": "two words"}, "Name one model, without spaces"),
        ({"model": ""}, "Name one model, without spaces"),
        ({"label_ids": "asst_1 thread_2"}, "“thread_2” is not an id that can be kept as a label."),
        ({"tools": ["get_rich"]}, "get_rich is not one of the available choices"),
        ({"effort": "huge"}, "huge is not one of the available choices"),
        ({"note": " "}, "Say why in a few words"),
        ({"expected_version": ""}, "This field is required"),
    ],
)
def test_an_edit_that_cannot_stand_is_refused_with_a_sentence_and_nothing_typed_is_lost(
    bob: Client, changed: dict[str, Any], sentence: str
) -> None:
    response = save(bob, **{"instructions": "Typed by hand.", **changed})
    page = unescape(response.content.decode())
    assert response.status_code == 400
    assert sentence in page
    assert "Nothing was saved." in page
    assert changed.get("instructions", "Typed by hand.") in page
    assert profile_now("main").version == 1


def test_an_edit_that_came_late_is_told_and_can_be_put_on_top(bob: Client) -> None:
    save(bob)
    late = save(bob, instructions="Mine.", expected_version="1")
    page = unescape(late.content.decode())
    assert late.status_code == 400
    assert "it is at version 2, you saw version 1" in page
    assert "Mine.</textarea>" in page
    assert profile_now("main").version == 2
    hidden = re.search(r'name="expected_version" value="(\d+)"', page)
    assert hidden is not None
    save(bob, instructions="Mine.", expected_version=hidden.group(1))
    assert (profile_now("main").version, profile_now("main").instructions) == (3, "Mine.")


def test_saving_what_is_in_force_makes_no_version(bob: Client) -> None:
    save(bob)
    page = save(bob, expected_version="2", note="Again.").content.decode()
    assert "This is what is in force already; nothing changed." in page
    assert profile_now("main").version == 2


def test_an_old_version_is_used_again_as_a_new_one(bob: Client) -> None:
    shipped = profile_now("main").instructions
    save(bob)
    url = reverse("admin:providers_assistantprofile_use_again", args=["main", 1])
    assert url in text_of(bob, page_of("main"))
    page = bob.post(url, {"expected_version": "2"}, follow=True).content.decode()
    assert "Version 3 holds what version 1 held. It counts from now." in page
    assert profile_now("main").instructions == shipped
    late = bob.post(url, {"expected_version": "2"}, follow=True).content.decode()
    assert "it is at version 3, you saw version 2" in late
    again = bob.post(url, {"expected_version": "3"}, follow=True).content.decode()
    assert "Version 1 holds what is in force already; nothing changed." in again
    assert profile_now("main").version == 3
    unknown = reverse("admin:providers_assistantprofile_use_again", args=["main", 9])
    refused = bob.post(unknown, {"expected_version": "3"}, follow=True).content.decode()
    assert "has no version 9" in refused


def test_a_page_of_an_older_version_shows_the_newest(bob: Client) -> None:
    old = page_of("main")
    save(bob)
    page = text_of(bob, old)
    assert "Save as version 3" in page
    assert bob.get(f"{LIST}999999/change/").status_code == 404
    assert bob.get(f"{LIST}x/change/").status_code == 404


def test_a_new_profile_begins_at_version_1(bob: Client) -> None:
    assert "Add this profile" in text_of(bob, ADD)
    new = {**FIELDS, "name": "teacher", "expected_version": "0"}
    page = bob.post(ADD, new, follow=True).content.decode()
    assert "Version 1 of teacher is saved." in page
    assert profile_now("teacher").tools == ("get_quote", "get_levels")
    twice = bob.post(ADD, new)
    assert twice.status_code == 400
    assert "There is a profile “teacher” already." in twice.content.decode()
    bad = bob.post(ADD, {**new, "name": "The Teacher"})
    assert "“The Teacher” is no name for a profile" in bad.content.decode()
    assert AssistantProfile.objects.filter(created_by="Bob").count() == 1


def test_charlie_may_look_and_change_nothing(charlie: Client) -> None:
    page = text_of(charlie, page_of("main"))
    assert "You may look, not change." in page
    assert "Save as version" not in page
    assert "Use version" not in page
    assert charlie.post(page_of("main"), FIELDS).status_code == 403
    assert charlie.get(ADD).status_code == 403
    assert charlie.post(ADD, {**FIELDS, "name": "teacher", "expected_version": "0"}).status_code == 403
    save_profile(**{**FIELDS, "label_ids": [], "expected_version": 1}, name="main", by="Bob")
    again = reverse("admin:providers_assistantprofile_use_again", args=["main", 1])
    assert charlie.post(again, {"expected_version": "2"}).status_code == 403
    assert profile_now("main").version == 2
    row = newest("main")
    assert row is not None
    assert charlie.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_staff_of_another_room_a_customer_and_a_visitor_see_nothing(client: Client) -> None:
    other = make_staff(name="Bob")
    assert other.get(LIST).status_code == 403
    assert other.get(page_of("main")).status_code == 403
    assert client.get(LIST).headers["Location"].startswith("/admin/login/")
    client.force_login(User.objects.create_user("Alice"))
    assert client.get(page_of("main")).headers["Location"].startswith("/admin/login/")


def test_nobody_deletes_a_profile(admin_client: Client) -> None:
    row = newest("main")
    assert row is not None
    assert admin_client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_change_wants_post_and_a_token(settings, bob: Client) -> None:
    settings.CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
    again = reverse("admin:providers_assistantprofile_use_again", args=["main", 1])
    assert bob.get(again).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = bob.cookies
    assert strict.post(again, {"expected_version": "1"}).status_code == 403
    assert strict.post(page_of("main"), FIELDS).status_code == 403


def test_no_page_has_inline_script_or_style(bob: Client) -> None:
    save(bob)
    for page in (text_of(bob, page_of("main")), text_of(bob, ADD)):
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))


def test_a_number_that_no_version_has_is_not_found_however_long_it_is(bob: Client) -> None:
    address = reverse("admin:providers_assistantprofile_use_again", args=["main", 1])
    assert bob.get(f"{LIST}{'9' * 5000}/change/").status_code == 404
    assert bob.post(address, {"expected_version": "9" * 5000}).status_code == 404
