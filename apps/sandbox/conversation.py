"""What `input` says: the question, what was said before it, and the tool calls that followed it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from apps.providers.protocol import Message
from apps.sandbox.wire_errors import WireError

Json: TypeAlias = dict[str, Any]

#: Of what was said before the question, this many messages are read, as a turn of the product has them.
MOST_MESSAGES = 10
TEXT_PARTS = frozenset({"input_text", "output_text", "text"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedCall:
    """One function call with what came back for it, as text."""

    call_id: str
    name: str
    arguments: Json
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """`calls` are those after the question, in the order in which they were made."""

    question: str
    history: tuple[Message, ...]
    calls: tuple[FinishedCall, ...]


def read_conversation(given: str | list[Json]) -> Conversation:
    """Raises WireError for items that OpenAI would refuse: of no known shape, or a call without its output."""
    if isinstance(given, str):
        return Conversation(question=given, history=(), calls=())
    calls = list(finished_calls(given))
    said = [(index, message) for index, item in enumerate(given) if (message := message_of(item, index))]
    last = next((index for index, message in reversed(said) if message.role == "user"), None)
    if last is None:
        return Conversation(question="", history=(), calls=tuple(call for _, call in calls))
    return Conversation(
        question=next(message.content for index, message in said if index == last),
        history=tuple(message for index, message in said if index < last)[-MOST_MESSAGES:],
        calls=tuple(call for index, call in calls if index > last),
    )


def message_of(item: Json, index: int) -> Message | None:
    """The message of a person or an assistant; None for any other item."""
    if item.get("type", "message") != "message" or item.get("role") not in ("user", "assistant"):
        return None
    text = text_of(item.get("content"), f"input[{index}].content")
    return Message(role=item["role"], content=text) if text else None


def text_of(content: Any, place: str) -> str:
    """The text of a string or of a list of parts; pictures and files are left out."""
    match content:
        case str():
            return content
        case list():
            return "\n".join(str(part["text"]) for part in content if is_text(part))
    raise WireError(400, f"Invalid type for '{place}': a text or a list of parts is expected.", param="input")


def is_text(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") in TEXT_PARTS and isinstance(part.get("text"), str)


def finished_calls(items: list[Json]) -> Iterator[tuple[int, FinishedCall]]:
    """Each function call with its place and its output."""
    outputs: dict[str, str] = {}
    asked: set[str] = set()
    for index, item in enumerate(items):
        match item:
            case {"type": "function_call", "call_id": str(call_id), "name": str(), "arguments": str()}:
                asked.add(call_id)
            case {"type": "function_call_output", "call_id": str(call_id)}:
                if call_id not in asked:
                    raise no_pair(f"No tool call found for function call output with call_id {call_id}.")
                outputs[call_id] = text_of(item.get("output"), f"input[{index}].output")
            case {"type": "item_reference"}:
                raise WireError(400, f"The sandbox keeps nothing to refer to, as 'input[{index}]' does.", param="input")
            case {"type": "function_call" | "function_call_output" as kind}:
                raise WireError(
                    400, f"The {kind} at 'input[{index}]' lacks a field or has one of a wrong type.", param="input"
                )
    for index, item in enumerate(items):
        if item.get("type") == "function_call":
            call_id = item["call_id"]
            if call_id not in outputs:
                raise no_pair(f"No tool output found for function call {call_id}.")
            yield (
                index,
                FinishedCall(
                    call_id=call_id,
                    name=item["name"],
                    arguments=arguments_of(item["arguments"]),
                    output=outputs[call_id],
                ),
            )


def arguments_of(text: str) -> Json:
    """The arguments as an object; an empty one where they are none."""
    try:
        arguments = json.loads(text)
    except ValueError:
        return {}
    return arguments if isinstance(arguments, dict) else {}


def no_pair(message: str) -> WireError:
    return WireError(400, message, param="input")
