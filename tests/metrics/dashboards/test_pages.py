"""The numbers of a page are those of the rows; what comes from outside is text; a page costs few queries."""

import csv
import io
import json
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from statistics import quantiles

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.metrics.classifiers.quality import quality
from apps.metrics.dashboards.book import DASHBOARDS
from apps.metrics.dashboards.filters import INTENTS
from apps.metrics.models import RequestLog, Status, ToolCall, VoiceTurn
from tests.metrics.dashboards.history import make_history, sum_up
from tests.metrics.dashboards.staff import ALL, sign_in
from tests.metrics.rollups.history import make_turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> Client:
    return sign_in("Alice", *ALL)


def page_of(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def lines_of(client: Client, path: str, table: str) -> dict[str, dict[str, str]]:
    """The lines of a table's CSV by their first cell."""
    separator = "&" if "?" in path else "?"
    text = client.get(f"{path}{separator}format=csv&table={table}").content.decode()
    found = list(csv.DictReader(io.StringIO(text)))
    return {next(iter(line.values())): line for line in found}


def cells_of(page: str, table: str) -> list[list[str]]:
    """The cells of a table of the page as text, a list each row."""
    (body,) = re.findall(rf'<table data-table="{table}">.*?<tbody>(.*?)</tbody>', page, re.DOTALL)
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    return [
        [
            " ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split())
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)
        ]
        for row in rows
    ]


def test_the_comparison_counts_what_the_rows_say(alice: Client) -> None:
    make_history(120)
    make_turn(at=timezone.now(), assigned="workflow", is_overridden=True, cost_usd="9.0")
    sum_up()
    for side, column in (("assigned", "assigned_provider"), ("served", "provider")):
        path = f"/dashboards/ab/?side={side}"
        rows = list(RequestLog.objects.filter(is_overridden=False))
        for name in {getattr(row, column) for row in rows}:
            own = [row for row in rows if getattr(row, column) == name]
            judged = [row for row in own if row.success is not None]
            errors = lines_of(alice, path, "errors")[name]
            assert int(errors["turns"]) == len(own)
            if len(judged) >= 10:
                share = 100 * sum(row.success is False for row in judged) / len(judged)
                assert float(errors["seen_errors_percent"]) == pytest.approx(share)
            costs = [row.cost_usd for row in own if row.cost_usd is not None]
            line = lines_of(alice, path, "costs")[name]
            assert float(line["cost_total_usd"]) == pytest.approx(float(sum(costs, Decimal(0))))
            assert int(line["cost_unknown"]) == len(own) - len(costs)
            times = [row.latency_ms for row in own if row.status != Status.INTERRUPTED]
            waiting = lines_of(alice, path, "waiting")[name]
            if waiting["latency_p50_ms"]:
                assert float(waiting["latency_p50_ms"]) == pytest.approx(quantiles(times, n=2)[0], rel=0.021)
                assert int(waiting["latency_p50_ms_n"]) == len(times)


def test_backend_errors_count_the_first_try_of_the_assigned_provider_rescued_or_not(alice: Client) -> None:
    for i in range(20):
        tries = (("workflow", "unavailable"), ("responses", "")) if i < 5 else (("workflow", ""),)
        make_turn(at=timezone.now(), tries=tries)
    sum_up()
    line = lines_of(alice, "/dashboards/ab/", "errors")["workflow"]
    assert (line["backend_errors_percent"], line["seen_errors_percent"]) == ("25", "0")
    served = lines_of(alice, "/dashboards/ab/?side=served", "errors")
    assert "backend_errors_percent" not in served["workflow"]
    assert int(served["responses"]["turns"]) == 5


