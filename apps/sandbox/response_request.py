"""What the Responses API may be asked here: the part of OpenAI's request that the sandbox understands.

Other fields are accepted and have no effect, except those that would need something the sandbox does not keep.
"""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from apps.sandbox.wire_errors import WireError

Json: TypeAlias = dict[str, Any]


class Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)


class FunctionDefinition(Part):
    type: Literal["function"]
    name: Annotated[str, Field(min_length=1, max_length=128)]
    description: str | None = None
    parameters: Json | None = None
    strict: bool | None = None


class ForcedFunction(Part):
    type: Literal["function"]
    name: str


class JsonSchemaFormat(Part):
    type: Literal["json_schema"]
    name: str
    schema_: Annotated[Json, Field(alias="schema")]
    description: str | None = None
    strict: bool | None = None


class JsonObjectFormat(Part):
    type: Literal["json_object"]


class PlainFormat(Part):
    type: Literal["text"]


Format: TypeAlias = Annotated[JsonSchemaFormat | JsonObjectFormat | PlainFormat, Field(discriminator="type")]


class TextOptions(Part):
    format: Format | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class ReasoningOptions(Part):
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None


class ResponseRequest(Part):
    model: Annotated[str, Field(min_length=1)]
    input: str | list[Json]
    instructions: str | None = None
    stream: bool | None = None
    tools: list[FunctionDefinition] | None = None
    tool_choice: Literal["none", "auto", "required"] | ForcedFunction | None = None
    parallel_tool_calls: bool | None = None
    text: TextOptions | None = None
    reasoning: ReasoningOptions | None = None
    max_output_tokens: Annotated[int, Field(ge=1)] | None = None
    max_tool_calls: int | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    metadata: dict[str, str] | None = None
    safety_identifier: Annotated[str, Field(max_length=128)] | None = None
    prompt_cache_key: str | None = None
    previous_response_id: str | None = None
    conversation: str | Json | None = None
    background: bool | None = None
    prompt: Json | None = None

    @property
    def format(self) -> JsonSchemaFormat | JsonObjectFormat | PlainFormat:
        return (self.text.format if self.text else None) or PlainFormat(type="text")

    @property
    def is_parallel(self) -> bool:
        return self.parallel_tool_calls is not False


#: Fields that refer to something kept on the server, and what to do instead.
KEPT_ELSEWHERE = {
    "previous_response_id": "send the earlier items in 'input'",
    "conversation": "send the earlier items in 'input'",
    "prompt": "send the instructions themselves",
    "background": "ask for the response in the foreground",
}


def refuse_what_is_not_kept(request: ResponseRequest) -> None:
    """Raises WireError for a request that leans on something the sandbox does not keep."""
    for name, instead in KEPT_ELSEWHERE.items():
        if getattr(request, name):
            raise WireError(
                400, f"The sandbox keeps nothing between requests: {instead}.", param=name, code="unsupported_parameter"
            )
