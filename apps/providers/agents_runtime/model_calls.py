"""The models of a run, watched: each call is read as it passes, before the SDK turns its faults into its own words.

The SDK raises one and the same error for an answer that failed, was cut short or never ended, with the code inside a
sentence. Read one step earlier, each still has its own name. And what is emitted here comes before the tools that the
SDK starts at the end of the call.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from apps.providers.agents_runtime.call_reader import CallReader
from apps.providers.agents_runtime.turn import AgentTurn
from apps.providers.errors import ProviderError, ProviderProtocolError
from apps.providers.openai_api.client import DRAIN_S
from apps.providers.openai_api.failures import translated
from apps.providers.openai_api.identity import request_headers

if TYPE_CHECKING:
    from agents import Handoff, Model, ModelSettings, Tool
    from agents.items import TResponseStreamEvent
    from openai import AsyncOpenAI


class WatchedModels:
    """The SDK's `ModelProvider`, without its class: that would import the SDK with this file."""

    def __init__(self, client: "AsyncOpenAI", turn: AgentTurn) -> None:
        from agents import OpenAIProvider

        self._models = OpenAIProvider(openai_client=client, use_responses=True, use_responses_websocket=False)
        self._turn = turn

    def get_model(self, model_name: str | None) -> "WatchedModel":
        return WatchedModel(self._models.get_model(model_name), self._turn)

    async def aclose(self) -> None:
        await self._models.aclose()


class WatchedModel:
    """The SDK's `Model` for streamed runs; whatever else the SDK asks of a model, the real one answers."""

    def __init__(self, model: "Model", turn: AgentTurn) -> None:
        self._model = model
        self._turn = turn

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    async def stream_response(
        self,
        system_instructions: str | None,
        input: Any,
        model_settings: "ModelSettings",
        tools: "list[Tool]",
        output_schema: Any,
        handoffs: "list[Handoff[Any, Any]]",
        tracing: Any,
        *,
        previous_response_id: str | None = None,
        conversation_id: str | None = None,
        prompt: Any = None,
    ) -> "AsyncGenerator[TResponseStreamEvent]":
        """One model call. Raises ProviderError for every way in which it can fail."""
        turn = self._turn
        turn.step += 1
        headers = request_headers(turn.request, turn.provider, turn.step)
        known = {tool.name for tool in tools} | {handoff.tool_name for handoff in handoffs}
        reader = CallReader(turn=turn, known_tools=known)
        events = self._model.stream_response(
            system_instructions,
            input,
            replace(model_settings, extra_headers={**(model_settings.extra_headers or {}), **headers}),
            tools,
            output_schema,
            handoffs,
            tracing,
            previous_response_id=previous_response_id,
            conversation_id=conversation_id,
            prompt=prompt,
        )
        async with aclosing(events):  # type: ignore[type-var]  # an async generator behind a wider annotation
            while (event := await _next(events)) is not None:
                reader.read(event)
                yield event
                if reader.is_whole:
                    await _drain(events)
                    return
        reader.end()


async def _next(events: "AsyncIterator[TResponseStreamEvent]") -> "TResponseStreamEvent | None":
    try:
        with translated():
            return await anext(events)
    except StopAsyncIteration:
        return None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # The SDK reads what a server wrote without looking whether it is there.
        raise ProviderProtocolError(code="malformed") from error


async def _drain(events: "AsyncIterator[TResponseStreamEvent]") -> None:
    """Reads what is left after a whole answer; nothing that happens here can take it back."""
    with suppress(TimeoutError, ProviderError):
        async with asyncio.timeout(DRAIN_S):
            while await _next(events) is not None:
                pass