def test_tools_voice_and_trading_count_what_the_rows_say(alice: Client) -> None:
    make_history(80)
    (tool,) = lines_of(alice, "/dashboards/tools/", "tools").values()
    calls = list(ToolCall.objects.all())
    assert int(tool["calls"]) == len(calls) == 80
    assert float(tool["success_percent"]) == pytest.approx(100 * sum(call.ok for call in calls) / 80)
    (error,) = lines_of(alice, "/dashboards/tools/", "errors").values()
    assert int(error["calls"]) == sum(not call.ok for call in calls)
    spoken = VoiceTurn.objects.count()
    outcomes = lines_of(alice, "/dashboards/voice/", "outcomes")
    assert {name: int(line["utterances"]) for name, line in outcomes.items()} == {"completed": spoken}
    rows = list(RequestLog.objects.all())
    for intent, line in lines_of(alice, "/dashboards/trading/", "intents").items():
        own = [row for row in rows if intent in ("all", row.intent)]
        assert int(line["turns"]) == len(own)
        if line["disclaimer_percent"]:
            read = [row.has_risk_disclaimer for row in own if row.has_risk_disclaimer is not None]
            assert float(line["disclaimer_percent"]) == pytest.approx(100 * sum(read) / len(read))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("channel=voice", {"is_voice": True}),
        ("intent=chart", {"intent": "chart"}),
        ("model=gpt-5", {"model": "gpt-5"}),
        ("provider=workflow", {"assigned_provider": "workflow"}),
        ("provider=analyst&side=served", {"provider": "analyst"}),
    ],
)
def test_a_filter_shows_only_what_it_names_and_stays_in_every_link(
    alice: Client, query: str, expected: dict[str, object]
) -> None:
    make_history(40)
    n = RequestLog.objects.filter(**expected).count()
    page = page_of(alice, f"/dashboards/ab/?{query}")
    assert f'<span data-testid="n">{n:,} turn{"" if n == 1 else "s"}</span>' in page
    for link in re.findall(r'href="\?([^"]*)"', page):
        assert link == "" or set(query.split("&")) <= set(unescape(link).split("&"))


def test_a_link_leads_to_all_rows_of_a_step_that_a_period_cuts(alice: Client) -> None:
    day = (timezone.now() - timedelta(days=10)).replace(hour=0, minute=0, second=0, microsecond=0)
    for hour in (9, 12):
        make_turn(at=day + timedelta(hours=hour))
    sum_up()
    period = f"from={day - timedelta(days=5):%Y-%m-%dT%H:%M}&to={day + timedelta(hours=10):%Y-%m-%dT%H:%M}"
    page = page_of(alice, f"/dashboards/ab/?{period}")
    assert '<span data-testid="n">2 turns</span>' in page
    links = {unescape(link) for link in re.findall(r'href="(/admin/metrics/requestlog/[^"]*)"', page)}
    whole = [link for link in links if f"created_at__gte={day - timedelta(days=5):%Y-%m-%d}" in link]
    assert whole
    assert {f"created_at__lt={day + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}" in link for link in whole} == {True}


def test_the_classifiers_are_shown_with_what_they_get_right(alice: Client) -> None:
    lines = lines_of(alice, "/dashboards/trading/", "classifiers")
    scores = quality().held_out
    for name, score in {**scores.claims, **scores.intents}.items():
        assert int(lines[name]["labelled"]) == score.positives
        assert int(lines[name]["precision_percent_n"]) == score.found
        if score.positives >= 10:
            assert float(lines[name]["recall_percent"]) == pytest.approx(100 * score.hits / score.positives)
    assert set(scores.intents) == set(INTENTS)


def test_a_csv_has_the_figures_of_its_table(alice: Client) -> None:
    make_history(120)
    for name, table in (("ab", "waiting"), ("ab", "errors"), ("tools", "tools"), ("trading", "intents")):
        page = page_of(alice, f"/dashboards/{name}/")
        lines = lines_of(alice, f"/dashboards/{name}/", table)
        shown = cells_of(page, table)
        assert [row[0] for row in shown] == list(lines)
        for row in shown:
            values = [
                value for key, value in list(lines[row[0]].items())[1:] if not key.endswith(("_low", "_high", "_n"))
            ]
            assert len(values) == len(row) - 1
            for cell, value in zip(row[1:], values, strict=True):
                if value == "":
                    assert "too few" in cell or cell in {"–", "unknown"} or "unknown" in cell
                else:
                    printed = float(cell.split()[0].replace(",", ""))
                    assert printed == pytest.approx(float(value), rel=0.06, abs=0.06)


