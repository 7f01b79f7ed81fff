"""The tool calls that a model makes: their ids, and what it reads of one that no tool can answer."""

from itertools import count

from apps.providers.events import Json
from apps.providers.openai_api.model_text import NAME_CHARACTERS, clean_text

#: Code → what the model is told, so that it can mend the call itself.
REFUSALS = {
    "bad_arguments": "The arguments are no JSON object. Write them again.",
    "unknown_tool": "You have no such tool.",
}


def refused_call(code: str) -> Json:
    """The result of a call that is answered without a tool, as the toolbox words an error of its own."""
    return {"error": {"code": code, "message": REFUSALS[code], "retryable": False}}


class CallIds:
    """The ids of one turn's calls. Some servers begin to count again with each response."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def own(self, call_id: str) -> str:
        """The model's id, or one of our own where it is taken or fits no column; at most NAME_CHARACTERS."""
        call_id = clean_text(call_id)
        first = call_id if 0 < len(call_id) <= NAME_CHARACTERS else "call"
        unique = first
        for number in count(2):
            if unique not in self._taken:
                break
            unique = f"{first[: NAME_CHARACTERS - 4]}_{number}"
        self._taken.add(unique)
        return unique
