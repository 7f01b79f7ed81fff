"""The views show every figure and nobody's words, on both databases, and a migration can change what is under them."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import connection, models

from apps.metrics.exports.analytics_views import create_views, drop_views
from apps.metrics.exports.columns import REQUESTS, TOOL_CALLS, names
from apps.metrics.models import RequestLog, ToolCall, VoiceTurn
from apps.routing.models import SessionPin
from tests.metrics.exports.turns import DAY, QUESTION, make_assignment, make_attempt, make_call, make_spoken, make_turn

pytestmark = pytest.mark.django_db


def rows(sql: str) -> list[dict[str, object]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        columns = [column[0] for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def test_the_view_has_the_listed_columns_in_their_order() -> None:
    row = make_turn(query=QUESTION)
    make_call(row)
    assert list(rows("SELECT * FROM analytics_requests")[0]) == names(REQUESTS)
    assert list(rows("SELECT * FROM analytics_toolcalls")[0]) == names(TOOL_CALLS)


def test_every_figure_of_a_turn_is_shown_and_nothing_that_holds_text() -> None:
    """A new column has to be put into `columns.py`, or named here as text."""
    shown = {*names(REQUESTS)}
    assert {field.column for field in RequestLog._meta.concrete_fields} <= shown
    own = {"request_id", "session_id", "spoken_at", "price_version", "outcome", "error"}
    assert {field.column for field in VoiceTurn._meta.concrete_fields} - own <= shown
    assert {field.column for field in ToolCall._meta.concrete_fields} - {"arguments"} <= {*names(TOOL_CALLS)}
    assert not shown & {"query", "response_text", "arguments"}


def test_no_word_of_a_person_is_in_a_view() -> None:
    row = make_turn(query=QUESTION, is_voice=True)
    make_attempt(row)
    make_call(row)
    make_spoken(row)
    for view in ("analytics_requests", "analytics_toolcalls"):
        assert "zanzibar" not in str(rows(f"SELECT * FROM {view}"))


def test_a_turn_stands_once_with_its_assignment_and_its_spoken_turn() -> None:
    row = make_turn(is_voice=True)
    make_assignment(row.session_id)
    make_spoken(row, was_barged_in=True, asr_cost_usd=Decimal("0.0006"))
    make_turn(at=DAY + timedelta(minutes=1))
    spoken, typed = rows("SELECT * FROM analytics_requests ORDER BY created_at")
    assert (spoken["bucket"], spoken["share_at_assign"], spoken["assignment_reason"]) == (7, 2500, "bucket_map")
    assert (spoken["voice_outcome"], bool(spoken["was_barged_in"]), spoken["voice_to_voice_ms"]) == (
        "completed",
        True,
        1400.0,
    )
    assert float(spoken["asr_cost_usd"]) == pytest.approx(0.0006)
    assert (typed["bucket"], typed["voice_outcome"], typed["was_barged_in"]) == (None, None, None)


def test_days_are_utc_and_weeks_begin_on_monday() -> None:
    sunday = DAY.replace(day=8, hour=23, minute=59)
    for at in (DAY, sunday, sunday + timedelta(minutes=2), DAY.replace(day=2, hour=0, minute=0)):
        make_turn(at=at)
    found = [
        (str(row["day"]), str(row["week"]))
        for row in rows("SELECT day, week FROM analytics_requests ORDER BY created_at")
    ]
    assert found == [
        ("2026-11-02", "2026-11-02"),
        ("2026-11-04", "2026-11-02"),
        ("2026-11-08", "2026-11-02"),
        ("2026-11-09", "2026-11-09"),
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, True),
        ({"route_reason": "kill_switch"}, False),
        ({"is_overridden": True}, False),
        ({"met_open_circuit": True}, False),
        ({"status": "started", "success": None}, False),
        ({"status": "interrupted", "success": False, "error": "abandoned"}, False),
        ({"status": "interrupted", "success": None}, True),
        ({"status": "failed", "success": False, "error": "cut"}, True),
    ],
)
def test_a_turn_is_comparable_where_nothing_but_chance_chose_its_provider(
    values: dict[str, object], expected: bool
) -> None:
    make_turn(**values)
    assert [bool(row["is_comparable"]) for row in rows("SELECT is_comparable FROM analytics_requests")] == [expected]


def test_a_pinned_session_is_not_comparable_also_after_the_pin() -> None:
    row = make_turn()
    SessionPin.objects.create(session_id=row.session_id, provider="workflow", by="Bob", at=DAY, ended_at=DAY)
    assert [bool(row["is_comparable"]) for row in rows("SELECT is_comparable FROM analytics_requests")] == [False]


def test_a_turn_that_the_person_stopped_is_told_from_one_that_was_lost() -> None:
    make_turn(status="interrupted", success=None)
    make_turn(at=DAY + timedelta(1), status="interrupted", success=False, error="abandoned")
    found = rows("SELECT was_stopped FROM analytics_requests ORDER BY created_at")
    assert [bool(row["was_stopped"]) for row in found] == [True, False]


def test_a_tool_call_names_the_provider_that_called() -> None:
    row = make_turn(provider="responses", attempts=2)
    make_attempt(row, number=1, provider="workflow", outcome="failed", error="cut")
    make_attempt(row, number=2, provider="responses")
    make_call(row, number=1, attempt=1)
    make_call(row, number=2, attempt=2)
    found = rows("SELECT call_id, provider, day FROM analytics_toolcalls ORDER BY call_id")
    assert [(row["call_id"], row["provider"], str(row["day"])) for row in found] == [
        ("c1", "workflow", "2026-11-04"),
        ("c2", "responses", "2026-11-04"),
    ]


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_takes_the_views_away_first_may_alter_a_table_under_them() -> None:
    make_turn()
    old = RequestLog._meta.get_field("model")
    new = models.CharField(max_length=200, blank=True)
    new.set_attributes_from_name("model")
    new.model = RequestLog
    for before, after in ((old, new), (new, old)):
        with connection.schema_editor() as editor:
            drop_views(apps, editor)
            editor.alter_field(RequestLog, before, after, strict=True)
            create_views(apps, editor)
        assert [row["model"] for row in rows("SELECT model FROM analytics_requests")] == ["model-1"]
