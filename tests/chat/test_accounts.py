"""Accounts by Django's own views; a trial visitor's conversations move along at login."""

import uuid

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from apps.assistant.models import Conversation
from apps.chat.visitor import VISITOR_COOKIE
from tests.factories import PASSWORD, make_conversation, make_user
from tests.scripted import words

pytestmark = pytest.mark.django_db


async def visit(client: AsyncClient, play) -> uuid.UUID:
    """Asks one question as a trial visitor; answers the session."""
    play(words("Hi"))
    session = uuid.uuid4()
    response = await client.post(
        f"/chat/{session}/turns/", {"message": "Hello"}, headers={"Accept": "text/event-stream"}
    )
    assert [chunk async for chunk in response.streaming_content]
    return session


async def test_a_visitors_conversations_move_to_the_account_at_login(async_client, play) -> None:
    session = await visit(async_client, play)
    alice = await sync_to_async(make_user)("alice")
    response = await async_client.post("/accounts/login/", {"username": "alice", "password": PASSWORD})
    assert response.status_code == 302
    conversation = await Conversation.objects.aget(pk=session)
    assert (conversation.user_id, conversation.visitor_id) == (alice.pk, None)
    assert response.cookies[VISITOR_COOKIE].value == ""
    assert (await async_client.get(f"/chat/{session}/")).status_code == 200


async def test_after_logging_out_they_are_not_shown_to_the_next_person(async_client, play) -> None:
    session = await visit(async_client, play)
    await sync_to_async(make_user)("alice")
    await async_client.post("/accounts/login/", {"username": "alice", "password": PASSWORD})
    await async_client.post("/accounts/logout/")
    assert (await async_client.get(f"/chat/{session}/")).status_code == 404


def test_a_wrong_password_says_so_and_takes_nothing_along(client) -> None:
    make_user("alice")
    visitor = uuid.uuid4()
    make_conversation(visitor_id=visitor)
    response = client.post("/accounts/login/", {"username": "alice", "password": "wrong"})
    assert response.status_code == 200
    assert Conversation.objects.get().visitor_id == visitor


def test_guessing_passwords_is_slowed_down(client, settings) -> None:
    settings.LOGINS_PER_ADDRESS = "3/300"
    make_user("alice")
    statuses = [
        client.post("/accounts/login/", {"username": "alice", "password": "wrong"}).status_code for _ in range(4)
    ]
    assert statuses == [200, 200, 200, 429]
    response = client.post("/accounts/login/", {"username": "alice", "password": PASSWORD})
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0


def test_a_password_is_changed_on_our_own_page(client) -> None:
    client.force_login(make_user("alice"))
    page = client.get("/accounts/password_change/").content.decode()
    assert "G'sves" in page.replace("&#x27;", "'").replace("&#39;", "'")
    response = client.post(
        "/accounts/password_change/",
        {"old_password": PASSWORD, "new_password1": "another long phrase", "new_password2": "another long phrase"},
        follow=True,
    )
    assert response.status_code == 200
    assert client.login(username="alice", password="another long phrase")


def test_staff_log_in_where_everybody_does_and_arrive_in_the_admin(client) -> None:
    make_user("bob", is_superuser=True)
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0] == "/accounts/login/?next=/admin/"
    response = client.post(
        "/accounts/login/?next=/admin/", {"username": "bob", "password": PASSWORD, "next": "/admin/"}
    )
    assert response["Location"] == "/admin/"


def test_charlie_without_staff_rights_is_refused_the_admin(client) -> None:
    client.force_login(make_user("charlie"))
    assert client.get("/admin/", follow=True).status_code == 403


def test_the_admins_login_never_leads_to_another_site(client) -> None:
    page = client.get("/admin/login/?next=https://elsewhere.example/", follow=True)
    make_user("bob", is_superuser=True)
    login = {"username": "bob", "password": PASSWORD, "next": "https://elsewhere.example/"}
    assert client.post(page.redirect_chain[-1][0], login)["Location"] == "/"
