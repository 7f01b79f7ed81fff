"""One agent gives the turn to another, and people see to whom."""

from typing import TYPE_CHECKING, Any

from apps.providers.agents_runtime.turn import AgentTurn
from apps.providers.events import Meta

if TYPE_CHECKING:
    from agents import Agent, Handoff, RunContextWrapper


def hand_off_to(agent: "Agent[AgentTurn]", *, label: str) -> "Handoff[AgentTurn, Agent[AgentTurn]]":
    """A hand-off that emits `{"handoff": <the agent's name>, "label": label}` when the model takes it."""
    from agents import handoff

    def tell(context: "RunContextWrapper[Any]") -> None:
        context.context.emit(Meta(data={"handoff": agent.name, "label": label}))

    return handoff(agent, on_handoff=tell)
