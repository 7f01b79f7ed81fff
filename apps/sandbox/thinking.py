"""The analyst as a model: from a request to the function calls it wants, or the text it answers."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from apps.providers.analyst.composer import compose
from apps.providers.analyst.reading import Reading
from apps.providers.analyst.tool_plan import PlannedCall, plan_calls
from apps.providers.analyst.turn import Turn
from apps.sandbox.conversation import Conversation, FinishedCall, read_conversation
from apps.sandbox.opinion import Opinion, opinion
from apps.sandbox.response_request import (
    ForcedFunction,
    FunctionDefinition,
    JsonObjectFormat,
    JsonSchemaFormat,
    ResponseRequest,
)
from apps.sandbox.structured import Filler
from apps.sandbox.tool_outputs import add_results

HAND_OFF = "transfer_to_"
#: A trade plan belongs to the specialist whose hand-off has this word in its name.
SPECIALIST = "risk"
NO_DATA = (
    "I can say nothing about {subject} here: every number I give comes from a tool, and no tool that gives it is "
    "offered."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCall:
    """`arguments` is JSON text, as a model writes it."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """Calls or text, never both; with neither the answer is empty."""

    calls: tuple[WantedCall, ...] = ()
    text: str = ""


class Mind:
    """One request being thought about. It reads files and computes: keep it off the event loop."""

    def __init__(self, request: ResponseRequest) -> None:
        self.request = request
        self.conversation: Conversation = read_conversation(request.input)
        self.offered: dict[str, FunctionDefinition] = {tool.name: tool for tool in request.tools or ()}
        #: The calls that answer the question; a hand-off only says who answers it.
        self.made = [call for call in self.conversation.calls if not call.name.startswith(HAND_OFF)]

    @cached_property
    def opinion(self) -> Opinion:
        return opinion(self.conversation.question, self.conversation.history)

    @property
    def reading(self) -> Reading:
        return self.opinion.reading

    def thought(self) -> Thought:
        if calls := tuple(self.calls()):
            return Thought(calls=calls)
        match self.request.format:
            case JsonSchemaFormat(schema_=schema):
                filled = Filler(schema, self.opinion, self.answer()).value()
                return Thought(text=json.dumps(filled, ensure_ascii=False))
            case JsonObjectFormat():
                return Thought(text=json.dumps({"answer": self.answer()}, ensure_ascii=False))
            case _:
                return Thought(text=self.answer())

    def calls(self) -> Iterator[WantedCall]:
        """What to call next: the hand-off alone, or the plan at once, or one by one where the request says so."""
        choice = self.request.tool_choice
        if not self.offered or choice == "none":
            return
        if isinstance(choice, ForcedFunction):
            if not self.conversation.calls and choice.name in self.offered:
                yield self.call_of(choice.name)
            return
        specialist = next((name for name in self.offered if name.startswith(HAND_OFF) and SPECIALIST in name), None)
        if specialist and self.reading.intent == "plan" and not self.conversation.calls:
            yield self.call_of(specialist)
            return
        planned = [call for call in plan_calls(self.reading) if call.name in self.offered]
        pending = planned[len(self.made) :]
        if self.request.is_parallel and self.made:
            pending = []
        for call in pending if self.request.is_parallel else pending[:1]:
            yield wanted(call.name, json.dumps(call.arguments, ensure_ascii=False))
        if choice == "required" and not planned and not self.conversation.calls:
            yield self.any_call()

    def any_call(self) -> WantedCall:
        """A call of an offered function: one that the plan has, else the first that is no hand-off."""
        names = [name for name in self.offered if not name.startswith(HAND_OFF)] or list(self.offered)
        planned = [call.name for call in plan_calls(self.reading) if call.name in self.offered]
        return self.call_of((planned or names)[0])

    def call_of(self, name: str) -> WantedCall:
        """A call with the plan's arguments, or with some that fit the function's schema."""
        planned: PlannedCall | None = next((call for call in plan_calls(self.reading) if call.name == name), None)
        if planned:
            return wanted(name, json.dumps(planned.arguments, ensure_ascii=False))
        schema = self.offered[name].parameters or {"type": "object", "properties": {}}
        arguments = Filler(schema, self.opinion, self.conversation.question).value()
        return wanted(name, json.dumps(arguments, ensure_ascii=False))

    def answer(self) -> str:
        """The analyst's own answer from what the tools gave, word for word."""
        try:
            text = self.composed(self.made, readable=True)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            # Results of somebody else's tools need not have the shape of ours.
            text = self.composed(self.made, readable=False)
        return text or NO_DATA.format(subject=" and ".join(self.reading.symbols) or "that")

    def composed(self, calls: list[FinishedCall], *, readable: bool) -> str:
        turn = Turn(reading=self.reading)
        add_results(turn, calls, readable=readable)
        return "\n\n".join(compose(turn))


def wanted(name: str, arguments: str) -> WantedCall:
    return WantedCall(call_id=f"call_{secrets.token_hex(12)}", name=name, arguments=arguments)
