"""Walking a design that no check has seen, and what walking costs before the first turn."""

import subprocess
import sys
from typing import Any

from apps.providers.agents_runtime.turn import AgentTurn
from apps.providers.errors import ProviderProtocolError
from apps.providers.events import Event, Text
from apps.providers.notes.answer_notes import AnswerNotes
from apps.providers.workflow.graph import Graph
from apps.providers.workflow.run import Run
from apps.providers.workflow.versions import LiveVersion
from apps.providers.workflow.walk import MOST_STEPS, walk
from tests.providers.workflow.running import make_request


def reply(text: str, leads: str | None) -> dict[str, Any]:
    return {"type": "reply", "label": text, "text": text, "next": leads}


async def walked(nodes: dict[str, Any], *, start: str = "a") -> tuple[list[Event], str]:
    """The events, and the code of the error where one ended the walk."""
    request = make_request("What's the price of IBM?")
    notes = await AnswerNotes.read(request)
    run = Run(
        request=request,
        notes=notes,
        version=LiveVersion(number=7, graph=Graph.model_validate({"schema": 1, "start": start, "nodes": nodes})),
        question=request.question,
        agents=AgentTurn(request=request, notes=notes, provider="workflow"),
    )
    events: list[Event] = []
    try:
        async for event in walk(run, start=start):
            events.append(event)
    except ProviderProtocolError as error:
        return events, error.code
    return events, ""


async def test_a_way_as_long_as_a_design_may_be_is_walked_to_its_end() -> None:
    names = [f"n{number}" for number in range(MOST_STEPS)]
    nodes = {name: reply(name, leads) for name, leads in zip(names, [*names[1:], None], strict=True)}
    events, code = await walked(nodes, start="n0")
    assert code == ""
    assert len([event for event in events if isinstance(event, Text)]) == MOST_STEPS


async def test_a_circle_ends() -> None:
    events, code = await walked({"a": reply("A", "b"), "b": reply("B", "a")})
    assert code == "step_limit"
    assert len([event for event in events if isinstance(event, Text)]) == MOST_STEPS


async def test_a_way_to_nowhere_ends() -> None:
    events, code = await walked({"a": reply("A", "nowhere")})
    assert code == "no_such_node"
    assert events[-1] == Text(content="A")


def test_the_provider_is_imported_without_the_sdks() -> None:
    code = (
        "import django, sys; django.setup(); import apps.providers.workflow.provider; "
        "sys.exit(', '.join({'openai', 'agents', 'httpx2'} & set(sys.modules)) or None)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
