"""An approval that waits for a person's answer, and what their next message does to it.

An approval stands for what the person sees: it can be given only while its preview is the last thing said in the
conversation. So a preview that was interrupted, replaced by another provider's answer, or followed by anything else is
worth nothing, whatever was stored. It is taken out of the store before anything follows from it, so it is used at most
once: a turn that dies after a "yes" leaves nothing behind, and the person asks again. An engine that runs two turns of
one session at a time would have to take it out under a lock; this one runs one.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from apps.providers.protocol import Message

LAPSES_AFTER = timedelta(minutes=15)
#: Ends every preview, and tells one from other answers.
#: No figure stands in it: a figure that no data holds would be reported as not found.
ASK = "Type **yes** to go on or **no** to leave it. Anything else drops it, and it lapses after a quarter of an hour."
APPROVED = "Taken as a yes to a preview on paper. Nothing has been placed."
DROPPED = "The open preview is dropped; nothing was done."
CLOSED = "That preview is no longer open, and nothing was done. Ask again for a new one."
SPOKEN_PREVIEW = "By voice I draft and never place. To go on, ask for it in the chat and type yes there."
SPOKEN = "By voice I draft and never place: nothing was done. Ask again in the chat and type yes there."

POLITE = r"(?:please|thanks|thank you|that's right|correct)"
YES = re.compile(
    rf"^\W*(?:{POLITE}\W+)?(?:y|yes|yep|yeah|yup|confirm(?:ed)?|approved?|i (?:confirm|approve)|go ahead)"
    rf"(?:\W+(?:{POLITE}|yes|confirm(?:ed)?|approved?|i (?:confirm|approve)|go ahead|do it))*[\s.!]*$"
)
NO = re.compile(
    rf"^\W*(?:{POLITE}\W+)?(?:n|no|nope|nah|cancel(?: (?:it|that))?|decline(?:d)?|stop|don't|do not|never ?mind|"
    r"forget it|leave it)"
    rf"(?:\W+(?:{POLITE}|no|cancel(?: (?:it|that))?|(?:don't|do not)(?: do (?:it|that))?|do (?:it|that)|leave it|"
    r"never ?mind|forget it))*[\s.!]*$"
)


class Pending(BaseModel):
    """What the store keeps of a session's open approval. `shown` is the preview's text as the person read it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    node: str
    workflow_version: int
    asked_at: AwareDatetime
    #: The message that asked for the order.
    question: str
    preview: dict[str, Any]
    shown: str

    @property
    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


class Outcome(Enum):
    """What a message does to the open approval."""

    #: There is none, and the message does not answer one.
    NONE = "none"
    APPROVED = "approved"
    DECLINED = "declined"
    #: It says something else: the approval ends and the message is a question like any other.
    DROPPED = "dropped"
    #: A yes or a no to a preview that is seen but no longer open.
    CLOSED = "closed"
    #: A spoken yes.
    SPOKEN = "spoken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A person's message and where it stands."""

    text: str
    history: tuple[Message, ...]
    is_voice: bool
    at: datetime


def read_pending(stored: Any) -> Pending | None:
    """The stored approval; None where there is none, or one of another shape."""
    try:
        return None if stored is None else Pending.model_validate(stored)
    except ValidationError:
        return None


def outcome_of(said: Said, pending: Pending | None, *, version: int) -> Outcome:
    """What the message means for the approval that waits; `version` is the workflow that the session runs."""
    answer = yes_or_no(said.text)
    if pending is None or not _stands(pending, said, version=version):
        return Outcome.CLOSED if answers_preview(said.text, said.history) else Outcome.NONE
    match answer:
        case "yes":
            return Outcome.SPOKEN if said.is_voice else Outcome.APPROVED
        case "no":
            return Outcome.DECLINED
        case _:
            return Outcome.DROPPED


def yes_or_no(message: str) -> str:
    """ "yes", "no", or "" for a message that says anything else."""
    text = message.lower().replace("’", "'")
    return "yes" if YES.match(text) else "no" if NO.match(text) else ""


def answers_preview(message: str, history: tuple[Message, ...]) -> bool:
    """Whether the message is a yes or a no to a preview that was the last answer, open or not."""
    return bool(yes_or_no(message)) and ASK in _last_answer(history)


def _stands(pending: Pending, said: Said, *, version: int) -> bool:
    """Whether the preview is still the last thing said, young enough, and of the design that the session runs."""
    last = said.history[-1] if said.history else None
    is_seen = last is not None and last.role == "assistant" and pending.shown in last.content
    return is_seen and pending.workflow_version == version and said.at - pending.asked_at <= LAPSES_AFTER


def _last_answer(history: tuple[Message, ...]) -> str:
    return next((message.content for message in reversed(history) if message.role == "assistant"), "")
