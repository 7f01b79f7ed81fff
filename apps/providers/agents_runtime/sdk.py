"""Openai-agents, loaded late and kept quiet.

It takes two seconds and fifty megabytes to import. Left alone it posts every run to OpenAI, whatever server answers,
and an environment variable lets its log lines carry prompts.
"""

import asyncio
import logging
from functools import cache


async def load_sdk() -> None:
    """To be awaited before anything of openai-agents is built; at once after the first time."""
    await asyncio.to_thread(load)


@cache
def load() -> None:
    """Imports the SDK and silences it; once a process."""
    import agents
    from agents.tracing.provider import DefaultTraceProvider

    # The SDK's own choice would export; this one has no processor, and takes no run either.
    agents.set_trace_provider(DefaultTraceProvider())
    agents.set_tracing_disabled(True)
    # What goes wrong reaches the engine as an error, and the engine logs it.
    logging.getLogger("openai.agents").setLevel(logging.CRITICAL)
