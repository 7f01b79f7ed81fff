"""Who works on a turn: G'sves, and a risk specialist who takes over where money is at stake."""

from typing import TYPE_CHECKING

from apps.providers.agents_runtime.function_tools import function_tools_of
from apps.providers.agents_runtime.hand_offs import hand_off_to
from apps.providers.agents_runtime.settings import model_settings
from apps.providers.agents_runtime.turn import AgentTurn
from apps.providers.agents_sdk.guardrails import input_guardrail, output_guardrail
from apps.providers.openai_api.prompt import instructions_for
from apps.providers.profiles.versions import Profile, effort_for

if TYPE_CHECKING:
    from agents import Agent, ModelSettings

LABEL = "Risk specialist"
#: Added to what the profile says, which also serves where nobody can be handed to.
HAND_OFF = """

# The risk specialist
For a trade plan, an entry with a stop, a position size, or what can go wrong with a trade: hand over to the risk
specialist before you write or call anything else. Everything else you answer yourself."""
TAKES = "Trade plans, entries and stops, position sizes, what can go wrong with a trade."


def gsves(turn: AgentTurn, *, main: Profile, risk: Profile) -> "Agent[AgentTurn]":
    """The agent that a turn begins with."""
    from agents import Agent

    specialist: Agent[AgentTurn] = Agent(
        name=risk.name,
        handoff_description=TAKES,
        instructions=instructions_for(risk.instructions, is_voice=turn.request.is_voice),
        model=risk.model,
        model_settings=settings_of(turn, risk),
        tools=[*function_tools_of(turn.request, risk.tools)],
        output_guardrails=[output_guardrail(is_plan=True)],
    )
    return Agent(
        name=main.name,
        instructions=instructions_for(main.instructions + HAND_OFF, is_voice=turn.request.is_voice),
        model=main.model,
        model_settings=settings_of(turn, main),
        tools=[*function_tools_of(turn.request, main.tools)],
        handoffs=[hand_off_to(specialist, label=LABEL)],
        input_guardrails=[input_guardrail()],
        output_guardrails=[output_guardrail(is_plan=False)],
    )


def effort_of(turn: AgentTurn, profile: Profile) -> str:
    return effort_for(profile, is_high_stakes=turn.notes.is_high_stakes, is_voice=turn.request.is_voice)


def settings_of(turn: AgentTurn, profile: Profile) -> "ModelSettings":
    # With the hand-off among its tools, a prompt has another beginning than elsewhere.
    cache_key = f"{profile.cache_key}-agents"
    return model_settings(effort=effort_of(turn, profile), cache_key=cache_key, request=turn.request)
