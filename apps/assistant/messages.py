"""What people type, made safe to store, and what a provider is told of the conversation so far."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from apps.assistant.errors import BadMessage
from apps.assistant.models import Turn
from apps.providers.protocol import Message

HISTORY_MESSAGES = 10
TITLE_CHARACTERS = 80


def clean_message(text: str) -> str:
    """The message without surrounding space and without characters no database stores. Raises BadMessage."""
    text = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip()
    if not text:
        raise BadMessage("Type a question first.")
    if len(text) > settings.MESSAGE_MAX_CHARACTERS:
        raise BadMessage(
            f"This message has {len(text):,} characters; the limit is {settings.MESSAGE_MAX_CHARACTERS:,}. Shorten it."
        )
    return text


def history(turns: Iterable[Turn]) -> tuple[Message, ...]:
    """The last ten messages of finished turns, oldest first. A turn that wrote nothing leaves its question only."""
    messages: list[Message] = []
    for turn in turns:
        messages.append(Message(role="user", content=turn.question))
        if turn.answer:
            messages.append(Message(role="assistant", content=turn.answer))
    return tuple(messages[-HISTORY_MESSAGES:])


def title_from_question(question: str) -> str:
    """The first line of the first question, cut at a word."""
    line = " ".join(question.split("\n", 1)[0].split())
    if len(line) <= TITLE_CHARACTERS:
        return line
    return line[:TITLE_CHARACTERS].rsplit(" ", 1)[0] + "…"


#: How a conversation about some symbols is named, by the intent of its first answer.
SUBJECTS = {
    "quote": "price",
    "chart": "chart",
    "indicators": "indicators",
    "levels": "levels",
    "plan": "plan",
    "compare": "compared",
    "news": "news",
}


def title_from_sidecar(sidecar: dict[str, Any]) -> str:
    """ "AAPL levels", "AAPL and GOOG compared"; empty where the answer is not about symbols."""
    symbols, subject = sidecar.get("symbols") or [], SUBJECTS.get(sidecar.get("intent", ""))
    if not symbols or subject is None:
        return ""
    return f"{', '.join(symbols[:-1])}{' and ' if symbols[1:] else ''}{symbols[-1]} {subject}"