def test_three_turns_of_a_newcomer_are_said_to_be_too_few(alice: Client) -> None:
    for _ in range(3):
        make_turn(at=timezone.now(), assigned="responses", tries=(("responses", ""),), cost_usd="0")
    sum_up()
    page = page_of(alice, "/dashboards/ab/")
    assert page.count("3 turns: too few to say") == 6
    assert 'data-testid="no-picture"' in page
    for name in DASHBOARDS:
        page_of(alice, f"/dashboards/{name}/")


def test_an_empty_database_is_said_in_words(alice: Client) -> None:
    page = page_of(alice, "/dashboards/ab/")
    assert "No figures have been built yet." in page
    assert "manage.py rollup" in page
    assert page.count("No turns") >= 6
    assert "Nobody has spoken in this period." in page_of(alice, "/dashboards/voice/")
    assert page_of(alice, "/dashboards/").count('data-testid="tile"') == 16


def test_what_comes_from_outside_is_text(alice: Client) -> None:
    for _ in range(12):
        make_turn(
            at=timezone.now(), model="<script>alert(1)</script>", tries=(("</script><b>", ""),), assigned="=cmd()"
        )
    sum_up()
    for query in ("", "side=served", "model=%3Cscript%3Ealert(1)%3C/script%3E", "provider=%3Cscript%3Ealert(2)"):
        page = page_of(alice, f"/dashboards/ab/?{query}")
        assert "<script>alert" not in page
        assert "</script><b>" not in page
    assert "“&lt;script&gt;alert(2)”" in page
    text = alice.get("/dashboards/ab/?format=csv&table=waiting").content.decode()
    assert "\n'=cmd()," in text


def test_the_picture_has_the_points_of_its_table(alice: Client) -> None:
    make_history(120)
    page = page_of(alice, "/dashboards/ab/?picture=latency_p50")
    (data,) = re.findall(r'<script id="picture-data" type="application/json">(.*?)</script>', page)
    picture = json.loads(data)
    assert picture["unit"] == "ms"
    assert len(picture["labels"]) == 7
    lines = lines_of(alice, "/dashboards/ab/?picture=latency_p50", "over_time")
    for (_, *cells), line in zip(cells_of(page, "over_time"), lines.values(), strict=True):
        for series, cell in zip(picture["series"], cells, strict=True):
            kept = line[f"{series['label']}_latency_p50_ms"]
            assert float(cell.split()[0].replace(",", "")) == round(float(kept)) if kept else cell[0] in "–t"
    for series in picture["series"]:
        for step, value, is_few in zip(picture["steps"], series["values"], series["few"], strict=True):
            kept = lines.get(step, {}).get(f"{series['label']}_latency_p50_ms", "")
            assert (kept == "") == (value is None or is_few)
            assert kept == "" or float(kept) == pytest.approx(value)


def test_a_page_costs_a_few_queries_however_much_it_shows(alice: Client) -> None:
    def queries(path: str) -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as captured:
            page_of(alice, path)
        return sum(query["sql"].startswith("SELECT") for query in captured.captured_queries)

    make_history(5)
    few = {name: queries(f"/dashboards/{name}/") for name in DASHBOARDS}
    make_history(60, seed=6)
    for name, n in few.items():
        # Session, person, two of permissions, names for the filter, freshness twice, the figures and those before.
        assert queries(f"/dashboards/{name}/?period=90d") == n <= 9
    # What was read a moment ago is not read again.
    page_of(alice, "/dashboards/ab/")
    with CaptureQueriesContext(connection) as captured:
        page_of(alice, "/dashboards/ab/")
    assert len(captured) <= 4
