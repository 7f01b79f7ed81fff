"""The request log in the admin: found by filter and id, read only, text for those who may read text."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.metrics.models import RequestLog, Status
from apps.metrics.services import finish_request
from tests.metrics.factories import make_finished, make_record, make_started, make_tool_call

pytestmark = pytest.mark.django_db

LIST = "/admin/metrics/requestlog/"
QUESTION = "Where would <b>you</b> enter IBM?"


def make_staff(*permissions: str, name: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="metrics", codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def bob() -> Client:
    return make_staff("view_requestlog", name="Bob")


@pytest.fixture
def reader() -> Client:
    return make_staff("view_requestlog", "view_requesttext", name="Alice")


def page_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def shown(client: Client, query: str) -> set[UUID]:
    """The requests that the list shows for a query string."""
    page = page_of(client, f"{LIST}?{query}")
    return {pk for pk in RequestLog.objects.values_list("pk", flat=True) if f"{LIST}{pk}/change/" in page}


def test_an_unknown_cost_is_shown_as_unknown_and_a_known_one_as_a_figure(bob: Client) -> None:
    make_finished()
    page = page_of(bob, LIST)
    assert '<td class="field-cost">unknown</td>' in page
    make_finished(cost_usd=Decimal(0))
    make_finished(cost_usd=Decimal("0.00012345"))
    page = page_of(bob, LIST)
    assert '<td class="field-cost">unknown</td>' in page
    assert '<td class="field-cost">0.000000</td>' in page
    assert '<td class="field-cost">0.000123</td>' in page


def test_a_row_s_own_page_says_what_is_unknown(bob: Client) -> None:
    page = page_of(bob, f"{LIST}{make_finished()}/change/")
    assert re.search(r'field-tokens.*?class="readonly">unknown<', page, re.DOTALL)
    assert re.search(r'field-cost.*?class="readonly">unknown<', page, re.DOTALL)


def test_a_row_leads_to_all_turns_of_its_person_and_to_no_name(bob: Client) -> None:
    mine, other = make_finished(), make_finished()
    RequestLog.objects.filter(pk=mine).update(person_hash="a" * 64)
    RequestLog.objects.filter(pk=other).update(person_hash="b" * 64)
    page = page_of(bob, f"{LIST}{mine}/change/")
    (link,) = re.findall(r'href="([^"]*person_hash=[^"]*)"', page)
    found = page_of(bob, link)
    assert str(mine) in found
    assert str(other) not in found
    nobody = make_finished()
    assert "person_hash=" not in page_of(bob, f"{LIST}{nobody}/change/")


def test_the_list_says_how_a_turn_failed_and_why_its_own_provider_did_not_serve(bob: Client) -> None:
    record = make_record(make_started(), status=Status.FAILED, response_text="", error="unavailable")
    finish_request(replace(record, attempts=2))
    page = page_of(bob, LIST)
    assert '<td class="field-ended">Failed: unavailable</td>' in page
    assert '<td class="field-served_by">workflow → analyst (stopped, 2 tries)</td>' in page
    assert "?route_reason=no_provider" in page


def test_a_tool_call_that_ran_is_not_marked_with_a_cross(bob: Client) -> None:
    started_at = datetime(2026, 3, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    call = make_tool_call(call_id="c1", name="get_quote", started_at=started_at)
    page = page_of(bob, f"{LIST}{make_finished(tool_calls=(call,))}/change/")
    assert "icon-no" not in page
    assert "03:04:05.678" in page


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        ("", lambda row: True),
        ("status__exact=started", lambda row: row.status == Status.STARTED),
        ("status__exact=failed", lambda row: row.status == Status.FAILED),
        ("provider=analyst", lambda row: True),
        ("provider=workflow", lambda row: False),
        ("assigned_provider=workflow", lambda row: True),
        ("route_reason=kill_switch", lambda row: True),
        ("route_reason=bucket_map", lambda row: False),
        ("is_voice__exact=1", lambda row: False),
        ("created_at__lt=2001-01-01T00:00:00Z", lambda row: False),
        ("created_at__gte=2001-01-01T00:00:00Z", lambda row: True),
        ("age=1h", lambda row: True),
        ("intent=execution", lambda row: row.intent == "execution"),
        ("model=analyst-1", lambda row: row.model == "analyst-1"),
        ("model=another", lambda row: False),
        ("success__exact=0", lambda row: row.success is False),
        ("cost_usd__isnull=True", lambda row: row.cost_usd is None),
    ],
)
def test_the_log_is_filtered(bob: Client, query: str, chosen: Callable[[RequestLog], bool]) -> None:
    make_started()
    make_finished()
    finish_request(make_record(make_started(), status=Status.FAILED, response_text="", error="unavailable"))
    assert shown(bob, query) == {row.pk for row in RequestLog.objects.all() if chosen(row)}


def test_a_turn_is_found_by_its_session_or_its_own_id(bob: Client) -> None:
    wanted = RequestLog.objects.get(pk=make_finished())
    make_finished()
    for term in (wanted.session_id, wanted.request_id, str(wanted.session_id)[:13], str(wanted.request_id)[:13]):
        assert shown(bob, f"q={term}") == {wanted.pk}
    assert shown(bob, "q=nothing-like-it") == set()


def test_text_and_arguments_are_for_those_who_may_read_text(bob: Client, reader: Client) -> None:
    request_id = make_started(query=QUESTION)
    call = make_tool_call(call_id="a", name="get_levels", started_at=RequestLog.objects.get().created_at)
    finish_request(make_record(request_id, tool_calls=(call,)))
    detail = f"{LIST}{request_id}/change/"
    without = page_of(bob, detail)
    assert "get_levels" in without
    assert "enter IBM" not in without
    assert "&quot;symbol&quot;" not in without
    within = page_of(reader, detail)
    assert "Where would &lt;b&gt;you&lt;/b&gt; enter IBM?" in within
    assert "enter at 203.10; the stop is 198.20" in within
    assert "&quot;symbol&quot;" in within


def test_nobody_edits_the_log(admin_client: Client) -> None:
    request_id = make_finished()
    assert admin_client.post(f"{LIST}{request_id}/change/", {"status": "failed"}).status_code == 403
    assert admin_client.post(f"{LIST}{request_id}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert RequestLog.objects.get().status == Status.SUCCEEDED


def test_charlie_sees_no_log() -> None:
    charlie = make_staff(name="Charlie")
    request_id = make_finished()
    assert charlie.get(LIST).status_code == 403
    assert charlie.get(f"{LIST}{request_id}/change/").status_code == 403


def test_the_list_costs_the_same_number_of_queries_for_any_number_of_rows(bob: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(bob, LIST)
        return len(captured)

    make_finished()
    make_finished()
    queries()  # the names that the filters offer are kept for a while
    few = queries()
    assert few
    for _ in range(30):
        make_finished()
    assert queries() == few
