"""What a model is told and asked alike, whichever provider asks it: how to speak, and the conversation as messages."""

from collections.abc import Sequence

from apps.providers.events import Json
from apps.providers.protocol import Message

SPOKEN_ANSWER = """

# This answer is spoken
It is read aloud as you write it. Two or three short sentences in plain words, without Markdown: no lists, tables,
headings, links or symbols. Write a number as it is said, and leave out what only an eye can use."""


def instructions_for(written: str, *, is_voice: bool) -> str:
    """What differs between turns stands at the end: the start of equal prompts is cached."""
    return written + SPOKEN_ANSWER if is_voice else written


def input_items(history: Sequence[Message], question: str) -> list[Json]:
    """The conversation and the question, oldest first."""
    said = [(message.role, message.content) for message in history]
    return [{"type": "message", "role": role, "content": content} for role, content in [*said, ("user", question)]]
