"""The workflow: a design stored in the database, walked node by node for each turn."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from django.db import DatabaseError
from django.db import Error as DatabaseFailure
from django.utils import timezone

from apps.core.database_away import is_away
from apps.core.threads import in_database_thread
from apps.providers.agents_runtime.turn import AgentTurn
from apps.providers.analyst.intents import read
from apps.providers.errors import ProviderProtocolError, ProviderUnavailable
from apps.providers.events import NOTHING_USED, Done, Event, Meta, Text
from apps.providers.notes.answer_notes import AnswerNotes
from apps.providers.openai_api.upstream import why_no_upstream
from apps.providers.protocol import TurnRequest
from apps.providers.workflow.approvals import (
    APPROVED,
    CLOSED,
    DROPPED,
    SPOKEN,
    Outcome,
    Pending,
    Said,
    outcome_of,
    read_pending,
)
from apps.providers.workflow.graph import ApprovalNode, BadGraph
from apps.providers.workflow.run import PROVIDER, Run
from apps.providers.workflow.versions import LiveVersion, pending_approval, set_pending, version_for_session
from apps.providers.workflow.walk import walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How a turn opens: at which node, None where `sentence` is all of the answer."""

    outcome: Outcome
    start: str | None
    #: Said before the answer, with its first words.
    sentence: str = ""


class Workflow:
    """Runs the version that a session began with."""

    name = PROVIDER

    def why_unavailable(self) -> str | None:
        return why_no_upstream()

    async def stream(self, request: TurnRequest) -> AsyncGenerator[Event]:
        try:
            async with aclosing(_answer(request)) as events:
                async for event in events:
                    yield event
        except BadGraph as error:
            raise ProviderUnavailable(code="bad_design") from error
        except DatabaseError as error:
            raise ProviderUnavailable(code="database") from error


async def _answer(request: TurnRequest) -> AsyncGenerator[Event]:
    notes = await AnswerNotes.read(request)
    version, pending = await in_database_thread(_begin, request)
    opening = open_turn(request, version, pending)
    if opening.outcome is not Outcome.NONE:
        yield Meta(data={"approval": opening.outcome.value})
    question = request.question
    if pending is not None and opening.outcome in (Outcome.APPROVED, Outcome.DECLINED):
        # A yes is about what it was said to; both are the person's own words.
        question = f"{request.question}\n\n{pending.question}"
        notes.reading = await asyncio.to_thread(read, pending.question, request.history)
    agents = AgentTurn(request=request, notes=notes, provider=PROVIDER)
    run = Run(request=request, notes=notes, version=version, question=question, agents=agents)
    if opening.start is None:
        yield run.text(opening.sentence)
    else:
        sentence = opening.sentence
        async with aclosing(walk(run, start=opening.start)) as events:
            async for event in events:
                if sentence and isinstance(event, Text):
                    # Not sooner: text that is seen before the upstream has answered would make its failure visible.
                    event, sentence = replace(event, content=f"{sentence}\n\n{event.content}"), ""
                yield event
    if not agents.text.strip():
        raise ProviderProtocolError(code="empty")
    if agents.step == 0:
        # No model was asked, so the turn cost nothing.
        yield NOTHING_USED
    sidecar = run.sidecar if run.sidecar is not None else await asyncio.to_thread(notes.sidecar)
    yield Done(
        request_id=str(request.request_id),
        provider=PROVIDER,
        model=agents.model or f"workflow-{version.number}",
        sidecar=sidecar,
    )


def _begin(request: TurnRequest) -> tuple[LiveVersion, Pending | None]:
    """The session's design, and the approval that waited, which waits no longer whatever is said now.

    One that cannot be read or taken away is none: nothing is approved that could be approved again.
    """
    version = version_for_session(request.session_id)
    try:
        stored = pending_approval(request.session_id)
        if stored is not None:
            set_pending(request.session_id, None)
    except DatabaseFailure as error:
        if not is_away(error):
            raise
        return version, None
    return version, read_pending(stored)


def open_turn(request: TurnRequest, version: LiveVersion, pending: Pending | None) -> Opening:
    """Where the turn begins, after what its message does to the approval that waited."""
    said = Said(text=request.question, history=request.history, is_voice=request.is_voice, at=timezone.now())
    outcome = outcome_of(said, pending, version=version.number)
    asked = version.graph.nodes.get(pending.node) if pending is not None else None
    match outcome:
        case Outcome.APPROVED if isinstance(asked, ApprovalNode):
            return Opening(outcome=outcome, start=asked.approved, sentence=APPROVED)
        case Outcome.DECLINED if isinstance(asked, ApprovalNode):
            return Opening(outcome=outcome, start=asked.declined)
        case Outcome.APPROVED | Outcome.DECLINED | Outcome.CLOSED:
            return Opening(outcome=Outcome.CLOSED, start=None, sentence=CLOSED)
        case Outcome.SPOKEN:
            return Opening(outcome=outcome, start=None, sentence=SPOKEN)
        case Outcome.DROPPED:
            return Opening(outcome=outcome, start=version.graph.start, sentence=DROPPED)
        case Outcome.NONE:
            return Opening(outcome=outcome, start=version.graph.start)
