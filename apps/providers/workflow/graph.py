"""Reads a workflow's design strictly, and says each fault of it in words that the person who wrote it can act on."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError

from apps.providers.workflow.graph_faults import faults_of
from apps.providers.workflow.json_faults import in_plain_words, why_no_json
from apps.providers.workflow.schema import (
    AgentNode,
    ApprovalNode,
    BranchNode,
    ChartCommandNode,
    ClassifyNode,
    Graph,
    Node,
    ReplyNode,
)

__all__ = [
    "AgentNode",
    "ApprovalNode",
    "BadGraph",
    "BranchNode",
    "ChartCommandNode",
    "ClassifyNode",
    "Graph",
    "Node",
    "ReplyNode",
    "parse_graph",
]

MOST_MESSAGES = 10
NUL = "\\u0000"


class BadGraph(Exception):
    """`messages` are whole sentences for the person who wrote the design, at most ten; `n_more` were left out."""

    def __init__(self, messages: list[str]) -> None:
        self.messages = messages[:MOST_MESSAGES]
        self.n_more = len(messages) - len(self.messages)
        super().__init__(" ".join(self.messages))


class _TwiceInOneObject(ValueError):
    """JSON lets a name stand twice and keeps the last: a node would vanish without a word."""


def parse_graph(data: str | Mapping[str, Any], *, profiles: Mapping[str, Collection[str]] | None = None) -> Graph:
    """The design in a JSON text or its decoded object. Raises BadGraph with every fault found.

    `profiles` are the names of the assistant profiles with the tools of each; None leaves that comparison out, as
    for a design that was compared when it was saved.
    """
    decoded = _decoded(data) if isinstance(data, str) else data
    if not isinstance(decoded, Mapping):
        raise BadGraph(["The design has to be an object in braces with 'schema', 'start' and 'nodes'."])
    try:
        # By way of JSON, where a list may stand for a tuple and nothing else is converted.
        text = json.dumps(decoded)
        if NUL in text:
            raise BadGraph(["A text holds the character NUL, which no database keeps. Take it away."])
        graph = Graph.model_validate_json(text)
    except ValidationError as error:
        raise BadGraph(in_plain_words(error)) from error
    if messages := faults_of(graph, profiles=profiles):
        raise BadGraph(messages)
    return graph


def _decoded(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise BadGraph([why_no_json(error)]) from error
    except _TwiceInOneObject as error:
        raise BadGraph([str(error)]) from error
    except ValueError as error:
        raise BadGraph(["A number in the design has too many digits."]) from error
    except RecursionError as error:
        raise BadGraph(["The design is nested too deeply to be one."]) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _TwiceInOneObject(f"'{name}' stands twice in the same object. Rename one of them or take it away.")
        found[name] = value
    return found
