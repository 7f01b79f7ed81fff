"""The nodes of a workflow's design, as its JSON holds them: each names the next one by its id."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, assert_never

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MOST_NODES = 100

ChartCommand: TypeAlias = Literal["load", "timeframe", "indicator"]
NodeId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Words: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Label: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Name: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
EffortName: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh"]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class IntentOption(Part):
    """An answer the classifier may give, and the words that tell the model when to give it."""

    value: Name
    description: Words


class When(Part):
    """All that is given must hold."""

    intent: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    min_confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    has_symbol: bool | None = None

    def holds(self, *, intent: str, confidence: float, symbol: str | None) -> bool:
        return (
            (self.intent is None or intent in self.intent)
            and (self.min_confidence is None or confidence >= self.min_confidence)
            and (self.has_symbol is None or bool(symbol) == self.has_symbol)
        )


class Case(Part):
    when: When
    next: NodeId


class ClassifyNode(Part):
    """A small model reads the question into intent, symbol and confidence."""

    type: Literal["classify"]
    label: Label
    model: Name = "gpt-6-luna"
    intents: Annotated[tuple[IntentOption, ...], Field(min_length=2, max_length=40)]
    next: NodeId


class BranchNode(Part):
    """The first case that holds names the next node."""

    type: Literal["branch"]
    label: Label
    cases: Annotated[tuple[Case, ...], Field(min_length=1)]
    otherwise: NodeId

    def way(self, *, intent: str, confidence: float, symbol: str | None) -> str:
        """The id of the next node for what the classifier said."""
        for case in self.cases:
            if case.when.holds(intent=intent, confidence=confidence, symbol=symbol):
                return case.next
        return self.otherwise


class ChartCommandNode(Part):
    """Carries a chart command out without a model; without `next` its answer ends the turn."""

    type: Literal["chart_command"]
    label: Label
    commands: Annotated[tuple[ChartCommand, ...], Field(min_length=1)]
    next: NodeId | None = None
    #: Where a question goes that is no command it can read.
    otherwise: NodeId


class AgentNode(Part):
    """A model answers with tools, told by a profile; without `next` its answer ends the turn."""

    type: Literal["agent"]
    label: Label
    #: Name of an `AssistantProfile`; its newest version is in force.
    profile: Name
    #: For every turn of this node; None leaves it to the profile, by stakes and voice.
    effort: EffortName | None = None
    #: Some of the profile's tools; None for all of them.
    tools: tuple[Name, ...] | None = None
    #: Said after the profile's own instructions.
    instructions: Words | None = None
    next: NodeId | None = None

    def tools_of(self, profile_tools: Collection[str]) -> tuple[str, ...]:
        """What it may call: its own choice among the tools the profile has now."""
        wanted = profile_tools if self.tools is None else self.tools
        return tuple(name for name in wanted if name in profile_tools)


class ApprovalNode(Part):
    """Asks the person and waits: the turn ends with the question, the next one takes one of the two ways."""

    type: Literal["approval"]
    label: Label
    message: Words
    approved: NodeId
    declined: NodeId

    def question(self, *, symbol: str | None) -> str:
        """The message as the person reads it."""
        return self.message.replace("{symbol}", symbol or "this symbol")


class ReplyNode(Part):
    """Fixed Markdown, no model; without `next` it ends the turn."""

    type: Literal["reply"]
    label: Label
    text: Words
    next: NodeId | None = None


Node: TypeAlias = Annotated[
    ClassifyNode | BranchNode | ChartCommandNode | AgentNode | ApprovalNode | ReplyNode, Field(discriminator="type")
]


class Graph(Part):
    """A whole design. One that came from `parse_graph` has no loose end, no circle, and an answer on every way."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    start: NodeId
    nodes: Annotated[dict[NodeId, Node], Field(min_length=1, max_length=MOST_NODES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way out of a node. `condition` says when it is taken, empty where nothing is asked."""

    condition: str
    target: str


def ways_of(node: Node) -> list[Way]:
    """The ways out, in the order in which they are tried; none where the node's answer ends the turn."""
    match node:
        case BranchNode():
            cases = [Way(condition=in_words(case.when), target=case.next) for case in node.cases]
            return [*cases, Way(condition="everything else", target=node.otherwise)]
        case ChartCommandNode():
            done = [Way(condition="a command carried out", target=node.next)] if node.next else []
            return [*done, Way(condition="what it cannot read", target=node.otherwise)]
        case ApprovalNode():
            return [Way(condition="a yes", target=node.approved), Way(condition="a no", target=node.declined)]
        case ClassifyNode() | AgentNode() | ReplyNode():
            return [Way(condition="", target=node.next)] if node.next else []
        case _:
            assert_never(node)


def ends_turn(node: Node) -> bool:
    """Whether the turn can end here with an answer."""
    return isinstance(node, ChartCommandNode | AgentNode | ReplyNode) and node.next is None


def in_words(when: When) -> str:
    """ "'plan' or 'quote', confidence from 0.6, with a symbol"."""
    parts = []
    if when.intent is not None:
        parts.append(" or ".join(f"'{value}'" for value in when.intent))
    if when.min_confidence is not None:
        parts.append(f"confidence from {when.min_confidence:g}")
    if when.has_symbol is not None:
        parts.append("with a symbol" if when.has_symbol else "without a symbol")
    return ", ".join(parts)
