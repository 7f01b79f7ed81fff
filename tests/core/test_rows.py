"""What `rows` writes is what a query set would have written, on every database."""

import uuid
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.assistant.models import Conversation, Turn
from apps.core import rows
from apps.metrics.models import Attempt, RequestLog, RequestText, Status
from apps.routing.models import Outcome, SessionAssignment

pytestmark = pytest.mark.django_db


def request_log() -> RequestLog:
    return RequestLog(
        request_id=uuid.uuid4(),
        session_id=uuid.uuid4(),
        assigned_provider="responses",
        provider="responses",
        route_reason="assignment",
        tools_used=["get_quote", "Ünïcode"],
        cost_usd=Decimal("0.00000123"),
        latency_ms=1.5,
        tokens_input=7,
        is_voice=True,
        trace_id="t",
    )


def columns(row: RequestLog) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_a_row_reads_back_as_it_was_given() -> None:
    row = request_log()
    assert rows.insert(row)
    assert columns(RequestLog.objects.get()) == columns(row)


def test_an_inserted_row_equals_one_that_a_query_set_inserts() -> None:
    ours, theirs = request_log(), request_log()
    rows.insert(ours)
    theirs.save()
    # Named: later migrations put a column at the table's end, wherever the model has it.
    names = ", ".join(field.column for field in ours._meta.concrete_fields)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM metrics_requestlog ORDER BY created_at")
        one, other = cursor.fetchall()
    differ = [field.attname for field, a, b in zip(ours._meta.concrete_fields, one, other, strict=True) if a != b]
    assert set(differ) <= {"request_id", "session_id", "created_at"}


def test_a_key_that_counts_is_the_databases() -> None:
    for number in (1, 2):
        rows.insert(Outcome(provider="workflow", at=timezone.now(), began_at=timezone.now(), ok=bool(number % 2)))
    assert Outcome.objects.values("pk").distinct().count() == 2


def test_a_foreign_key_is_written() -> None:
    row = request_log()
    rows.insert(row)
    rows.insert(RequestText(request=row, query="q"))
    attempt = {"number": 1, "provider": "responses", "outcome": Attempt.Outcome.SUCCEEDED, "latency_ms": 1.0}
    rows.insert(Attempt(request_id=row.pk, started_at=timezone.now(), had_visible_text=True, **attempt))
    found = RequestLog.objects.get()
    assert (found.text.query, found.attempt_rows.get().provider) == ("q", "responses")


def test_a_row_that_is_there_is_refused_or_left_out() -> None:
    def assignment(provider: str) -> SessionAssignment:
        return SessionAssignment(
            session_id=session_id, provider=provider, bucket=1, share_at_assign=1, reason="bucket_map"
        )

    session_id = uuid.uuid4()
    assert rows.insert(assignment("workflow"), unless_there=True)
    assert not rows.insert(assignment("responses"), unless_there=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.insert(assignment("responses"))
    assert SessionAssignment.objects.get().provider == "workflow"


def test_update_writes_the_values_where_all_tests_hold_and_says_how_many() -> None:
    row = request_log()
    rows.insert(row)
    values = {"status": Status.SUCCEEDED, "success": True, "tools_used": [], "cost_usd": None, "model": "m%s"}
    where = {"request_id": row.pk, "status": Status.STARTED}
    assert rows.update(RequestLog, where=where, values=values) == 1
    assert rows.update(RequestLog, where=where, values=values) == 0
    assert columns(RequestLog.objects.get()) == columns(row) | values


def test_none_in_a_test_means_that_there_is_no_value() -> None:
    now, visitor_id = timezone.now(), uuid.uuid4()
    conversation = Conversation(title="t", visitor_id=visitor_id, created_at=now, updated_at=now)
    rows.insert(conversation)

    def rename(**whose: object) -> int:
        return rows.update(Conversation, where={"id": conversation.pk, **whose}, values={"title": "new"})

    assert rename(user_id=None, visitor_id=None) == 0
    assert rename(user_id=None, visitor_id=uuid.uuid4()) == 0
    assert rename(user_id=None, visitor_id=visitor_id) == 1


def test_one_statement_each() -> None:
    now = timezone.now()
    with CaptureQueriesContext(connection) as captured:
        conversation = Conversation(title="t", created_at=now, updated_at=now)
        rows.insert(conversation, unless_there=True)
        rows.insert(Turn(conversation=conversation, number=1, question="q", started_at=now))
        rows.update(Turn, where={"conversation_id": conversation.pk}, values={"answer": "a"})
    assert [query["sql"].split()[0] for query in captured.captured_queries] == ["INSERT", "INSERT", "UPDATE"]


def test_several_rows_are_inserted_as_one_by_one_and_all_or_none() -> None:
    given = [request_log() for _ in range(3)]
    rows.insert_all(given)
    rows.insert_all([])
    assert {row.pk: columns(row) for row in RequestLog.objects.all()} == {row.pk: columns(row) for row in given}
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.insert_all([request_log(), given[0]])
    assert RequestLog.objects.count() == 3
