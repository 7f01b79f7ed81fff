"""One run of a workflow: what its steps share while a turn walks from node to node."""

from dataclasses import dataclass
from typing import TypeVar

from apps.providers.agents_runtime.turn import BLANK_LINE, AgentTurn
from apps.providers.events import Event, Json, Text
from apps.providers.notes.answer_notes import AnswerNotes
from apps.providers.protocol import TurnRequest
from apps.providers.workflow.classification import Classification
from apps.providers.workflow.versions import LiveVersion

PROVIDER = "workflow"
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leads:
    """What a step yields last: the id of the node that comes next, None where the turn ends."""

    to: str | None


@dataclass(slots=True, kw_only=True)
class Run:
    request: TurnRequest
    notes: AnswerNotes
    version: LiveVersion
    #: What an agent is asked: the message, or after a yes what it was said to as well.
    question: str
    #: Shared with the agents of the run; counts the model calls of all steps.
    agents: AgentTurn
    #: The node that the turn is at.
    node_id: str = ""
    classification: Classification | None = None
    #: Where a step knows it better than the notes do: an answer composed by our own rules.
    sidecar: Json | None = None
    _n_calls: int = 0

    def noted(self, event: E) -> E:
        """The event, to be yielded, after the notes have taken it. Agents' events come noted."""
        self.notes.add(event)
        return event

    def text(self, paragraph: str) -> Text:
        """A paragraph of the answer, to be yielded, apart by a blank line from what stands before it."""
        content = BLANK_LINE + paragraph if self.agents.text.strip() else paragraph
        self.agents.text += content
        return self.noted(Text(content=content))

    def next_call_id(self) -> str:
        self._n_calls += 1
        return f"call_{self._n_calls}"
