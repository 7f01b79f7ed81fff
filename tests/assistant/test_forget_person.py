"""A person who asks to be forgotten is in no table any more; everybody else is untouched."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.assistant.engine import run_turn
from apps.assistant.models import Conversation, Turn
from apps.assistant.owner import Owner
from apps.assistant.services import adopt_conversations, delete_conversation
from apps.metrics.alerts.look import weigh_alerts
from apps.metrics.models import Alert, AlertRule, RequestLog, RequestText, ToolCall
from apps.metrics.records import ToolCallRecord
from apps.metrics.services import finish_request
from apps.providers.events import Text, ToolResult
from apps.providers.events import ToolCall as Called
from apps.providers.models import SessionWorkflow, WorkflowVersion
from apps.routing.models import Notification, SessionAssignment
from tests.factories import make_conversation, make_turn, make_user
from tests.metrics.alerts.turns import make_rule
from tests.metrics.factories import make_record

pytestmark = pytest.mark.django_db

WORD = "zanzibar"
#: No figure of a test has these digits by chance.
ALICE_ID, CHARLIE_ID = 918_273_645, 564_738_291


def make_person(name: str, pk: int) -> User:
    user = make_user(name)
    User.objects.filter(pk=user.pk).update(id=pk, email=f"{name.lower()}@example.com")
    return User.objects.get(pk=pk)


@pytest.fixture
def alice() -> User:
    return make_person("Alice", ALICE_ID)


@pytest.fixture
def charlie() -> User:
    return make_person("Charlie", CHARLIE_ID)


def ask(play, owner: Owner, *, word: str = WORD, session_id: uuid.UUID | None = None) -> uuid.UUID:
    """A turn that calls a tool with the word and repeats it in its answer, and a preview that waits."""
    session_id = session_id or uuid.uuid4()
    unknown = {"error": {"code": "unknown_symbol", "message": word}}
    play(
        [
            Called(call_id="c1", name="get_quote", arguments={"symbol": word}),
            ToolResult(call_id="c1", name="get_quote", ok=False, result=unknown, latency_ms=1.0),
            Text(content=f"About {word}. "),
        ]
    )

    async def whole() -> None:
        async for _ in run_turn(session_id=session_id, question=f"Is {word} worth more?", owner=owner):
            pass

    async_to_sync(whole)()
    SessionWorkflow.objects.update_or_create(
        session_id=session_id,
        defaults={"version": WorkflowVersion.objects.get(is_live=True), "pending": {"question": word}},
    )
    return session_id


def cells() -> Iterator[tuple[str, str]]:
    """Every cell of every table, as text."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                yield from ((f"{table}.{name}", _as_text(cell)) for name, cell in zip(names, row, strict=True))


def _as_text(cell: object) -> str:
    return bytes(cell).decode(errors="replace") if isinstance(cell, memoryview | bytes) else str(cell)


def places_of(*traces: str) -> set[str]:
    """The columns in which one of these stands, in any case and with or without dashes."""
    wanted = {form.lower() for trace in traces for form in (trace, trace.replace("-", ""))}
    return {place for place, cell in cells() if any(form in cell.lower() for form in wanted)}


def test_the_walk_through_all_tables_finds_a_person_where_they_are(play, alice: User) -> None:
    ask(play, Owner(user_id=alice.pk))
    found = places_of(WORD, str(ALICE_ID), Owner(user_id=alice.pk).hashed)
    assert {
        "assistant_conversation.user_id",
        "assistant_turn.question",
        "assistant_turn.answer",
        "assistant_turn.tool_calls",
        "metrics_requestlog.person_hash",
        "metrics_requesttext.query",
        "metrics_requesttext.response_text",
        "metrics_toolcall.arguments",
        "providers_sessionworkflow.pending",
        "auth_user.id",
    } <= found


def test_nothing_of_a_forgotten_person_is_left_in_any_table(
    play, alice: User, charlie: User, capsys: pytest.CaptureFixture[str]
) -> None:
    owner, visitor_id = Owner(user_id=alice.pk), uuid.uuid4()
    visitor = Owner(visitor_id=visitor_id)
    # One session as a visitor, which the account took over, and one that was deleted before that.
    deleted = ask(play, visitor)
    sessions = [ask(play, owner), ask(play, visitor)]
    delete_conversation(session_id=deleted, owner=visitor)
    adopt_conversations(visitor_id=visitor_id, user_id=alice.pk)
    kept = ask(play, Owner(user_id=charlie.pk), word="IBM")
    client = Client()
    client.force_login(alice)
    bob = make_user("Bob", is_superuser=True)
    for entry_of, about in ((bob, alice), (alice, charlie)):
        LogEntry.objects.create(
            user=entry_of,
            content_type=ContentType.objects.get_for_model(User),
            object_id=str(about.pk),
            object_repr=about.username,
            action_flag=CHANGE,
        )
    call_command("forget_person", "Alice", "--yes")
    traces = (WORD, str(ALICE_ID), "Alice", str(visitor_id), owner.hashed, visitor.hashed)
    assert places_of(*traces) == set()
    # What a login keeps is encoded.
    assert Session.objects.count() == 0
    said = capsys.readouterr().out
    assert "Removed: 2 conversations with 2 turns, and the text of 2 turns in the log." in said
    assert "The figures of 3 turns stay and are nobody's." in said
    assert {str(session_id) for session_id in (*sessions, deleted)} <= set(said.split())
    # The figures, and everybody else.
    assert RequestLog.objects.filter(person_hash="").count() == 3
    assert SessionAssignment.objects.count() == 4
    assert RequestText.objects.get().query == "Is IBM worth more?"
    assert ToolCall.objects.get(request__session_id=kept).arguments == {"symbol": "IBM"}
    assert Conversation.objects.get().user == charlie
    assert SessionWorkflow.objects.get().pk == kept


