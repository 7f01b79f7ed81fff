"""How a turn begins and ends in the database: durable first, finished once.

The turn and its request log row are inserted before the first byte leaves, in one transaction with the
session's assignment, and finished together after the last.
"""

import logging
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.assistant.errors import ConversationBusy, NotYourConversation
from apps.assistant.messages import HISTORY_MESSAGES, history, title_from_question, title_from_sidecar
from apps.assistant.models import Conversation, Turn
from apps.assistant.owner import Owner
from apps.assistant.transcript import Transcript
from apps.assistant.turn_record import serving_provider, turn_record
from apps.core import rows
from apps.metrics import services as metrics
from apps.metrics.classifiers import intent_of
from apps.metrics.models import Attempt, Status
from apps.metrics.records import TurnRecord
from apps.providers.events import Done, Error
from apps.providers.prices.versions import refresh_overrides
from apps.providers.protocol import Message
from apps.routing import services as routing
from apps.routing.choose import Route
from apps.routing.circuits import record_outcome
from apps.routing.errors import NoProvider
from apps.routing.overrides.header import record_override

logger = logging.getLogger(__name__)

#: A turn that runs longer than its deadline and this grace has lost its process.
STALE_GRACE_S = 30.0
NOT_KEPT = "The answer could not be kept. Ask again."
#: What the column holds of a model's name, which an upstream chooses.
MODEL_CHARACTERS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunTurn:
    """A turn that may run: its provider is chosen and, where it is recorded, its rows exist."""

    request_id: UUID
    session_id: UUID
    number: int
    question: str
    history: tuple[Message, ...]
    #: Who serves, or why nobody can.
    route: Route | NoProvider
    #: When the stops were read that the route rests on, by the turn's clock.
    read_at: float
    is_voice: bool
    person_hash: str
    #: What the question is after, as its row has it.
    intent: str
    #: Its rows exist; the database was not away when it began.
    is_recorded: bool = True


def begin_turn(
    *,
    session_id: UUID,
    question: str,
    owner: Owner,
    is_voice: bool = False,
    override: str | None = None,
    override_by: str = "",
) -> BegunTurn:
    """Stores the question and chooses who answers. `override_by` is whose signed header names the `override`, if any.

    Raises TurnRefused or OverrideRefused; then nothing is stored. Where nobody can serve, the turn is stored all the
    same, for a retry, and its `route` says why.
    """
    # Before the transaction: reading takes about as long as writing, and SQLite lets one write at a time.
    intent = intent_of(question)
    with transaction.atomic():
        return _begin(
            session_id=session_id,
            question=question,
            intent=intent,
            owner=owner,
            is_voice=is_voice,
            override=override,
            override_by=override_by,
        )


def _begin(
    *,
    session_id: UUID,
    question: str,
    intent: str,
    owner: Owner,
    is_voice: bool,
    override: str | None,
    override_by: str,
) -> BegunTurn:
    # Here, because model calls are priced on the event loop, which may not ask the database.
    refresh_overrides()
    now = timezone.now()
    is_new = _lock_conversation(session_id=session_id, question=question, owner=owner, now=now)
    recent = [] if is_new else _recent(session_id)
    _make_room(recent, now=now)
    read_at = time.perf_counter()
    route = _route(session_id=session_id, override=override)
    assigned_provider, provider, reason = _who_and_why(route)
    turn = Turn(
        request_id=uuid.uuid4(),
        conversation_id=session_id,
        number=recent[-1].number + 1 if recent else 1,
        question=question,
        provider=provider,
        started_at=now,
    )
    rows.insert(turn)
    metrics.start_request(
        request_id=turn.request_id,
        session_id=session_id,
        person_hash=owner.hashed,
        assigned_provider=assigned_provider,
        provider=provider,
        route_reason=reason,
        is_voice=is_voice,
        is_overridden=route.is_overridden,
        met_open_circuit=isinstance(route, Route) and route.met_open_circuit,
        query=question,
        intent=intent,
    )
    if override and override_by:
        # In the turn's transaction, so that the audit log has each turn that began and no other.
        record_override(session_id=session_id, provider=override, served_by=provider, by=override_by)
    return BegunTurn(
        request_id=turn.request_id,
        session_id=session_id,
        number=turn.number,
        question=question,
        history=history(recent),
        route=route,
        read_at=read_at,
        is_voice=is_voice,
        person_hash=owner.hashed,
        intent=intent,
    )


def _route(*, session_id: UUID, override: str | None) -> Route | NoProvider:
    try:
        return routing.resolve(session_id=session_id, override=override)
    except NoProvider as error:
        return error


def _who_and_why(route: Route | NoProvider) -> tuple[str, str, str]:
    """Assigned provider, serving provider and reason, as the log keeps them; nobody serves is an empty name."""
    if isinstance(route, NoProvider):
        return route.provider or "", "", route.code
    return route.assigned_provider, route.provider, route.reason


def _recent(session_id: UUID) -> list[Turn]:
    """The latest turns of the conversation, oldest first."""
    turns = Turn.objects.filter(conversation_id=session_id)
    return list(turns.order_by("-number").defer("sidecar", "tool_calls")[:HISTORY_MESSAGES])[::-1]


