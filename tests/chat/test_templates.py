"""The templates, rendered as the views and the stream render them."""

import json
import re
import uuid
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import include, path

from apps.chat.presenter import TurnView, turn_view
from apps.providers.sidecar import Sidecar
from tests.chat.turn_examples import REQUEST_ID, make_chart_turn, make_comparison_turn, make_plan_turn, make_turn


def nothing(request: HttpRequest, **arguments: object) -> HttpResponse:
    return HttpResponse()


def named(route: str, name: str) -> object:
    return path(route, nothing, name=name)


# The names that templates reverse; what answers there is tested with the views.
CHAT = [
    named("", "new"),
    named("chat/conversations/", "conversations"),
    *(
        named(f"chat/<uuid:session_id>/{part}", name)
        for part, name in (("", "conversation"), ("turns/", "turns"), ("rename/", "rename"), ("delete/", "delete"))
    ),
]
urlpatterns = [
    path("admin/", admin.site.urls),
    *(named(f"accounts/{name}/", name) for name in ("login", "logout", "password_change", "password_change_done")),
    path("", include((CHAT, "chat"))),
]
pytestmark = pytest.mark.urls(__name__)

SESSION = uuid.UUID("0a1b2c3d-0000-4000-8000-0000000000aa")
DATA = SimpleNamespace(kind="sample", label="Sample data to 1 Mar 2013")
ALICE, BOB = User(username="alice"), User(username="bob", is_staff=True)


def render(template: str, *, user: User | AnonymousUser | None = None, **context: object) -> str:
    request = RequestFactory().get("/")
    request.user = user or AnonymousUser()
    return render_to_string(template, context, request=request)


def page(turns: list[TurnView] | None = None, *, user: User | AnonymousUser | None = None, **changes: object) -> str:
    conversation = SimpleNamespace(id=SESSION, title="AAPL <levels>")
    context = {
        "session_id": SESSION,
        "conversation": conversation if turns else None,
        "current": str(SESSION),
        "turns": turns or [],
        "conversation_groups": [("Today", [conversation])] if turns else [],
        "search": "",
        "data": DATA,
        "examples": ["What's the price of AAPL?", "b", "c", "d"],
        "max_characters": 8000,
    }
    return render("chat/page.html", user=user, **context | changes)


