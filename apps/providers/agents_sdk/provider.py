"""One G'sves agent on openai-agents: tools, guardrails, and a specialist to hand over to."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from apps.core.threads import in_database_thread
from apps.providers.agents_runtime.sdk import load_sdk
from apps.providers.agents_runtime.stream import QuestionRefused, stream_agent
from apps.providers.agents_runtime.turn import AgentTurn
from apps.providers.agents_sdk.agents import effort_of, gsves
from apps.providers.agents_sdk.guardrails import INJECTION, words_of
from apps.providers.analyst.reading import Reading
from apps.providers.errors import NotConfigured
from apps.providers.events import NOTHING_USED, Done, Event, Meta, Text
from apps.providers.notes.answer_notes import AnswerNotes
from apps.providers.openai_api.prompt import input_items
from apps.providers.openai_api.upstream import why_no_upstream
from apps.providers.profiles.versions import Profile, ProfileError, profile_now
from apps.providers.protocol import TurnRequest

MAIN = "main"
RISK = "risk"
#: The model of an answer that a guardrail gave.
NO_MODEL = "guardrail"


class AgentsSdk:
    name = "agents_sdk"

    def why_unavailable(self) -> str | None:
        return why_no_upstream()

    async def stream(self, request: TurnRequest) -> AsyncGenerator[Event]:
        """Raises ProviderError; code "output_guardrail" for an answer that promised something or left out a stop."""
        turn = AgentTurn(request=request, notes=await AnswerNotes.read(request), provider=self.name)
        main, risk = await in_database_thread(_profiles)
        await load_sdk()
        yield Meta(
            data={
                "intent": turn.notes.intent,
                "profile": main.name,
                "profile_version": main.version,
                "model": main.model,
                "effort": effort_of(turn, main),
            }
        )
        agent = gsves(turn, main=main, risk=risk)
        asked = input_items(request.history, request.question)
        try:
            async with aclosing(stream_agent(agent, turn=turn, input_items=asked)) as events:
                async for event in events:
                    yield event
        except QuestionRefused as refused:
            # A question that is refused is answered: nothing failed, and no other provider shall try.
            yield Meta(data={"guardrail": refused.reason})
            text = Text(content=words_of(turn, refused.reason))
            if refused.reason == INJECTION:
                # What an attack names is no subject: no next question is made of it.
                turn.notes.reading = Reading(intent="out_of_scope", question=request.question)
            turn.notes.add(text)
            yield text
            yield NOTHING_USED
            turn.model = NO_MODEL
        yield Done(
            request_id=str(request.request_id),
            provider=self.name,
            model=turn.model or main.model,
            sidecar=await asyncio.to_thread(turn.notes.sidecar),
        )


def _profiles() -> tuple[Profile, Profile]:
    try:
        return profile_now(MAIN), profile_now(RISK)
    except ProfileError as error:
        raise NotConfigured() from error
