"""Runs an agent and yields what its turn emits: text at once, tool calls as they begin and end, usage a model call."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

from apps.providers.agents_runtime.function_tools import told_to_model
from apps.providers.agents_runtime.model_calls import WatchedModels
from apps.providers.agents_runtime.sdk import load_sdk
from apps.providers.agents_runtime.turn import AgentTurn
from apps.providers.errors import ProviderProtocolError
from apps.providers.events import Event, Json
from apps.providers.openai_api.client import openai_client

if TYPE_CHECKING:
    from agents import Agent, ModelProvider, RunConfig, RunResultStreaming

#: Model calls in one run; an answer needs two or three.
MAX_CALLS = 8
#: What is cancelled ends in a moment; what does not is left to itself.
CLOSING_S = 1.0


class QuestionRefused(Exception):
    """An input guardrail of the agent tripped before any model was asked; `reason` is what it gave as output_info."""

    def __init__(self, reason: Any) -> None:
        super().__init__("an input guardrail tripped")
        self.reason = reason


async def stream_agent(
    agent: "Agent[AgentTurn]", *, turn: AgentTurn, input_items: list[Json], max_calls: int = MAX_CALLS
) -> AsyncGenerator[Event]:
    """Yields Text, ToolCall, ToolResult, Usage and Meta, never Done. Build the agent after `await load_sdk()`.

    Raises ProviderError in place of all that the SDK and the wire throw, and QuestionRefused. Closing the generator
    stops the run and its upstream stream before it returns.
    """
    await load_sdk()
    from agents import Runner

    run = Runner.run_streamed(
        agent,
        cast(Any, input_items),
        context=turn,
        max_turns=max_calls,
        run_config=_run_config(WatchedModels(await openai_client(), turn)),
    )
    driving = asyncio.create_task(_drive(run))
    driving.add_done_callback(lambda _: turn.close_run())
    try:
        while (event := await turn.next_event()) is not None:
            yield event
        with _in_our_words():
            await driving
    finally:
        await _stop(run, driving)


def _run_config(models: WatchedModels) -> "RunConfig":
    from agents import RunConfig

    return RunConfig(
        model_provider=cast("ModelProvider", models),
        tracing_disabled=True,
        trace_include_sensitive_data=False,
        # A name that a model invents is its own mistake to mend.
        tool_not_found_behavior="return_error_to_model",
        tool_error_formatter=told_to_model,
    )


async def _drive(run: "RunResultStreaming") -> None:
    # All that is wanted of the SDK's own events is their end; what they tell was emitted when it happened.
    async for _ in run.stream_events():
        pass


async def _stop(run: "RunResultStreaming", driving: "asyncio.Task[None]") -> None:
    """Returns once nothing of the run is left behind."""
    run.cancel()
    driving.cancel()
    await asyncio.wait([task for task in (driving, run.run_loop_task) if task is not None])
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSING_S):
            while tasks := _going_down():
                await asyncio.wait(tasks)
    if not driving.cancelled():
        # Looked at, or asyncio would report it as an error that nobody saw.
        driving.exception()


def _going_down() -> "set[asyncio.Task[Any]]":
    """The SDK's tasks that outlive a cancelled run for a moment: closing its stream, and tools on their way out.

    The SDK hands nobody a reference to them, so they are known by their names.
    """
    names = {task: getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()}
    return {
        task
        for task, name in names.items()
        if name.startswith("OpenAIResponsesModel.")
        or (name.startswith("_FunctionToolBatchExecutor.") and task.cancelling())
    }


@contextmanager
def _in_our_words() -> Iterator[None]:
    import agents

    try:
        yield
    except agents.InputGuardrailTripwireTriggered as error:
        raise QuestionRefused(error.guardrail_result.output.output_info) from None
    except agents.OutputGuardrailTripwireTriggered as error:
        raise ProviderProtocolError(code="output_guardrail") from error
    except agents.MaxTurnsExceeded as error:
        raise ProviderProtocolError(code="tool_loop") from error
    except agents.ModelRefusalError:
        # The refusal has been read as the answer.
        return
    except agents.ModelBehaviorError as error:
        raise ProviderProtocolError(code="malformed") from error