class Ids(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name == "id":
                self.ids.append(value or "")
            elif name in {"for", "aria-labelledby", "aria-describedby", "popovertarget"}:
                self.references |= set((value or "").split())
            elif name == "href" and value and value.startswith("#"):
                self.references.add(value[1:])


def every_turn() -> list[TurnView]:
    turns = [
        make_chart_turn(),
        make_plan_turn(),
        make_comparison_turn(),
        make_turn(status="failed", answer="", error="The source timed out."),
        make_turn(status="interrupted"),
    ]
    for number, turn in enumerate(turns, start=1):
        turn.number, turn.request_id = number, uuid.UUID(int=REQUEST_ID.int + number)
    return [turn_view(turn, is_staff=True) for turn in turns]


def test_a_first_visit_says_what_it_is_offers_four_questions_and_names_the_data() -> None:
    html = page()
    assert "<title>G&#x27;sves</title>" in html or "<title>G'sves</title>" in html
    assert html.count('class="example"') == 4
    assert 'data-kind="sample"' in html
    assert 'action="/chat/0a1b2c3d-0000-4000-8000-0000000000aa/turns/"' in html
    assert 'name="csrfmiddlewaretoken"' in html


def test_the_title_names_the_conversation_as_text() -> None:
    assert "<title>AAPL &lt;levels&gt; · G'sves</title>" in page(every_turn())


def test_no_id_stands_twice_and_every_reference_leads_somewhere() -> None:
    parser = Ids()
    parser.feed(page(every_turn(), user=BOB))
    assert sorted(parser.ids) == sorted(set(parser.ids))
    assert parser.references - {"panel"} <= set(parser.ids)


def test_the_answer_sent_at_the_end_of_a_stream_is_the_one_a_reload_shows() -> None:
    view = turn_view(make_chart_turn(), is_staff=False)
    streamed = render_to_string("chat/_answer.html", {"turn": view})
    assert streamed.strip() in page([view])


def test_a_question_with_markup_is_shown_as_text() -> None:
    question = "<img src=x onerror=alert(1)>\"'</p>"
    html = page([turn_view(make_turn(question=question, answer=""), is_staff=False)])
    assert "<img src=x" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert 'data-ask="&lt;img' in html


def test_tool_results_with_markup_cannot_leave_their_place() -> None:
    turn = make_chart_turn()
    turn.tool_calls[0]["result"]["name"] = "</script><script>alert(1)</script>"
    turn.sidecar["charts"][0]["lines"][0]["label"] = "</script><b>"
    html = page([turn_view(turn, is_staff=False)])
    assert "<script>alert" not in html
    assert "</script><b>" not in html


def test_a_chart_carries_its_data_and_can_be_read_without_a_script() -> None:
    html = page([turn_view(make_chart_turn(), is_staff=False)])
    (data,) = re.findall(r'<script type="application/json">(.*?)</script>', html, re.S)
    assert len(json.loads(data)["bars"]) == 30
    assert re.search(r'role="img" aria-label="AAPL closed at 430\.47 on 1 Mar 2013', html)
    assert html.count('<th scope="row">') == 10 + 2
    assert 'href="https://www.tradingview.com/"' in html


def test_a_failed_turn_offers_to_ask_again() -> None:
    turn = make_turn(question="And IBM?", status="failed", answer="", error="The source timed out.")
    html = render("chat/_answer.html", turn=turn_view(turn, is_staff=False))
    assert "The source timed out." in html
    assert 'data-ask="And IBM?"' in html
    assert "data-copy" not in html


def test_a_turn_that_still_runs_offers_to_load_it_again() -> None:
    html = render("chat/_answer.html", turn=turn_view(make_turn(status="running", answer="Half"), is_staff=True))
    assert "This answer is still being written." in html
    assert "For staff" not in html


def test_the_staff_line_links_to_the_row() -> None:
    html = render("chat/_answer.html", turn=turn_view(make_turn(), is_staff=True))
    assert f'href="/admin/metrics/requestlog/{REQUEST_ID}/change/"' in html
    assert "<dd>unknown</dd>" in html


@pytest.mark.parametrize(
    ("user", "shown", "hidden"),
    [(AnonymousUser(), "Log in", "Log out"), (ALICE, "Log out", "Admin"), (BOB, "Admin", "Log in<")],
)
def test_the_header_offers_what_this_person_may_do(user: User | AnonymousUser, shown: str, hidden: str) -> None:
    header = page(user=user).split("</header>")[0]
    assert shown in header
    assert hidden not in header


def test_the_current_conversation_is_marked_and_others_are_not() -> None:
    other = SimpleNamespace(id=uuid.uuid4(), title="IBM plan")
    current = SimpleNamespace(id=SESSION, title="AAPL levels")
    html = render("chat/_conversations.html", conversation_groups=[("Today", [current, other])], current=str(SESSION))
    assert html.count('aria-current="page"') == 1
    assert re.search(r'title="AAPL levels" aria-current="page"', html)


@pytest.mark.parametrize(
    ("search", "words"), [("", "will be listed here"), ("<b>", "No conversation matches “&lt;b&gt;”")]
)
def test_an_empty_list_says_why_it_is_empty(search: str, words: str) -> None:
    assert words in render("chat/_conversations.html", conversation_groups=[], search=search, current="")


@pytest.mark.parametrize("name", ["400", "403", "404", "429", "500", "403_csrf"])
def test_an_error_page_says_what_happened_and_what_to_do_with_no_context_at_all(name: str) -> None:
    html = render_to_string(f"{name}.html")
    heading = re.search(r"<h1>(.+?)</h1>", html)
    assert heading
    assert len(heading[1]) > 10
    assert re.search(r"</h1>\s*<p>.{20,}", html)
    assert 'class="button primary" href="/' in html


def test_too_many_requests_say_how_long_to_wait() -> None:
    assert "Wait 34 seconds" in render("429.html", retry_after_s=34)
    assert "Wait a minute" in render("429.html")


def test_the_login_page_shows_the_fields_and_what_was_wrong() -> None:
    form = AuthenticationForm(data={"username": "", "password": ""})
    html = render("registration/login.html", form=form, next="/chat/x/")
    assert '<label for="id_username">Username</label>' in html
    assert html.count('class="field-error"') == 2
    assert '<input type="hidden" name="next" value="/chat/x/">' in html


def test_the_password_form_names_its_three_fields() -> None:
    html = render("registration/password_change_form.html", form=PasswordChangeForm(user=ALICE), user=ALICE)
    for label in ("Current password", "New password", "New password again"):
        assert f">{label}</label>" in html


@pytest.mark.parametrize("name", ["logged_out", "password_change_done"])
def test_the_account_pages_say_what_happened_and_where_to_go(name: str) -> None:
    html = render(f"registration/{name}.html", user=ALICE)
    assert re.search(r"<h1>You.+</h1>", html)
    assert 'class="button primary"' in html


def test_an_answer_of_the_sandbox_says_so_to_everybody_on_a_reload_and_at_the_end_of_a_stream() -> None:
    turn = make_turn()
    turn.model = "sandbox/gpt-6.1-terra"
    view = turn_view(turn, is_staff=False)
    for html in (page([view]), render_to_string("chat/_answer.html", {"turn": view})):
        assert "Sandbox</strong> No model was asked" in html
    assert "No model was asked" not in page([turn_view(make_turn(), is_staff=False)])


def test_doubted_figures_stand_under_the_answer_as_text() -> None:
    sidecar = Sidecar(intent="quote", unverified=["<b>431.50"])
    html = page([turn_view(make_turn(sidecar=sidecar), is_staff=False)])
    assert "Not found in the data: &lt;b&gt;431.50." in html
