"""The classifying node: the decisions API, else a response in a JSON schema, else rules; all within its own deadline.

It may not eat the turn: what is late, broken or overloaded leaves the question to the rules, which read it anyway. What
says that the agent would fail as well (no key, no quota, nobody listening) is raised at once.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from apps.providers.errors import AccessRefused, ProviderError
from apps.providers.events import Event, Meta, Usage
from apps.providers.openai_api.client import openai_client
from apps.providers.workflow.chart_commands import read_command
from apps.providers.workflow.classification import By, Classification, by_rules, refined, symbol_of, with_order
from apps.providers.workflow.classifier_calls import DECISIONS_MODEL, Answer, decide, fill_form, has_decisions
from apps.providers.workflow.graph import ClassifyNode
from apps.providers.workflow.run import PROVIDER, Leads, Run

logger = logging.getLogger(__name__)

#: For all calls of the node together. A spoken answer has 2.5 s to its first word.
DEADLINE_S = 1.5
DEADLINE_VOICE_S = 0.7
#: Errors that the agent's own call would meet as well.
RAISED = frozenset({"unauthorized", "forbidden", "quota", "refused", "connect_timeout"})
#: An overloaded server is not asked a second time in one breath.
NO_MORE = frozenset({"rate_limited"})

Ask: TypeAlias = Callable[..., Coroutine[Any, Any, Answer | None]]


@dataclass(slots=True, kw_only=True)
class _Asked:
    """What the server said, and what saying it cost. Filled while it is asked: a deadline may strike in between."""

    answer: Answer | None = None
    by: By = "rules"
    usage: list[Usage] = field(default_factory=list)


async def enter(node_id: str, node: ClassifyNode, run: Run) -> AsyncGenerator[Event | Leads]:
    # Before the clock starts: the first call of a process imports the SDK.
    await openai_client()
    asked = _Asked()
    failure: ProviderError | None = None
    try:
        async with asyncio.timeout(DEADLINE_VOICE_S if run.request.is_voice else DEADLINE_S):
            await _ask(node, run, asked)
    except TimeoutError:
        logger.warning("Classifier was late", extra={"node": node_id})
    except ProviderError as error:
        failure = error
    for usage in asked.usage:
        yield run.noted(usage)
    if failure is not None:
        # What an earlier way used is paid for all the same.
        raise failure
    reading, intents = run.notes.reading, [intent.value for intent in node.intents]
    if asked.answer is not None and asked.answer.intent is not None:
        found = Classification(
            intent=asked.answer.intent,
            symbol=symbol_of(reading, asked.answer.symbol),
            confidence=asked.answer.confidence,
            by=asked.by,
        )
        found = with_order(found, reading, intents)
        run.notes.reading = refined(reading, found)
    else:
        command = await asyncio.to_thread(read_command, run.request.question, run.request.history)
        found = by_rules(reading, intents, is_chart=command is not None)
    run.classification = found
    yield Meta(
        data={
            "node": node_id,
            "by": found.by,
            "intent": found.intent,
            "symbol": found.symbol,
            "confidence": found.confidence,
        }
    )
    yield Leads(to=node.next)


async def _ask(node: ClassifyNode, run: Run, asked: _Asked) -> None:
    """Asks in order until one answer can be used. Raises what the agent would meet as well."""
    for by, ask in _ways(node):
        run.agents.step += 1
        try:
            answer = await ask(node, run.request, provider=PROVIDER, step=run.agents.step)
        except ProviderError as error:
            if error.code in RAISED:
                raise
            level = logging.ERROR if isinstance(error, AccessRefused) else logging.WARNING
            logger.log(level, "Classifier failed", extra={"way": by, "code": error.code})
            if error.code in NO_MORE:
                return
            continue
        if answer is not None and answer.usage is not None:
            asked.usage.append(answer.usage)
        if answer is not None and answer.intent is not None:
            asked.answer, asked.by = answer, by
            return


def _ways(node: ClassifyNode) -> Iterator[tuple[By, Ask]]:
    # The decisions API has one model; a design that wants another gets it.
    if node.model == DECISIONS_MODEL and has_decisions():
        yield "decisions", decide
    yield "json_schema", fill_form
