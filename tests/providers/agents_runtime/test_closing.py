"""A run that nobody reads any longer is stopped at once, with its upstream stream and all its tasks."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest

from apps.market.tools.toolbox import ToolOutcome
from apps.providers.agents_runtime.stream import stream_agent
from apps.providers.events import Event, Text, ToolCall
from apps.providers.openai_api.client import openai_client
from tests.providers.agents_runtime.responses_wire import Wire
from tests.providers.agents_runtime.running import make_agent, make_request, make_turn
from tests.providers.agents_runtime.scripted_upstream import scripted_upstream
from tests.providers.asking import toolbox_at_now

QUOTE = ("get_quote", {"symbol": "IBM"})


class EndlessTools:
    """Tools that never answer; `cancelled` says that the call was given up."""

    def __init__(self) -> None:
        self.called = asyncio.Event()
        self.cancelled = asyncio.Event()

    def schemas(self) -> list[dict[str, Any]]:
        return toolbox_at_now().schemas()

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        self.called.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()
        raise AssertionError("it never answers")


async def a_run(**options: Any) -> AsyncGenerator[Event]:
    request = make_request(**options)
    agent, turn = await make_agent(request), await make_turn(request)
    return stream_agent(agent, turn=turn, input_items=[{"role": "user", "content": "?"}])


def others() -> set["asyncio.Task[Any]"]:
    return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]


async def test_a_closed_generator_leaves_the_server_and_no_task() -> None:
    async with scripted_upstream([*Wire().text("Half").unfinished(), "stall"]) as upstream, asyncio.timeout(5):
        await openai_client()
        events = await a_run()
        before = others()
        assert isinstance(await anext(events), Text)
        await upstream.stalling.wait()
        await events.aclose()
        assert not others() - before - upstream.serving
        await upstream.left.wait()


async def test_closing_before_the_first_text_leaves_the_server() -> None:
    async with scripted_upstream(["stall"]) as upstream, asyncio.timeout(5):
        events = await a_run()
        before = others()
        first = asyncio.create_task(anext(events))  # type: ignore[arg-type]
        await upstream.stalling.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert not others() - before - upstream.serving
        await upstream.left.wait()


async def test_closing_while_a_tool_runs_gives_the_tool_up() -> None:
    tools = EndlessTools()
    async with scripted_upstream(Wire().calls(QUOTE, QUOTE).completed()) as upstream, asyncio.timeout(5):
        events = await a_run(toolbox=tools)
        before = others()
        while not isinstance(await anext(events), ToolCall):
            pass
        await tools.called.wait()
        await events.aclose()
        assert tools.cancelled.is_set()
        assert not others() - before - upstream.serving
        assert len(upstream.requests) == 1


async def test_a_reader_that_breaks_off_after_any_event_leaves_no_task() -> None:
    """Breaking off between two events, at every place there is."""
    for n_events in range(1, 9):
        async with (
            scripted_upstream(
                Wire().text("a", "b").calls(QUOTE).completed(), Wire().text("c", "d").completed()
            ) as upstream,
            asyncio.timeout(5),
        ):
            events = await a_run()
            before = others()
            for _ in range(n_events):
                await anext(events)
            await events.aclose()
            assert not others() - before - upstream.serving, n_events