def test_a_visitor_is_forgotten_by_their_id(play, charlie: User) -> None:
    visitor_id = uuid.uuid4()
    ask(play, Owner(visitor_id=visitor_id))
    ask(play, Owner(user_id=charlie.pk), word="IBM")
    call_command("forget_person", "--visitor", str(visitor_id), "--yes")
    assert places_of(WORD, str(visitor_id), Owner(visitor_id=visitor_id).hashed) == set()
    assert Conversation.objects.get().user == charlie


def test_the_account_can_be_kept(play, alice: User) -> None:
    ask(play, Owner(user_id=alice.pk))
    call_command("forget_person", "Alice", "--keep-account", "--yes")
    assert places_of(WORD, str(ALICE_ID), Owner(user_id=alice.pk).hashed) == {"auth_user.id"}


def test_an_alert_about_a_forgotten_person_is_about_nobody_and_ends(play, alice: User, settings: Any) -> None:
    settings.ROLLOUT_NOTIFY_EMAILS = ["ops@example.com"]
    owner = Owner(user_id=alice.pk)
    ask(play, owner)
    RequestLog.objects.update(cost_usd=9)
    dear = {"measure": "cost", "about": "each_person", "window_minutes": 60, "threshold": 5.0, "clear_at": 4.0}
    rule = make_rule(**dear)
    waiting = AlertRule.objects.create(name="Twice", looks_to_fire=2, looks_to_clear=1, min_samples=1, **dear)
    now = timezone.now()
    weigh_alerts(now=now)
    assert {"metrics_alert.subject", "metrics_alertstate.subject"} <= places_of(owner.hashed)
    assert places_of(owner.hashed[:6]) >= {
        "metrics_alert.why",
        "routing_notification.body",
        "routing_notification.data",
        "routing_notification.subject",
    }
    call_command("forget_person", "Alice", "--yes")
    assert places_of(owner.hashed[:6]) == set()
    later = now + timedelta(minutes=1)
    weigh_alerts(now=later)
    alert = Alert.objects.get(rule=rule)
    assert (alert.ended_at, alert.ended_how) == (later, Alert.End.CLEARED)
    assert "one person (" in Notification.objects.order_by("pk").last().subject
    assert not Alert.objects.filter(rule=waiting).exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["Nobody", "--yes"], "There is no account “Nobody”."),
        (["Bob", "--yes"], "Bob is staff"),
        (["--visitor", "17", "--yes"], "'17' is no visitor id"),
        (["--yes"], "required"),
    ],
)
def test_who_cannot_be_forgotten_is_said_and_nothing_is_removed(options: list[str], words: str) -> None:
    bob = make_user("Bob", is_staff=True)
    make_conversation(user=bob)
    with pytest.raises(CommandError, match=words):
        call_command("forget_person", *options)
    assert Conversation.objects.filter(user=bob).exists()


def test_while_an_answer_is_written_nothing_is_removed(alice: User) -> None:
    make_turn(make_conversation(user=alice), status=Turn.Status.RUNNING)
    with pytest.raises(CommandError, match="An answer is being written"):
        call_command("forget_person", "Alice", "--yes")
    assert Turn.objects.count() == 1


def test_a_turn_that_a_dead_process_left_is_no_reason_to_wait(alice: User) -> None:
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    make_turn(make_conversation(user=alice), status=Turn.Status.RUNNING, started_at=long_ago)
    call_command("forget_person", "Alice", "--yes")
    assert Turn.objects.count() == 0


def test_it_asks_first_and_takes_nothing_but_the_name(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "yes")
    with pytest.raises(CommandError, match="Nothing was removed"):
        call_command("forget_person", "Alice")
    assert User.objects.filter(username="Alice").exists()
    monkeypatch.setattr("builtins.input", lambda _: "Alice")
    call_command("forget_person", "Alice")
    assert not User.objects.filter(username="Alice").exists()


def test_a_conversation_that_its_owner_deletes_takes_its_words_out_of_the_log(play, alice: User) -> None:
    owner = Owner(user_id=alice.pk)
    gone = ask(play, owner)
    ask(play, owner, word="IBM")
    client = Client()
    client.force_login(alice)
    assert client.post(f"/chat/{gone}/delete/").status_code in (200, 302)
    assert places_of(WORD) == set()
    # The figures of both turns, and the words of the other.
    assert RequestLog.objects.exclude(person_hash="").count() == 2
    assert RequestText.objects.get().query == "Is IBM worth more?"
    assert ToolCall.objects.get(request__session_id=gone).name == "get_quote"


def test_an_answer_that_ends_after_its_conversation_was_deleted_brings_no_words_back(play, alice: User) -> None:
    owner = Owner(user_id=alice.pk)
    session_id = ask(play, owner)
    request = RequestLog.objects.get()
    ToolCall.objects.all().delete()
    RequestLog.objects.update(status="started", success=None)
    delete_conversation(session_id=session_id, owner=owner)
    call = ToolCallRecord(
        call_id="c2",
        name="get_quote",
        ok=True,
        latency_ms=1.0,
        started_at=datetime.now(tz=UTC),
        arguments={"symbol": WORD},
    )
    assert finish_request(make_record(request.pk, response_text=WORD, tool_calls=(call,)))
    assert places_of(WORD) == set()
    assert ToolCall.objects.get().name == "get_quote"


def test_every_table_that_names_a_person_by_their_hash_is_known_by_the_columns_name() -> None:
    """`forget_person` blanks `person_hash` wherever it stands; a column of another name would keep it."""
    named = {
        f"{model._meta.db_table}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if "person" in field.name
    }
    assert {name for name in named if not name.endswith(".person_hash")} == set()
