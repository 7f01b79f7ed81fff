"""A turn while the database is away: answered without history and without rows, and told of in the log alone."""

import logging
import time
import uuid
from uuid import UUID

from apps.assistant.owner import Owner
from apps.assistant.transcript import Transcript, cost_usd, tokens
from apps.assistant.turn_record import serving_provider
from apps.assistant.turns import BegunTurn
from apps.metrics.classifiers import intent_of
from apps.providers.events import Error, Meta
from apps.routing.choose import Route
from apps.routing.errors import NoProvider
from apps.routing.without_database import resolve_without_database

logger = logging.getLogger(__name__)

#: What people read of an answer that no reload can show.
NOT_RECORDED = "This answer is not kept: our records cannot be reached right now."
WENT_AWAY = "The database went away while this was answered, so the answer is not kept."


def begin_unrecorded(
    *, session_id: UUID, question: str, owner: Owner, is_voice: bool, override: str | None
) -> BegunTurn:
    """Chooses who answers and stores nothing. Raises OverrideRefused."""
    route: Route | NoProvider
    read_at = time.perf_counter()
    try:
        route = resolve_without_database(session_id=session_id, override=override)
    except NoProvider as error:
        route = error
    begun = BegunTurn(
        request_id=uuid.uuid4(),
        session_id=session_id,
        number=0,
        question=question,
        history=(),
        route=route,
        is_voice=is_voice,
        read_at=read_at,
        person_hash=owner.hashed,
        intent=intent_of(question),
        is_recorded=False,
    )
    reason = str(route.reason) if isinstance(route, Route) else route.code
    logger.warning(
        "Turn served without the database",
        extra=_ids(begun) | {"provider": route.provider or "", "route_reason": reason, "is_voice": is_voice},
    )
    return begun


def log_unrecorded_end(begun: BegunTurn, transcript: Transcript, *, status: str, error: Error | None) -> None:
    """What the row would have said of the turn, without what was asked and answered."""
    usages, cost = transcript.usages, cost_usd(transcript.usages)
    logger.warning(
        "Turn ended without the database",
        extra=_ids(begun)
        | {
            "status": status,
            "provider": serving_provider(begun.route, transcript),
            "model": transcript.last.model if transcript.last else "",
            "attempts": len(transcript.attempts),
            "latency_ms": round((time.perf_counter() - transcript.started) * 1000, 2),
            "ttft_ms": transcript.ttft_ms,
            "tokens_input": tokens(usages, "input"),
            "tokens_output": tokens(usages, "output"),
            "cost_usd": None if cost is None else str(cost),
            "error": error.code if error else "",
        },
    )


def went_away() -> Meta:
    """Said before the end of a turn that began with rows and cannot finish them."""
    return Meta(data={"is_recorded": False, "explanation": WENT_AWAY})


def _ids(begun: BegunTurn) -> dict[str, object]:
    return {"request_id": str(begun.request_id), "session_id": str(begun.session_id)}
