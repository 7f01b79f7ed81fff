"""Our tools as tools of an agent. Whatever goes wrong is a result that the model reads, never an exception."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from apps.providers.agents_runtime.turn import AgentTurn
from apps.providers.events import Json, ToolCall, ToolResult
from apps.providers.openai_api.model_text import NAME_CHARACTERS
from apps.providers.openai_api.tool_calls import refused_call
from apps.providers.openai_api.tool_specs import for_model, parse_arguments
from apps.providers.protocol import TurnRequest

if TYPE_CHECKING:
    from agents import FunctionTool, ToolErrorFormatterArgs
    from agents.tool_context import ToolContext


def function_tools_of(request: TurnRequest, only: Collection[str]) -> "list[FunctionTool]":
    """The named tools of the turn, in the toolbox's order. Their runs need an `AgentTurn` as context."""
    return [_function_tool(schema) for schema in request.toolbox.schemas() if schema["name"] in only]


def _function_tool(schema: Json) -> "FunctionTool":
    from agents import FunctionTool

    name = schema["name"]

    async def invoke(context: "ToolContext[Any]", arguments: str) -> str:
        return await call_tool(context.context, call_id=context.tool_call_id, name=name, arguments=arguments)

    return FunctionTool(
        name=name,
        description=schema["description"],
        params_json_schema=schema["parameters"],
        on_invoke_tool=invoke,
        strict_json_schema=True,
    )


async def call_tool(turn: AgentTurn, *, call_id: str, name: str, arguments: str) -> str:
    """Calls the tool and emits both ends of the call; gives what the model is to read."""
    try:
        parsed = parse_arguments(arguments)
    except ValueError:
        return _refuse(turn, call_id=call_id, name=name, code="bad_arguments")
    turn.emit(ToolCall(call_id=call_id, name=name, arguments=parsed))
    outcome = await turn.request.toolbox.call(name, parsed)
    turn.emit(
        ToolResult(
            call_id=call_id,
            name=name,
            ok=outcome.ok,
            result=outcome.result,
            latency_ms=outcome.latency_ms,
            retries=outcome.retries,
        )
    )
    return for_model(name, outcome.result)


def refuse_unknown(turn: AgentTurn, *, call_id: str, name: str) -> None:
    """Emits the call of a tool that the agent does not have; `told_to_model` is what the model reads of it."""
    _refuse(turn, call_id=call_id, name=name, code="unknown_tool")


def told_to_model(fault: "ToolErrorFormatterArgs[Any]") -> str | None:
    """What the SDK shall answer for a tool that it cannot find; None leaves its own words for anything else."""
    if fault.kind != "tool_not_found":
        return None
    return for_model(fault.tool_name, refused_call("unknown_tool"))


def _refuse(turn: AgentTurn, *, call_id: str, name: str, code: str) -> str:
    result = refused_call(code)
    # A name that no tool has may be of any length.
    shown = name[:NAME_CHARACTERS]
    turn.emit(ToolCall(call_id=call_id, name=shown, arguments={}))
    turn.emit(ToolResult(call_id=call_id, name=shown, ok=False, result=result, latency_ms=0.0))
    return for_model(name, result)
