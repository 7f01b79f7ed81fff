"""The pages a person opens: their own conversations, found, renamed, deleted, and nobody else's."""

import re
import uuid
from datetime import date, timedelta

import pytest
from django.utils import timezone

from apps.assistant.models import Conversation, Turn
from apps.chat.views import TURNS_SHOWN, by_day
from tests.factories import make_conversation, make_turn, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client):
    user = make_user("alice")
    client.force_login(user)
    return user


def test_a_first_visit_stores_nothing(client) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert not Conversation.objects.exists()
    assert not response.cookies.keys() - {"csrftoken"}


def test_a_first_visit_offers_four_questions_and_says_which_data_it_uses(client) -> None:
    page = client.get("/").content.decode().replace("&#x27;", "'")
    for question in ("What's the price of AAPL?", "Show me the MSFT chart", "Compare AAPL and GOOG"):
        assert question in page
    assert "1 Mar 2013" in page


def test_coming_back_shows_the_questions_and_answers(client, alice) -> None:
    conversation = make_conversation(user=alice)
    make_turn(conversation, question="What was it?", answer="It was **430.47**.")
    page = client.get(f"/chat/{conversation.pk}/").content.decode()
    assert "What was it?" in page
    assert "<strong>430.47</strong>" in page


@pytest.mark.parametrize(
    ("status", "words"),
    [(Turn.Status.INTERRUPTED, "Stopped"), (Turn.Status.FAILED, "Ask again in a minute.")],
)
def test_a_turn_that_did_not_end_well_says_so_after_a_reload(client, alice, status, words) -> None:
    conversation = make_conversation(user=alice)
    make_turn(conversation, status=status, answer="Half", error="Ask again in a minute.")
    assert words in client.get(f"/chat/{conversation.pk}/").content.decode()


def test_a_long_conversation_opens_with_its_latest_turns_and_offers_the_rest(client, alice) -> None:
    conversation = make_conversation(user=alice)
    for number in range(1, TURNS_SHOWN + 3):
        make_turn(conversation, number=number, question=f"Question number {number}.")
    page = client.get(f"/chat/{conversation.pk}/").content.decode()
    assert "Question number 2." not in page
    assert page.index("Question number 3.") < page.index(f"Question number {TURNS_SHOWN + 2}.")
    assert "Show 2 earlier questions" in page
    everything = client.get(f"/chat/{conversation.pk}/?all").content.decode()
    assert "Question number 1." in everything
    assert "earlier question" not in everything


def test_the_list_is_found_by_title_and_by_what_was_asked(client, alice) -> None:
    price = make_conversation(user=alice, title="AAPL price")
    make_turn(price, question="How much is the fruit company?")
    make_conversation(user=alice, title="IBM plan")
    both = ["AAPL price", "IBM plan"]
    for search, found in (("ibm", ["IBM plan"]), ("fruit", ["AAPL price"]), ("fruit ibm", []), ("", both)):
        page = client.get("/chat/conversations/", {"q": search}).content.decode()
        assert [title for title in both if title in page] == found


def test_others_conversations_are_not_listed(client, alice) -> None:
    make_conversation(user=make_user("charlie"), title="Charlie's secret")
    make_conversation(visitor_id=uuid.uuid4(), title="A visitor's secret")
    assert "secret" not in client.get("/").content.decode()


def test_a_conversation_is_renamed(client, alice) -> None:
    conversation = make_conversation(user=alice)
    client.post(f"/chat/{conversation.pk}/rename/", {"title": "  My \n morning\x00 look "})
    conversation.refresh_from_db()
    assert conversation.title == "My morning look"
    client.post(f"/chat/{conversation.pk}/rename/", {"title": "   "})
    conversation.refresh_from_db()
    assert conversation.title == "My morning look"


def test_a_conversation_is_deleted_with_its_turns(client, alice) -> None:
    conversation = make_conversation(user=alice)
    make_turn(conversation)
    assert client.post(f"/chat/{conversation.pk}/delete/").status_code == 302
    assert not Conversation.objects.exists()
    assert not Turn.objects.exists()


def test_a_missing_page_says_what_to_do(client) -> None:
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    assert 'href="/"' in response.content.decode()


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/no/such/page/"])
def test_no_page_has_inline_script_style_or_handlers(client, path) -> None:
    response = client.get(path)
    page = response.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    policy = response["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_every_title_names_the_page_and_the_product(client, alice) -> None:
    conversation = make_conversation(user=alice, title="AAPL levels")
    page = client.get(f"/chat/{conversation.pk}/").content.decode().replace("&#x27;", "'")
    assert "<title>AAPL levels · G'sves</title>" in page
    assert 'lang="en"' in page


def test_conversations_are_grouped_as_people_look_for_them() -> None:
    now = timezone.now()
    days = (0, 0, 1, 3, 40)
    found = [Conversation(title=str(days_ago), updated_at=now - timedelta(days=days_ago)) for days_ago in days]
    groups = by_day(found, today=now.date())
    assert [(label, [item.title for item in items]) for label, items in groups][:3] == [
        ("Today", ["0", "0"]),
        ("Yesterday", ["1"]),
        ("Last 7 days", ["3"]),
    ]
    assert groups[3][0] == f"{(now - timedelta(days=40)).date():%B %Y}"
    assert by_day([], today=date(2026, 1, 1)) == []


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_load_balancer_reads_health(client, path) -> None:
    assert client.get(path).status_code == 200


def test_a_monitor_may_ask_for_the_head_of_a_page(client) -> None:
    response = client.head("/")
    assert response.status_code == 200
    assert response.content == b""
