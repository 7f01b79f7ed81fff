"""How a model is to answer, as openai-agents wants it said."""

from typing import TYPE_CHECKING, Any

from apps.providers.protocol import TurnRequest

if TYPE_CHECKING:
    from agents import ModelSettings


def model_settings(*, effort: str, cache_key: str, request: TurnRequest) -> "ModelSettings":
    """Settings for one agent. Nothing is kept upstream: reasoning comes back encrypted and is sent along again."""
    from agents import ModelSettings
    from openai.types.shared import Reasoning

    extra: dict[str, Any] = {"prompt_cache_key": cache_key}
    if request.person_hash:
        extra["safety_identifier"] = request.person_hash
    return ModelSettings(
        store=False,
        reasoning=Reasoning.model_validate({"effort": effort}) if effort else None,
        parallel_tool_calls=True,
        response_include=["reasoning.encrypted_content"],
        extra_args=extra,
    )
