"""What a turn's model calls have in common: everything a request says besides what earlier rounds added."""

from apps.providers.events import Json
from apps.providers.openai_api.prompt import instructions_for
from apps.providers.openai_api.tool_specs import function_tools
from apps.providers.profiles.versions import Profile
from apps.providers.protocol import TurnRequest


def request_body(request: TurnRequest, profile: Profile, *, effort: str) -> Json:
    """The body without `input`. Nothing is kept upstream, so reasoning comes back sealed and is sent along again."""
    body: Json = {
        "model": profile.model,
        "instructions": instructions_for(profile.instructions, is_voice=request.is_voice),
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
