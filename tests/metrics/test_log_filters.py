"""The log narrowed to what a dashboard counts: each link leads to exactly the rows behind its figure."""

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from apps.metrics import log_filters
from apps.metrics.models import RequestLog
from tests.metrics.dashboards.history import make_history
from tests.metrics.dashboards.staff import ALL, sign_in
from tests.metrics.rollups.history import make_call, make_speech, make_turn

pytestmark = pytest.mark.django_db

LIST = "/admin/metrics/requestlog/"


@pytest.fixture
def alice() -> Client:
    return sign_in("Alice", *ALL)


def rows_of(client: Client, url: str) -> set[UUID]:
    response = client.get(url)
    assert response.status_code == 200, url
    page = response.content.decode()
    return {pk for pk in RequestLog.objects.values_list("pk", flat=True) if f"{LIST}{pk}/change/" in page}


@pytest.mark.parametrize("name", ["ab", "ab/?side=served", "tools", "voice", "trading"])
def test_each_count_of_a_page_leads_to_as_many_rows(alice: Client, name: str) -> None:
    make_history(30)
    path, _, query = name.partition("/?")
    page = alice.get(f"/dashboards/{path}/?{query}").content.decode()
    count = rf'<a href="({LIST}\?[^"]*)">([\d,]+)</a>\s*(?:<span class="cell-n"></span>)?</td>'
    counted = {(unescape(url), int(n.replace(",", ""))) for url, n in re.findall(count, page)}
    assert counted
    # Each turn of the history has one call of one tool.
    for url, n in counted:
        assert len(rows_of(alice, url)) == n, url


def test_backend_errors_lead_to_the_turns_whose_own_first_try_failed(alice: Client) -> None:
    failed = make_turn(at=timezone.now(), tries=(("workflow", "cut"), ("responses", "")))
    make_turn(at=timezone.now())
    make_turn(at=timezone.now(), tries=(("workflow", "stopped"), ("responses", "")))
    make_turn(at=timezone.now(), assigned="responses", tries=(("workflow", "cut"), ("responses", "")))
    assert rows_of(alice, f"{LIST}?failed_first=1") == {failed}


def test_a_tool_and_its_error_are_looked_for_in_one_call(alice: Client) -> None:
    wanted, other = make_turn(at=timezone.now()), make_turn(at=timezone.now())
    make_call(wanted, name="get_levels", error_code="timeout")
    make_call(other, name="get_levels")
    make_call(other, name="get_quote", error_code="timeout")
    assert rows_of(alice, f"{LIST}?tool=get_levels") == {wanted, other}
    assert rows_of(alice, f"{LIST}?tool=get_levels&tool_error=timeout") == {wanted}
    assert rows_of(alice, f"{LIST}?tool_error=timeout") == {wanted, other}


def test_spoken_turns_are_found_by_how_they_ended(alice: Client) -> None:
    barged, calm = make_turn(at=timezone.now(), is_voice=True), make_turn(at=timezone.now(), is_voice=True)
    make_speech(barged, outcome="interrupted", was_barged_in=True)
    make_speech(calm)
    assert rows_of(alice, f"{LIST}?voice_turn__was_barged_in__exact=1") == {barged}
    assert rows_of(alice, f"{LIST}?voice_turn__outcome__exact=completed") == {calm}


def test_a_range_of_time_is_named_beside_the_list_and_nonsense_is_refused_without_an_error(alice: Client) -> None:
    now = timezone.now()
    old, new = make_turn(at=now - timedelta(days=3)), make_turn(at=now - timedelta(minutes=5))
    cut = f"{now - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    assert rows_of(alice, f"{LIST}?created_at__gte={cut}") == {new}
    assert rows_of(alice, f"{LIST}?created_at__lt={cut}") == {old}
    assert rows_of(alice, f"{LIST}?age=1h") == {new}
    assert (
        f"From {now - timedelta(days=1):%Y-%m-%d %H:%M} UTC"
        in alice.get(f"{LIST}?created_at__gte={cut}").content.decode()
    )
    for nonsense in ("created_at__gte=banana", "created_at__gte=0001-01-01T00:00%2B14:00", "model=%00", "q=%00"):
        assert alice.get(f"{LIST}?{nonsense}").status_code == 302


@pytest.mark.parametrize(
    "query",
    [
        "error__iregex=(a%2B)%2B$",
        "error__regex=(",
        "model__icontains=a",
        "created_at__year=99999999999",
        "tools_used__contains=a",
        "error__in=a,b",
        "text__isnull=False",
        "text__query__startswith=a",
        "tool_calls__arguments__symbol=a",
    ],
)
def test_only_equality_is_asked_of_the_log_and_never_of_its_text(alice: Client, query: str) -> None:
    assert alice.get(f"{LIST}?{query}").status_code == 400


def test_rows_are_counted_only_so_far(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_filters, "N_COUNTED", 3)
    for _ in range(3):
        make_turn(at=timezone.now())
    assert "More than" not in alice.get(LIST).content.decode()
    make_turn(at=timezone.now())
    assert "More than 3 requests" in alice.get(LIST).content.decode()


def test_a_row_leads_to_its_conversation_and_to_its_trace(
    alice: Client, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    row = RequestLog.objects.get(pk=make_turn(at=timezone.now()))
    page = alice.get(f"{LIST}{row.pk}/change/").content.decode()
    assert f'href="/dashboards/sessions/{row.session_id}/"' in page
    assert f'/{row.trace_id}"' not in page
    settings.LANGFUSE_PUBLIC_KEY = settings.LANGFUSE_SECRET_KEY = "key"  # type: ignore[attr-defined]
    settings.LANGFUSE_BASE_URL = "https://traces.example.com"  # type: ignore[attr-defined]
    for path in (f"{LIST}{row.pk}/change/", f"/dashboards/sessions/{row.session_id}/"):
        assert f'href="https://traces.example.com/trace/{row.trace_id}"' in alice.get(path).content.decode()
