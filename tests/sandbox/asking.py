"""Asks a sandbox through OpenAI's own SDK, as strictly as it can read."""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from openai import AsyncOpenAI
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from apps.market.tools.market_toolbox import default_toolbox
from apps.providers.analyst.provider import Analyst
from apps.providers.events import Text
from apps.providers.openai_api.upstream import sandbox_key
from apps.providers.protocol import Message, TurnRequest

STREAM_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
RESPONSE: TypeAdapter[Any] = TypeAdapter(Response)
#: What a provider cuts away before a model sees a result.
BULK = frozenset({"bars", "overlays", "panes", "days", "performance"})


@asynccontextmanager
async def sdk(base_url: str, **options: Any) -> AsyncIterator[AsyncOpenAI]:
    """Without retries, and raising for whatever is not exactly of OpenAI's shape."""
    settings = {"api_key": sandbox_key(), "max_retries": 0, "timeout": 10.0, "_strict_response_validation": True}
    async with AsyncOpenAI(base_url=base_url, **(settings | options)) as client:
        yield client


def our_tools(*only: str) -> list[dict[str, Any]]:
    """The product's tools in the API's shape; all of them unless some are named."""
    schemas = default_toolbox().schemas()
    return [{"type": "function", "strict": True, **schema} for schema in schemas if not only or schema["name"] in only]


def parsed_events(body: str) -> list[dict[str, Any]]:
    """The data of each server-sent event, whose name must be its type."""
    events = []
    for block in filter(None, body.split("\n\n")):
        name, data = block.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        events.append(event)
    return events


async def run_calls(response: Response, *, cut: bool = True) -> list[dict[str, Any]]:
    """The response's calls and what our tools answer to them, as items of the next request."""
    items = []
    for call in response.output:
        if call.type == "function_call":
            items.append(
                {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments}
            )
            outcome = await default_toolbox().call(call.name, json.loads(call.arguments))
            slim = {key: value for key, value in outcome.result.items() if not (cut and key in BULK)}
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": json.dumps(slim)})
    return items


async def ask(client: AsyncOpenAI, *said: str, **options: Any) -> str:
    """The answer after one round of tool calls, to the last of what the person and the assistant said in turns."""
    roles = ("user", "assistant")
    items: list[Any] = [{"role": roles[index % 2], "content": text} for index, text in enumerate(said)]
    options = {"model": "gpt-6.1-terra", "tools": our_tools(), **options}
    first = await client.responses.create(input=items, **options)
    if first.output[0].type == "message":
        return first.output_text
    second = await client.responses.create(input=[*items, *await run_calls(first)], **options)
    return second.output_text


async def in_process(*said: str) -> str:
    """What the analyst itself answers, without any wire."""
    *before, question = said
    history = tuple(
        Message(role=("user", "assistant")[index % 2], content=content) for index, content in enumerate(before)
    )
    request = TurnRequest(
        request_id=uuid.uuid4(),
        session_id=uuid.uuid4(),
        question=question,
        history=history,
        toolbox=default_toolbox(),
    )
    return "".join([event.content async for event in Analyst().stream(request) if isinstance(event, Text)])
