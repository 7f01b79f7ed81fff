"""The SQL of `docs/analysts.md` runs as it is, and its columns are the table's."""

import re
import uuid
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection

from apps.assistant.engine import run_turn
from apps.assistant.owner import Owner
from apps.metrics.evidence.guardrails import evaluate
from apps.metrics.models import RequestLog, ToolCall
from apps.providers.errors import ProviderUnavailable
from apps.providers.events import Usage
from apps.routing.choose import Reason
from apps.routing.errors import NoProvider
from tests.metrics.evidence.rollouts import NOW, make_rollout, make_session, make_sessions, make_turn
from tests.scripted import words

pytestmark = pytest.mark.django_db
DOCUMENT = (Path(__file__).parents[2] / "docs/analysts.md").read_text()
QUERIES = re.findall(r"```sql\n(.*?)```", DOCUMENT, re.DOTALL)


@pytest.fixture
def two_turns() -> None:
    """A plan and a price, asked for real."""

    async def ask(question: str) -> None:
        events = run_turn(session_id=uuid.uuid4(), question=question, owner=Owner(visitor_id=uuid.uuid4()))
        async with aclosing(events):
            async for _ in events:
                pass

    for question in ("Where would you enter IBM and where is the stop?", "What's the price of AAPL?"):
        async_to_sync(ask)(question)


def rows(sql: str) -> list[dict[str, object]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_each_query_answers_a_real_question(two_turns: None) -> None:
    floors, by_provider, by_assigned, by_attempt, rescues, waits, by_intent, failures, tools, plans, assignments = map(
        rows, QUERIES[:11]
    )
    # The analyst reports its usage, so no turn's cost is a floor.
    assert floors == rescues == waits == []
    assert [(row["assigned_provider"], row["turns"], float(row["people_failed_share"])) for row in by_assigned] == [
        ("analyst", 2, 0)
    ]
    assert [(row["provider"], row["attempts"], float(row["failed_share"])) for row in by_attempt] == [("analyst", 2, 0)]
    assert [(row["provider"], row["turns"], float(row["failed_share"])) for row in by_provider] == [("analyst", 2, 0)]
    assert {(row["intent"], row["read_as"]): row["turns"] for row in by_intent} == {
        ("execution", "plan"): 1,
        ("research", "quote"): 1,
    }
    assert failures == []
    assert {row["name"] for row in tools} == set(ToolCall.objects.values_list("name", flat=True))
    assert [(row["plans"], float(row["with_stop"]), float(row["with_disclaimer"])) for row in plans] == [(1, 1, 1)]
    assert [(row["provider"], row["sessions"]) for row in assignments] == [("analyst", 2)]


def test_each_query_about_the_evidence_answers_it() -> None:
    make_rollout()
    for now, n_bad, cost_usd in ((NOW, 0, "0.10"), (NOW + timedelta(minutes=1), 30, None)):
        for provider, bad in (("workflow", n_bad), ("responses", 0)):
            make_sessions(30, provider, bad=bad)
            for _ in range(2):
                make_turn(make_session(provider), cost_usd=cost_usd)
        evaluate(candidate="workflow", now=now)
    now, changes, failures, costs = map(rows, QUERIES[11:])
    assert [(row["verdict"], row["n_candidate"], row["n_control"]) for row in now] == [("harmful", 64, 64)]
    assert [(row["before"], row["verdict"]) for row in changes] == [("inconclusive", "harmful")]
    assert [(row["failed_sessions"], row["sessions"], row["control_rate"]) for row in failures] == [
        (0, 32, 0.0),
        (30, 64, 0.0),
    ]
    assert failures[0]["log_e"] < failures[1]["log_e"]
    assert 0 < failures[0]["excess_ceiling"] < 1
    assert [(row["candidate_unknown"], row["control_unknown"]) for row in costs] == [(2, 2)]
    assert costs[0]["candidate_usd"] == pytest.approx(costs[0]["control_usd"]) == pytest.approx(0.8 / 62)


async def test_a_cut_attempt_is_found_with_the_floor_of_its_turn_s_cost(play) -> None:
    play([*words("Half of"), ProviderUnavailable(code="cut")], provider="workflow")
    play([*words("Whole."), Usage(tokens_input=10, tokens_output=5, cost_usd=0.25)], provider="responses")
    async for _ in run_turn(
        session_id=uuid.uuid4(), question="Hi", owner=Owner(visitor_id=uuid.uuid4()), override="workflow"
    ):
        pass
    floors, _, by_assigned, by_attempt, rescues, waits, *_ = [await sync_to_async(rows)(sql) for sql in QUERIES]
    assert [(row["provider"], float(row["cost_at_least_usd"]), row["attempts_unreported"]) for row in floors] == [
        ("responses", 0.25, 1)
    ]
    assert {(row["provider"], float(row["failed_share"]), row["cut_after_text"]) for row in by_attempt} == {
        ("workflow", 1, 1),
        ("responses", 0, 0),
    }
    (own,) = by_assigned
    shares = ("backend_failed_share", "not_asked_share", "served_by_other_share", "people_failed_share")
    assert (own["assigned_provider"], *(float(own[name]) for name in shares)) == ("workflow", 1, 0, 1, 0)
    assert [(row["provider"], row["error"], row["attempts"]) for row in waits] == [("workflow", "cut", 1)]
    assert rescues == [{"failed_provider": "workflow", "error": "cut", "served_by": "responses", "turns": 1}]


async def test_usage_reported_before_the_cut_is_a_floor_too_and_a_refusal_is_none(play) -> None:
    used = Usage(tokens_input=10, tokens_output=5, cost_usd=0.25)
    play([used, *words("Half of"), ProviderUnavailable(code="cut")], provider="workflow")
    play([ProviderUnavailable(code="refused")], provider="responses")
    play([*words("Whole."), Usage(tokens_input=0, tokens_output=0, cost_usd=0.0)])
    async for _ in run_turn(
        session_id=uuid.uuid4(), question="Hi", owner=Owner(visitor_id=uuid.uuid4()), override="workflow"
    ):
        pass
    (floor,) = await sync_to_async(rows)(QUERIES[0])
    assert (float(floor["cost_at_least_usd"]), floor["attempts_unreported"]) == (0.25, 1)


def test_every_route_reason_is_documented() -> None:
    (line,) = (line for line in DOCUMENT.splitlines() if line.startswith("| `route_reason`"))
    assert {*Reason.values, NoProvider.code} <= set(re.findall(r"`(\w+)`", line))


def test_every_column_is_documented_and_every_documented_column_exists() -> None:
    columns = {field.column for field in RequestLog._meta.fields}
    first_cells = " ".join(re.findall(r"^\| (`.*?) \|", DOCUMENT, re.MULTILINE))
    assert set(re.findall(r"`(\w+)`", first_cells)) == columns
