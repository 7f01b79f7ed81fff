"""The agent node: a model answers with tools, told by a profile in force now."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from apps.core.threads import in_database_thread
from apps.providers.agents_runtime.function_tools import function_tools_of
from apps.providers.agents_runtime.sdk import load_sdk
from apps.providers.agents_runtime.settings import model_settings
from apps.providers.agents_runtime.stream import stream_agent
from apps.providers.errors import ProviderUnavailable
from apps.providers.events import Event, Meta
from apps.providers.openai_api.prompt import input_items, instructions_for
from apps.providers.profiles.versions import Profile, ProfileError, effort_for, profile_now
from apps.providers.workflow.classification import ORDER
from apps.providers.workflow.graph import AgentNode
from apps.providers.workflow.run import Leads, Run

#: What the classifier may say that means money follows the answer.
HIGH_STAKES = frozenset({"plan", *ORDER})


async def enter(node: AgentNode, run: Run) -> AsyncGenerator[Event | Leads]:
    try:
        profile = await in_database_thread(profile_now, node.profile)
    except ProfileError as error:
        # The design was checked when it was saved; the profile has gone since.
        raise ProviderUnavailable(code="no_profile") from error
    effort = effort_of(node, profile, run)
    yield Meta(
        data={
            "node": run.node_id,
            "profile": profile.name,
            "profile_version": profile.version,
            "model": profile.model,
            "effort": effort,
        }
    )
    await load_sdk()
    from agents import Agent

    told = "\n\n".join(filter(None, (profile.instructions, node.instructions)))
    agent = Agent(
        name=profile.name,
        instructions=instructions_for(told, is_voice=run.request.is_voice),
        model=profile.model,
        tools=[*function_tools_of(run.request, node.tools_of(profile.tools))],
        model_settings=model_settings(effort=effort, cache_key=cache_key(node, profile, run), request=run.request),
    )
    asked = input_items(run.request.history, run.question)
    async with aclosing(stream_agent(agent, turn=run.agents, input_items=asked)) as events:
        async for event in events:
            yield event
    yield Leads(to=node.next)


def effort_of(node: AgentNode, profile: Profile, run: Run) -> str:
    """The node's own choice, else the profile's by stakes and voice."""
    classified = run.classification.intent if run.classification else ""
    is_high_stakes = run.notes.is_high_stakes or classified in HIGH_STAKES
    return node.effort or effort_for(profile, is_high_stakes=is_high_stakes, is_voice=run.request.is_voice)


def cache_key(node: AgentNode, profile: Profile, run: Run) -> str:
    """One key for all turns that send the same instructions and tools; a node that changes either has its own."""
    if node.tools is None and node.instructions is None:
        return profile.cache_key
    return f"{profile.cache_key}-w{run.version.number}-{run.node_id}"[:64]
