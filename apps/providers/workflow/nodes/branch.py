"""The branching node: the first case that holds for what the classifier said names the next node."""

from collections.abc import AsyncGenerator

from apps.providers.events import Event
from apps.providers.workflow.classification import Classification
from apps.providers.workflow.graph import BranchNode
from apps.providers.workflow.run import Leads, Run


async def enter(node: BranchNode, run: Run) -> AsyncGenerator[Event | Leads]:
    yield Leads(to=choose_way(node, run.classification))


def choose_way(node: BranchNode, found: Classification | None) -> str:
    """The id of the next node. A question that nobody classified, such as a yes to an approval, meets no intent."""
    if found is None:
        return node.way(intent="", confidence=0.0, symbol=None)
    return node.way(intent=found.intent, confidence=found.certainty, symbol=found.symbol)