def _make_room(recent: list[Turn], *, now: datetime) -> None:
    """Closes a turn whose process died. Raises ConversationBusy while one really runs."""
    running = [turn for turn in recent if not turn.is_finished]
    if any(turn.started_at > now - timedelta(seconds=stale_after_s()) for turn in running):
        raise ConversationBusy("The last answer is still being written. Wait for it or stop it, then send again.")
    for turn in running:
        _interrupt(turn, now=now)


def _lock_conversation(*, session_id: UUID, question: str, owner: Owner, now: datetime) -> bool:
    """Locks the owner's conversation until the transaction ends; whether it is new. Raises NotYourConversation."""
    # As `Conversation.objects.owned_by` has it: each conversation has one of the two, or neither.
    whose = {"id": session_id, "user_id": owner.user_id, "visitor_id": owner.visitor_id}

    def lock() -> bool:
        return bool(rows.update(Conversation, where=whose, values={"updated_at": now}))

    if lock():
        return False
    conversation = Conversation(
        **whose,
        title=title_from_question(question),
        created_at=now,
        updated_at=now,
    )
    if rows.insert(conversation, unless_there=True):
        return True
    # Somebody else's, or that of a first turn that was faster.
    if not lock():
        raise NotYourConversation("There is no such conversation here.")
    return False


def finish_turn(
    *, begun: BegunTurn, transcript: Transcript, status: Turn.Status, error: Error | None, ended: float
) -> TurnRecord | None:
    """Finishes the turn and its request log row together, and gives what that row was given.

    A turn that a sweep has closed meanwhile stays closed. `ended` is a reading of the transcript's clock.
    """
    # Before the transaction, as the question was read: so is the answer here.
    record = turn_record(
        request_id=begun.request_id,
        route=begun.route,
        transcript=transcript,
        status=Status(status),
        error_code=error.code if error else "",
        latency_ms=round((ended - transcript.started) * 1000, 2),
        ended=ended,
    )
    with transaction.atomic():
        _finish_conversation_turn(begun, transcript, record, status=status, error=error)
        is_closed = metrics.finish_request(record)
    return record if is_closed else None


def _finish_conversation_turn(
    begun: BegunTurn, transcript: Transcript, record: TurnRecord, *, status: Turn.Status, error: Error | None
) -> None:
    done = transcript.done
    finished = rows.update(
        Turn,
        where={"request_id": begun.request_id, "status": Turn.Status.RUNNING},
        values={
            "status": status,
            "answer": transcript.answer,
            "error": error.message if error else "",
            "provider": serving_provider(begun.route, transcript),
            "model": done.model[:MODEL_CHARACTERS] if done else "",
            "sidecar": done.sidecar if done else {},
            "tool_calls": transcript.tool_calls,
            "ttft_ms": transcript.ttft_ms,
            "latency_ms": record.latency_ms,
            "finished_at": timezone.now(),
        },
    )
    if not finished:
        logger.warning("Turn was closed before it finished")
    _name_after_first_answer(begun, done)
    _note_success(begun, transcript)


@transaction.atomic
def give_up_turn(*, begun: BegunTurn) -> None:
    """Closes a turn whose end the database refused, with nothing of that end."""
    Turn.objects.filter(pk=begun.request_id, status=Turn.Status.RUNNING).update(
        status=Turn.Status.FAILED, error=NOT_KEPT, finished_at=timezone.now()
    )
    metrics.abandon_request(request_id=begun.request_id)


def _note_success(begun: BegunTurn, transcript: Transcript) -> None:
    """Tells the circuit of who served; those that failed have been noted when they did."""
    served = transcript.last
    if served is not None and served.outcome == Attempt.Outcome.SUCCEEDED:
        met_open_circuit = isinstance(begun.route, Route) and begun.route.met_open_circuit
        record_outcome(
            provider=served.provider,
            ok=True,
            now=timezone.now(),
            began_at=transcript.moment(served.started),
            # Whoever was chosen later was chosen by another look, which may have met one that opened meanwhile.
            may_close=met_open_circuit or served.number > 1 or transcript.passed_over is not None,
        )


def _name_after_first_answer(begun: BegunTurn, done: Done | None) -> None:
    """Names a conversation after what its first answer is about, unless somebody has named it already."""
    title = title_from_sidecar(done.sidecar) if done else ""
    if title and begun.number == 1:
        Conversation.objects.filter(pk=begun.session_id, title=title_from_question(begun.question)).update(title=title)


@transaction.atomic
def close_stale_turns(*, now: datetime, older_than_s: float) -> int:
    """Closes as interrupted what a dead process left open, turns and request log rows alike; answers how many turns."""
    stale = Turn.objects.filter(status=Turn.Status.RUNNING, started_at__lt=now - timedelta(seconds=older_than_s))
    closed = stale.update(status=Turn.Status.INTERRUPTED, finished_at=now)
    metrics.sweep(now=now, older_than_s=older_than_s)
    return closed


def stale_after_s() -> float:
    """Seconds after which a turn that still runs has lost its process: its deadline and a grace."""
    return float(settings.TURN_DEADLINE_S) + STALE_GRACE_S


def _interrupt(turn: Turn, *, now: datetime) -> None:
    turn.status, turn.finished_at = Turn.Status.INTERRUPTED, now
    turn.save(update_fields=["status", "finished_at"])
    metrics.abandon_request(request_id=turn.pk)
