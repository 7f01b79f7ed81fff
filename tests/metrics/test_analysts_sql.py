"""The SQL of `docs/analysts.md` runs as it is, its answers are right, and its columns are the tables'."""

import re
import uuid
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, models

from apps.assistant.engine import run_turn
from apps.assistant.owner import Owner
from apps.metrics.evidence.guardrails import evaluate
from apps.metrics.exports.columns import REQUESTS, TOOL_CALLS, names
from apps.metrics.models import Attempt, RequestLog, RequestText, ToolCall, VoiceTurn
from apps.providers.errors import ProviderUnavailable
from apps.providers.events import Usage
from apps.routing.choose import Reason
from apps.routing.errors import NoProvider
from apps.routing.models import Evaluation, SessionAssignment
from tests.metrics.evidence.rollouts import NOW, make_rollout, make_session, make_sessions, make_turn
from tests.metrics.exports import turns
from tests.metrics.exports.turns import DAY, make_assignment, make_attempt, make_call, make_spoken
from tests.scripted import words

pytestmark = pytest.mark.django_db
DOCUMENT = (Path(__file__).parents[2] / "docs/analysts.md").read_text()
#: Each heading and what stands under it.
SECTIONS = dict(re.findall(r"^##+ (.+?)\n(.*?)(?=^##+ |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL))
QUERIES = {name: sql for name, text in SECTIONS.items() for sql in re.findall(r"```sql\n(.*?)```", text, re.DOTALL)}
TABLES: tuple[type[models.Model], ...] = (
    RequestLog,
    RequestText,
    Attempt,
    ToolCall,
    VoiceTurn,
    SessionAssignment,
    Evaluation,
)

WEEK_1, WEEK_2 = "2026-11-02", "2026-11-09"
LATER = DAY + timedelta(days=7)


def answer(question: str) -> list[dict[str, object]]:
    """What the document's query under that heading answers: times and costs as numbers, dates as text."""
    with connection.cursor() as cursor:
        cursor.execute(QUERIES[question])
        columns = [column[0] for column in cursor.description]
        return [dict(zip(columns, map(_plain, row), strict=True)) for row in cursor.fetchall()]


def _plain(cell: object) -> object:
    if isinstance(cell, Decimal):
        return float(cell)
    return str(cell) if hasattr(cell, "isoformat") and not hasattr(cell, "hour") else cell


def only(rows: list[dict[str, object]], *columns: str) -> list[tuple[object, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


@pytest.fixture
def two_weeks() -> None:
    """Alice (a1) asks in both weeks, Bob (b2) and Charlie (c3) in one each; every figure is chosen by hand.

    Week 1: a1 has one good turn of workflow and one that responses rescued; b2 one of unknown cost and one failed.
    Week 2: a1 speaks twice; c3 has one turn that staff sent elsewhere and one that they stopped.
    """
    alices, bobs, spoken, charlies = (uuid.uuid4() for _ in range(4))
    for session_id, provider in (
        (alices, "workflow"),
        (bobs, "responses"),
        (spoken, "workflow"),
        (charlies, "responses"),
    ):
        make_assignment(session_id, provider=provider, share_at_assign=2500 if provider == "workflow" else 7500)
    good = turns.make_turn(
        session_id=alices, person_hash="a1", ttft_ms=500.0, cost_usd=Decimal("0.01"), intent="analysis",
        has_risk_disclaimer=True, mentions_stop_loss=False, has_entry_exit=False,
    )  # fmt: skip
    make_attempt(good, cost_usd=Decimal("0.01"), ttft_ms=500.0)
    for number, latency_ms in enumerate((10.0, 20.0, 30.0, 40.0)):
        make_call(good, number=number, latency_ms=latency_ms, ok=latency_ms < 40)
    make_call(good, number=9, latency_ms=9_000.0, was_reused=True)
    make_call(good, number=10, name="get_levels", latency_ms=5.0, retries=2)
    rescued = turns.make_turn(
        session_id=alices, person_hash="a1", at=DAY + timedelta(minutes=1), provider="responses", is_fallback=True,
        attempts=2, ttft_ms=2500.0, cost_usd=Decimal("0.03"), intent="execution", has_risk_disclaimer=False,
        mentions_stop_loss=True, has_entry_exit=True,
    )  # fmt: skip
    make_attempt(rescued, provider="workflow", outcome="failed", error="cut", latency_ms=2000.0)
    make_attempt(rescued, number=2, cost_usd=Decimal("0.03"), ttft_ms=400.0)
    of_bob = {"session_id": bobs, "person_hash": "b2", "assigned_provider": "responses", "provider": "responses"}
    unknown = turns.make_turn(
        **of_bob, ttft_ms=300.0, cost_usd=None, intent="analysis", has_risk_disclaimer=True,
        mentions_stop_loss=False, has_entry_exit=False,
    )  # fmt: skip
    make_attempt(unknown, ttft_ms=300.0)
    failed = turns.make_turn(
        **of_bob, at=DAY + timedelta(minutes=2), status="failed", success=False, error="server_error", ttft_ms=None,
        cost_usd=Decimal(0), intent="chart", query="Show IBM",
    )  # fmt: skip
    make_attempt(failed, outcome="failed", error="server_error", had_visible_text=False, cost_usd=Decimal(0))
    for number, voice_to_voice_ms in enumerate((1000.0, 3000.0)):
        row = turns.make_turn(
            session_id=spoken, person_hash="a1", at=LATER + timedelta(minutes=number), is_voice=True, ttft_ms=700.0,
            cost_usd=Decimal("0.02"), intent="research",
        )  # fmt: skip
        make_attempt(row, cost_usd=Decimal("0.02"), ttft_ms=700.0)
        make_spoken(
            row, voice_to_voice_ms=voice_to_voice_ms, was_barged_in=bool(number), asr_ms=200.0 + 200 * number,
            asr_cost_usd=Decimal("0.001"), tts_cost_usd=Decimal("0.002") if number else None,
        )  # fmt: skip
    of_charlie = {"session_id": charlies, "person_hash": "c3", "assigned_provider": "responses", "at": LATER}
    turns.make_turn(
        **of_charlie, route_reason="override", is_overridden=True, ttft_ms=9_000.0, cost_usd=Decimal("0.05")
    )
    turns.make_turn(
        **of_charlie, provider="responses", status="interrupted", success=None, ttft_ms=100.0, cost_usd=None
    )


def test_use_by_week(two_weeks: None) -> None:
    assert only(answer("How much is it used?"), "week", "turns", "sessions", "people", "spoken_share") == [
        (WEEK_1, 4, 2, 2, 0),
        (WEEK_2, 4, 2, 2, 0.5),
    ]


def test_people_who_come_back(two_weeks: None) -> None:
    assert only(answer("Who comes back?"), "first_week", "week", "people") == [
        (WEEK_1, WEEK_1, 2),
        (WEEK_1, WEEK_2, 1),
        (WEEK_2, WEEK_2, 1),
    ]


def test_providers_are_compared_by_assignment_without_what_staff_chose(two_weeks: None) -> None:
    workflow, responses = answer("How do the providers compare?")
    shares = ("backend_failed_share", "not_asked_share", "served_by_other_share", "people_failed_share")
    assert (workflow["assigned_provider"], workflow["sessions"], workflow["turns"]) == ("workflow", 2, 4)
    assert [workflow[name] for name in shares] == [0.25, 0, 0.25, 0]
    assert workflow["mean_ttft_ms"] == 1100
    # Of the three, the one that was stopped has no attempt here.
    assert (responses["assigned_provider"], responses["sessions"], responses["turns"]) == ("responses", 2, 3)
    assert [responses[name] for name in shares] == pytest.approx([0.5, 1 / 3, 0, 1 / 3])
    assert responses["mean_ttft_ms"] == 200


def test_percentiles_by_nearest_rank(two_weeks: None) -> None:
    assert only(
        answer("How long do people wait for the first text?"),
        "assigned_provider",
        "turns",
        "p50_ms",
        "p95_ms",
        "p99_ms",
    ) == [("responses", 2, 100, 300, 300), ("workflow", 4, 700, 2500, 2500)]


def test_cost_by_provider_and_day_with_the_unknown_apart(two_weeks: None) -> None:
    rows = answer("What does each provider cost a day?")
    assert only(rows, "day", "provider", "attempts", "attempts_of_unknown_cost") == [
        ("2026-11-04", "responses", 3, 1),
        ("2026-11-04", "workflow", 2, 1),
        ("2026-11-11", "workflow", 2, 0),
    ]
    assert [row["known_cost_usd"] for row in rows] == pytest.approx([0.03, 0.01, 0.04])


def test_cost_by_person(two_weeks: None) -> None:
    rows = answer("Who costs most?")
    assert only(rows, "person_hash", "turns", "sessions", "turns_of_unknown_cost") == [
        ("a1", 4, 2, 0),
        ("c3", 2, 1, 1),
        ("b2", 2, 1, 1),
    ]
    assert [row["known_cost_usd"] for row in rows] == pytest.approx([0.08, 0.05, 0])


def test_cost_by_intent_with_speech_apart(two_weeks: None) -> None:
    rows = {row["intent"]: row for row in answer("What does it cost per intent?")}
    assert {name: (row["turns"], row["turns_of_unknown_cost"]) for name, row in rows.items()} == {
        "analysis": (2, 1),
        "research": (2, 0),
        "": (2, 1),
        "chart": (1, 0),
        "execution": (1, 0),
    }
    assert rows["analysis"]["mean_cost_usd"] == pytest.approx(0.01)
    assert rows["research"]["known_cost_usd"] == pytest.approx(0.04)
    assert rows["research"]["known_speech_cost_usd"] == pytest.approx(0.004)


def test_what_goes_wrong_for_people(two_weeks: None) -> None:
    rows = answer("What goes wrong for people?")
    assert only(rows, "error", "assigned_provider", "turns", "sessions") == [("server_error", "responses", 1, 1)]


def test_who_rescues_whom(two_weeks: None) -> None:
    assert answer("Who rescues whom, and from what?") == [
        {"failed_provider": "workflow", "error": "cut", "served_by": "responses", "turns": 1, "mean_wait_ms": 2000}
    ]


def test_slow_tools_without_the_calls_that_ran_nothing(two_weeks: None) -> None:
    assert only(
        answer("Which tools are slow or fail?"), "name", "calls", "failed_share", "p50_ms", "p95_ms", "retries"
    ) == [("get_quote", 4, 0.25, 20, 40, 0), ("get_levels", 1, 0, 5, 5, 2)]


def test_claims_of_whole_answers(two_weeks: None) -> None:
    assert only(
        answer("Who says that it is no advice, and who names a stop?"),
        "provider",
        "intent",
        "answers",
        "with_disclaimer",
        "with_stop",
        "with_entry_and_exit",
    ) == [
        ("responses", "analysis", 1, 1, 0, 0),
        ("responses", "execution", 1, 0, 1, 1),
        ("workflow", "analysis", 1, 1, 0, 0),
    ]


def test_voice(two_weeks: None) -> None:
    assert answer("How fast does it talk?") == [
        {
            "provider": "workflow",
            "spoken_turns": 2,
            "p50_ms": 1000,
            "p95_ms": 3000,
            "mean_asr_ms": 300,
            "mean_first_token_ms": None,
            "mean_tts_ms": 200,
            "barged_in_share": 0.5,
        }
    ]


def test_the_rest_of_the_questions(two_weeks: None) -> None:
    by_attempt = answer("How often does each provider fail, rescued or not, and how fast is it by itself?")
    assert only(by_attempt, "provider", "attempts", "failed_share", "cut_after_text") == [
        ("workflow", 4, 0.25, 1),
        ("responses", 3, pytest.approx(1 / 3), 0),
    ]
    assert by_attempt[0]["mean_ttft_ms"] == pytest.approx((500 + 700 + 700) / 3)
    floors = answer("Which costs are only a floor?")
    assert only(floors, "cost_at_least_usd", "attempts_unreported") == [(0, 1), (0.03, 1)]
    held = answer("How many sessions does each provider hold, and at what share were they assigned?")
    assert {row["provider"]: (row["share_at_assign"], row["sessions"]) for row in held} == {
        "workflow": (2500, 2),
        "responses": (7500, 2),
    }
    asked = answer("What did people ask in the turns that failed last?")
    assert only(asked, "error", "query") == [("server_error", "Show IBM")]


def test_each_query_about_the_evidence_answers_it() -> None:
    make_rollout()
    for now, n_bad, cost_usd in ((NOW, 0, "0.10"), (NOW + timedelta(minutes=1), 30, None)):
        for provider, bad in (("workflow", n_bad), ("responses", 0)):
            make_sessions(30, provider, bad=bad)
            for _ in range(2):
                make_turn(make_session(provider), cost_usd=cost_usd)
        evaluate(candidate="workflow", now=now)
    now = answer("What does the evidence say now?")
    assert only(now, "verdict", "n_candidate", "n_control") == [("harmful", 64, 64)]
    assert only(answer("When did a verdict change?"), "before", "verdict") == [("inconclusive", "harmful")]
    failures = answer("How did backend failures develop, and how bad may they still be?")
    assert only(failures, "failed_sessions", "sessions", "control_rate") == [(0, 32, 0.0), (30, 64, 0.0)]
    assert failures[0]["log_e"] < failures[1]["log_e"]
    assert 0 < failures[0]["excess_ceiling"] < 1
    (costs,) = answer("What does a session cost with each, and what of it is unknown?")
    assert (costs["candidate_unknown"], costs["control_unknown"]) == (2, 2)
    assert costs["candidate_usd"] == pytest.approx(costs["control_usd"]) == pytest.approx(0.8 / 62)


async def test_a_real_turn_that_was_cut_is_found_with_the_floor_of_its_cost(play) -> None:
    play([*words("Half of"), ProviderUnavailable(code="cut")], provider="workflow")
    play([*words("Whole."), Usage(tokens_input=10, tokens_output=5, cost_usd=0.25)], provider="responses")
    async for _ in run_turn(
        session_id=uuid.uuid4(), question="Hi", owner=Owner(visitor_id=uuid.uuid4()), override="workflow"
    ):
        pass
    floors = await sync_to_async(answer)("Which costs are only a floor?")
    assert only(floors, "provider", "cost_at_least_usd", "attempts_unreported") == [("responses", 0.25, 1)]
    rescues = await sync_to_async(answer)("Who rescues whom, and from what?")
    assert only(rescues, "failed_provider", "error", "served_by") == [("workflow", "cut", "responses")]


async def test_usage_reported_before_the_cut_is_a_floor_too_and_a_refusal_is_none(play) -> None:
    used = Usage(tokens_input=10, tokens_output=5, cost_usd=0.25)
    play([used, *words("Half of"), ProviderUnavailable(code="cut")], provider="workflow")
    play([ProviderUnavailable(code="refused")], provider="responses")
    play([*words("Whole."), Usage(tokens_input=0, tokens_output=0, cost_usd=0.0)])
    async for _ in run_turn(
        session_id=uuid.uuid4(), question="Hi", owner=Owner(visitor_id=uuid.uuid4()), override="workflow"
    ):
        pass
    floors = await sync_to_async(answer)("Which costs are only a floor?")
    assert only(floors, "cost_at_least_usd", "attempts_unreported") == [(0.25, 1)]


def test_there_are_twelve_questions_and_every_query_has_a_heading_of_its_own() -> None:
    (twelve,) = re.findall(r"^## Twelve questions\n(.*?)(?=^## )", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert twelve.count("```sql") == len(re.findall("^### ", twelve, re.MULTILINE)) == 12
    assert DOCUMENT.count("```sql") == len(QUERIES)


def test_every_query_here_is_asked_by_a_test() -> None:
    asked = set(re.findall(r'"([A-Z][^"]+\?)"', Path(__file__).read_text()))
    assert set(QUERIES) <= asked


def test_every_route_reason_is_documented() -> None:
    (line,) = (line for line in DOCUMENT.splitlines() if line.startswith("| `route_reason`"))
    assert {*Reason.values, NoProvider.code} <= set(re.findall(r"`(\w+)`", line))


def documented(section: str) -> set[str]:
    """The names in the first cells of that section's table."""
    first_cells = " ".join(re.findall(r"^\| (`.*?) \|", SECTIONS[section], re.MULTILINE))
    return set(re.findall(r"`(\w+)`", first_cells))


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.db_table)
def test_every_column_of_a_table_is_documented_and_every_documented_column_exists(model: type[models.Model]) -> None:
    assert documented(model._meta.db_table) == {field.column for field in model._meta.concrete_fields}


def test_every_column_that_a_view_adds_is_documented_and_no_other() -> None:
    own = {field.column for field in RequestLog._meta.concrete_fields}
    assert documented("analytics_requests") == {*names(REQUESTS)} - own
    own = {field.column for field in ToolCall._meta.concrete_fields}
    assert documented("analytics_toolcalls") == {*names(TOOL_CALLS)} - own
