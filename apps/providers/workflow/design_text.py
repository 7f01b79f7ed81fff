"""A design as it is stored, as people edit it, and as an outline that is read from the top."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from apps.providers.workflow.schema import (
    AgentNode,
    ApprovalNode,
    BranchNode,
    ChartCommandNode,
    ClassifyNode,
    Graph,
    Node,
    ReplyNode,
    ends_turn,
    ways_of,
)

LINE_LENGTH = 120


def as_stored(graph: Graph) -> dict[str, Any]:
    """The design as JSON with its nodes in reading order."""
    found: dict[str, Any] = graph.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {**found, "nodes": {node_id: found["nodes"][node_id] for node_id in _reading_order(graph)}}


def as_text(design: Mapping[str, Any]) -> str:
    """The JSON that people edit: what fits on a line stands on one."""
    return _pretty(design, "")


def _pretty(value: Any, indent: str) -> str:
    short = json.dumps(value, ensure_ascii=False)
    inner = f"{indent}  "
    match value:
        # The outermost levels always open: a design on one line is no text to edit.
        case dict() if value and (len(indent) < 4 or len(indent) + len(short) > LINE_LENGTH):
            rows = [f"{json.dumps(key, ensure_ascii=False)}: {_pretty(child, inner)}" for key, child in value.items()]
            brackets = "{}"
        case list() if value and len(indent) + len(short) > LINE_LENGTH:
            rows = [_pretty(child, inner) for child in value]
            brackets = "[]"
        case _:
            return short
    joined = f",\n{inner}".join(rows)
    return f"{brackets[0]}\n{inner}{joined}\n{indent}{brackets[1]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A node in the outline: what it is, and where each way out leads."""

    node_id: str
    type: str
    label: str
    #: Name and text of what else is worth reading.
    details: list[tuple[str, str]]
    branches: list["Branch"]
    #: How the turn ends here, as a sentence; empty where it always goes on.
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A way out: the steps that follow, or the id of a node that the outline shows elsewhere."""

    condition: str
    steps: list[Step]
    shown_elsewhere: str = ""


def outline(graph: Graph) -> list[Step]:
    """The steps from the start on; a node that several lead to stands where the shortest way meets it."""
    home = _homes(graph)

    def chain(node_id: str) -> list[Step]:
        node = graph.nodes[node_id]
        ways = ways_of(node)
        follows = [
            (way.condition, way.target, home[way.target] == (node_id, number)) for number, way in enumerate(ways)
        ]
        # One way that asks nothing is the next step of the same list.
        goes_on = len(follows) == 1 and not follows[0][0] and follows[0][2]
        branches = [
            Branch(condition=condition, steps=chain(target))
            if is_home
            else Branch(condition=condition, steps=[], shown_elsewhere=target)
            for condition, target, is_home in ([] if goes_on else follows)
        ]
        step = Step(
            node_id=node_id,
            type=node.type,
            label=node.label,
            details=_details(node),
            branches=branches,
            end=_end(node),
        )
        return [step, *(chain(follows[0][1]) if goes_on else [])]

    return chain(graph.start)


def _homes(graph: Graph) -> dict[str, tuple[str, int]]:
    """For each node the way, as source and number, by which the shortest path first reaches it."""
    homes: dict[str, tuple[str, int]] = {graph.start: ("", 0)}
    waiting = [graph.start]
    for node_id in waiting:
        for number, way in enumerate(ways_of(graph.nodes[node_id])):
            if way.target not in homes:
                homes[way.target] = (node_id, number)
                waiting.append(way.target)
    return homes


def _reading_order(graph: Graph) -> list[str]:
    return list(_homes(graph))


def _end(node: Node) -> str:
    if isinstance(node, ApprovalNode):
        return "The turn ends with the question; the next message decides."
    if not ends_turn(node):
        return ""
    carries_out = isinstance(node, ChartCommandNode)
    return "A command that it reads ends the turn." if carries_out else "Its answer ends the turn."


def _details(node: Node) -> list[tuple[str, str]]:
    match node:
        case ClassifyNode():
            return [("Model", node.model), ("Intents", ", ".join(option.value for option in node.intents))]
        case ChartCommandNode():
            return [("Commands", ", ".join(node.commands)), ("Model", "none")]
        case AgentNode():
            tools = "all of the profile" if node.tools is None else ", ".join(node.tools) or "none"
            effort = [("Effort", f"{node.effort}, in every turn")] if node.effort else []
            told = [("Told besides", node.instructions)] if node.instructions else []
            return [("Profile", node.profile), ("Tools", tools), *effort, *told]
        case ApprovalNode():
            return [("Asks", node.message)]
        case ReplyNode():
            return [("Says", node.text)]
        case BranchNode():
            return []
        case _:
            assert_never(node)
