"""Who may open what: the pages, their CSV, the rows, the text."""

from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from apps.metrics.dashboards.book import DASHBOARDS
from apps.metrics.models import RequestLog, RequestText
from tests.metrics.dashboards.history import make_history
from tests.metrics.dashboards.staff import ALL, sign_in

pytestmark = pytest.mark.django_db

PAGES = ["/dashboards/", *(f"/dashboards/{name}/" for name in DASHBOARDS)]


def session_page() -> str:
    row = RequestLog.objects.get(pk=make_history(1)[0])
    RequestText.objects.create(request=row, query="Where would <b>you</b> enter?", response_text="At 203.10.")
    return reverse("dashboards:session", args=[row.session_id])


@pytest.mark.parametrize("path", PAGES)
def test_a_visitor_is_sent_to_the_login_and_comes_back_with_the_filters(path: str) -> None:
    response = Client().get(f"{path}?period=30d")
    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={quote(path + '?period=30d')}"


@pytest.mark.parametrize("path", PAGES)
def test_only_staff_with_the_permission_see_a_dashboard(path: str) -> None:
    assert sign_in("Charlie", *ALL, is_staff=False).get(path).status_code == 403
    without = sign_in("Bob", "view_requestlog").get(path)
    assert without.status_code == 403
    assert "“Can view the dashboards” (metrics.view_dashboards)" in without.content.decode()
    allowed = sign_in("Alice", "view_dashboards").get(path)
    assert allowed.status_code == 200
    assert "no-store" in allowed["Cache-Control"]
    assert "private" in allowed["Cache-Control"]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_csv_needs_the_permission_to_export_and_is_offered_to_nobody_else(name: str) -> None:
    make_history(8)
    bob, alice = sign_in("Bob", "view_dashboards"), sign_in("Alice", "view_dashboards", "export_requests")
    assert "format=csv" not in bob.get(f"/dashboards/{name}/").content.decode()
    refused = bob.get(f"/dashboards/{name}/?format=csv")
    assert refused.status_code == 403
    assert "metrics.export_requests" in refused.content.decode()
    assert "format=csv" in alice.get(f"/dashboards/{name}/").content.decode()
    assert alice.get(f"/dashboards/{name}/?format=csv")["Content-Type"] == "text/csv; charset=utf-8"


def test_figures_lead_to_rows_only_for_those_who_may_see_rows() -> None:
    make_history(8)
    assert "/admin/metrics/requestlog/" not in sign_in("Bob", "view_dashboards").get("/dashboards/ab/").content.decode()
    page = sign_in("Alice", "view_dashboards", "view_requestlog").get("/dashboards/ab/").content.decode()
    assert "/admin/metrics/requestlog/?created_at__gte=" in page


def test_a_conversation_needs_the_permission_to_see_rows() -> None:
    path = session_page()
    assert Client().get(path).status_code == 302
    assert sign_in("Charlie", *ALL, is_staff=False).get(path).status_code == 403
    refused = sign_in("Bob", "view_dashboards", "view_requesttext").get(path)
    assert refused.status_code == 403
    assert "metrics.view_requestlog" in refused.content.decode()


def test_the_text_of_a_conversation_is_for_those_who_may_read_text() -> None:
    path = session_page()
    without = sign_in("Bob", "view_requestlog").get(path).content.decode()
    assert "At 203.10." not in without
    assert "enter?" not in without
    assert "metrics.view_requesttext" in without
    within = sign_in("Alice", "view_requestlog", "view_requesttext").get(path).content.decode()
    assert "Where would &lt;b&gt;you&lt;/b&gt; enter?" in within
    assert "At 203.10." in within


def test_an_unknown_conversation_and_an_unknown_table_are_not_found() -> None:
    alice = sign_in("Alice", *ALL)
    assert alice.get("/dashboards/sessions/00000000-0000-0000-0000-000000000001/").status_code == 404
    assert alice.get("/dashboards/ab/?format=csv&table=passwords").status_code == 404
    assert alice.post("/dashboards/ab/").status_code == 405


def test_the_ways_to_the_dashboards_are_shown_to_those_who_may_go() -> None:
    alice, bob = sign_in("Alice", "view_dashboards"), sign_in("Bob", "view_requestlog")
    for path in ("/admin/", "/"):
        assert 'href="/dashboards/"' in alice.get(path).content.decode()
        assert 'href="/dashboards/"' not in bob.get(path).content.decode()
