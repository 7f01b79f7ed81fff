"""Walks a design from node to node, and says at each one where the turn is."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import assert_never

from apps.providers.errors import ProviderProtocolError
from apps.providers.events import Event, Meta
from apps.providers.workflow.graph import (
    AgentNode,
    ApprovalNode,
    BranchNode,
    ChartCommandNode,
    ClassifyNode,
    Node,
    ReplyNode,
)
from apps.providers.workflow.nodes import agent, approval, branch, chart_command, classify, reply
from apps.providers.workflow.run import Leads, Run
from apps.providers.workflow.schema import MOST_NODES

#: A checked design has no circle, so no way through it is longer than its nodes are many.
MOST_STEPS = MOST_NODES


async def walk(run: Run, *, start: str) -> AsyncGenerator[Event]:
    """Yields `Meta` with `node`, `node_type`, `label` and `workflow_version` as each node is entered, and what it
    emits. Raises ProviderError."""
    node_id: str | None = start
    n_steps = 0
    while node_id is not None:
        if n_steps == MOST_STEPS:
            raise ProviderProtocolError(code="step_limit")
        n_steps += 1
        node = run.version.graph.nodes.get(node_id)
        if node is None:
            raise ProviderProtocolError(code="no_such_node")
        run.node_id = node_id
        yield Meta(
            data={
                "node": node_id,
                "node_type": node.type,
                "label": node.label,
                "workflow_version": run.version.number,
            }
        )
        node_id = None
        async with aclosing(_enter(run.node_id, node, run)) as emitted:
            async for event in emitted:
                if isinstance(event, Leads):
                    node_id = event.to
                else:
                    yield event


def _enter(node_id: str, node: Node, run: Run) -> AsyncGenerator[Event | Leads]:
    match node:
        case ClassifyNode():
            return classify.enter(node_id, node, run)
        case BranchNode():
            return branch.enter(node, run)
        case ChartCommandNode():
            return chart_command.enter(node, run)
        case AgentNode():
            return agent.enter(node, run)
        case ApprovalNode():
            return approval.enter(node_id, node, run)
        case ReplyNode():
            return reply.enter(node, run)
        case _:
            assert_never(node)
