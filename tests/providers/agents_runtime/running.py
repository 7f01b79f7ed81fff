"""Runs one agent against a scripted upstream and holds what it emitted."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from apps.market.tools.toolbox import Toolbox
from apps.providers.agents_runtime.function_tools import function_tools_of
from apps.providers.agents_runtime.sdk import load_sdk
from apps.providers.agents_runtime.settings import model_settings
from apps.providers.agents_runtime.stream import stream_agent
from apps.providers.agents_runtime.turn import AgentTurn
from apps.providers.events import Event, Text
from apps.providers.notes.answer_notes import AnswerNotes
from apps.providers.protocol import Message, TurnRequest
from tests.providers.asking import toolbox_at_now

TOOLS = ("get_quote", "get_levels", "build_trade_plan")


def make_request(
    question: str = "What's the price of IBM?",
    *,
    history: Sequence[Message] = (),
    toolbox: Toolbox | None = None,
    is_voice: bool = False,
    number: int = 1,
) -> TurnRequest:
    return TurnRequest(
        request_id=UUID(int=number),
        session_id=UUID(int=2),
        question=question,
        history=tuple(history),
        toolbox=toolbox or toolbox_at_now(),
        is_voice=is_voice,
        person_hash="a hash of Alice",
    )


async def make_turn(request: TurnRequest) -> AgentTurn:
    return AgentTurn(request=request, notes=await AnswerNotes.read(request), provider="agents_sdk")


async def make_agent(request: TurnRequest, **options: Any) -> Any:
    await load_sdk()
    from agents import Agent

    return Agent(
        name="main",
        instructions="Answer from the tools.",
        model="gpt-test",
        model_settings=model_settings(effort="low", cache_key="gvses-main-v1", request=request),
        tools=function_tools_of(request, TOOLS),
        **options,
    )


async def run_agent(request: TurnRequest | None = None, **options: Any) -> list[Event]:
    request = request or make_request()
    agent = await make_agent(request, **options)
    items = [{"role": "user", "content": request.question}]
    return [event async for event in stream_agent(agent, turn=await make_turn(request), input_items=items)]


def text_of(events: Sequence[Event]) -> str:
    return "".join(event.content for event in events if isinstance(event, Text))
