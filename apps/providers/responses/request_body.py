"""What a turn's model calls have in common: everything a request says besides what earlier rounds added."""

from apps.providers.events import Json
from apps.providers.openai_api.tool_specs import function_tools
from apps.providers.profiles import Profile
from apps.providers.protocol import TurnRequest

SPOKEN = """

# This answer is spoken
It is read aloud as you write it. Two or three short sentences in plain words, without Markdown: no lists, tables,
headings, links or symbols. Write a number as it is said, and leave out what only an eye can use."""


def request_body(request: TurnRequest, profile: Profile, *, effort: str) -> Json:
    """The body without `input`. Nothing is kept upstream, so reasoning comes back sealed and is sent along again."""
    body: Json = {
        "model": profile.model,
        # What differs between turns stands at the end: the start of equal prompts is cached.
        "instructions": profile.instructions + (SPOKEN if request.is_voice else ""),
        "reasoning": {"effort": effort},
        "tools": function_tools(request.toolbox.schemas(), only=profile.tools),
        "parallel_tool_calls": True,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": profile.cache_key,
        "store": False,
    }
    if request.person_hash:
        body["safety_identifier"] = request.person_hash
    return body


def input_items(request: TurnRequest) -> list[Json]:
    """The conversation and the question, oldest first."""
    said = [(message.role, message.content) for message in request.history]
    return [
        {"type": "message", "role": role, "content": content} for role, content in [*said, ("user", request.question)]
    ]
