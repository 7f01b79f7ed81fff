"""The replying node: fixed Markdown."""

from collections.abc import AsyncGenerator

from apps.providers.events import Event
from apps.providers.workflow.graph import ReplyNode
from apps.providers.workflow.run import Leads, Run


async def enter(node: ReplyNode, run: Run) -> AsyncGenerator[Event | Leads]:
    yield run.text(node.text)
    yield Leads(to=node.next)
