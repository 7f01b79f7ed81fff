"""Runs the workflow against a scripted upstream and holds what it emitted; answers of a classifier as wire bodies."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.market.tools.toolbox import Toolbox
from apps.providers.errors import ProviderError
from apps.providers.events import Done, Event, Meta, Text, ToolCall, ToolResult, Usage
from apps.providers.openai_api.client import close_client
from apps.providers.protocol import Message, TurnRequest
from apps.providers.workflow.provider import Workflow
from apps.providers.workflow.versions import add_version, make_live
from tests.providers.asking import toolbox_at_now
from tests.providers.openai_api.answers import response
from tests.providers.openai_api.scripted_upstream import Refusal

SESSION = UUID(int=2)
CLASSIFIER = "gpt-6-luna-2026-08-01"
COUNTED = {
    "input_tokens": 200,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 205,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    events: list[Event]

    def of(self, kind: Any) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def text(self) -> str:
        return "".join(event.content for event in self.of(Text))

    @property
    def metas(self) -> list[dict[str, Any]]:
        return [event.data for event in self.of(Meta)]

    @property
    def nodes(self) -> list[str]:
        """The nodes in the order in which they were entered."""
        return [data["node"] for data in self.metas if "node_type" in data]

    @property
    def classified(self) -> dict[str, Any]:
        (found,) = (data for data in self.metas if "by" in data)
        return found

    @property
    def calls(self) -> list[ToolCall]:
        return self.of(ToolCall)

    @property
    def results(self) -> list[ToolResult]:
        return self.of(ToolResult)

    @property
    def usage(self) -> list[Usage]:
        return self.of(Usage)

    @property
    def done(self) -> Done:
        (done,) = self.of(Done)
        assert self.events[-1] is done
        return done


def make_request(
    question: str,
    *,
    history: Sequence[Message] = (),
    is_voice: bool = False,
    toolbox: Toolbox | None = None,
    session_id: UUID = SESSION,
) -> TurnRequest:
    return TurnRequest(
        request_id=UUID(int=1),
        session_id=session_id,
        question=question,
        history=tuple(history),
        toolbox=toolbox or toolbox_at_now(),
        is_voice=is_voice,
        person_hash="a hash of Alice",
    )


def put_live(design: dict[str, Any]) -> int:
    """Bob makes the design the live one; gives its number."""
    number = add_version(design, "Bob", "For a test.").number
    make_live(number, "Bob")
    return number


async def run(question: str, **options: Any) -> Answered:
    try:
        return Answered(events=[event async for event in Workflow().stream(make_request(question, **options))])
    finally:
        await close_client()


async def run_to_failure(question: str, **options: Any) -> tuple[ProviderError, Answered]:
    """The error that the turn ends with, and what was emitted before it."""
    events: list[Event] = []
    try:
        async for event in Workflow().stream(make_request(question, **options)):
            events.append(event)
    except ProviderError as error:
        return error, Answered(events=events)
    finally:
        await close_client()
    raise AssertionError("the turn did not fail")


def after(*questions: str) -> tuple[Message, ...]:
    """A conversation in which the person asked these and was answered something."""
    return tuple(
        message
        for question in questions
        for message in (Message(role="user", content=question), Message(role="assistant", content="Some answer."))
    )


def said(question: str, answered: Answered | str) -> tuple[Message, Message]:
    """A turn of a conversation as the next one finds it."""
    text = answered if isinstance(answered, str) else answered.text
    return Message(role="user", content=question), Message(role="assistant", content=text)


def decision(choice: Any, confidence: Any = 0.9, **fields: Any) -> Refusal:
    """What the decisions API answers."""
    chosen = {"type": "choice", "name": "intent", "choice": choice, "confidence": confidence, "probabilities": []}
    return Refusal(status=200, body={"answers": [chosen], "model": CLASSIFIER, "usage": COUNTED, **fields})


def form(**fields: Any) -> Refusal:
    """A response that holds these fields as its JSON."""
    return written(json.dumps(fields))


def written(text: str) -> Refusal:
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}
    return Refusal(status=200, body=response("completed", model=CLASSIFIER, output=[message], usage=COUNTED))


#: A server without the decisions API.
LACKING = Refusal(status=404, body={"error": {"message": "no such endpoint", "type": "invalid_request_error"}})
