"""The default provider: the G'sves agent over the Responses API, with our own loop around our own tools.

Each call is whole in itself: history, tool results and sealed reasoning are sent along, nothing is kept upstream. So
any other provider can go on with a conversation, and a server that keeps nothing serves as well as OpenAI.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from apps.core.threads import in_database_thread
from apps.providers.errors import NotConfigured, ProviderProtocolError
from apps.providers.events import Done, Event, Json, Meta, Text
from apps.providers.notes.answer_notes import AnswerNotes
from apps.providers.openai_api.client import openai_client
from apps.providers.openai_api.identity import request_headers
from apps.providers.openai_api.model_text import MODEL_CHARACTERS, clean_text
from apps.providers.openai_api.prompt import input_items
from apps.providers.openai_api.upstream import why_no_upstream
from apps.providers.openai_api.usage import usage_event
from apps.providers.profiles.versions import Profile, ProfileError, effort_for, profile_now
from apps.providers.protocol import TurnRequest
from apps.providers.responses.request_body import request_body
from apps.providers.responses.stream import Ending, Piece, stream_call
from apps.providers.responses.tool_loop import ToolLoop

PROFILE = "main"
#: Model calls in one turn; an answer needs two or three.
MAX_ROUNDS = 8


class Responses:
    name = "responses"

    def why_unavailable(self) -> str | None:
        return why_no_upstream()

    async def stream(self, request: TurnRequest) -> AsyncGenerator[Event]:
        notes, profile = await in_database_thread(_begin, request)
        effort = effort_for(profile, is_high_stakes=notes.is_high_stakes, is_voice=request.is_voice)
        yield Meta(
            data={
                "intent": notes.intent,
                "profile": profile.name,
                "profile_version": profile.version,
                "model": profile.model,
                "effort": effort,
            }
        )
        answer = _Answer(request=request, profile=profile, effort=effort)
        async with aclosing(answer.events()) as events:
            async for event in events:
                notes.add(event)
                yield event
        # Linking the figures of a long answer takes milliseconds of computing; other streams go on meanwhile.
        sidecar = await asyncio.to_thread(notes.sidecar)
        yield Done(request_id=str(request.request_id), provider=self.name, model=answer.model, sidecar=sidecar)


class _Answer:
    """One turn's rounds. `model` is what the server says it runs, once it has said so."""

    def __init__(self, *, request: TurnRequest, profile: Profile, effort: str) -> None:
        self.model = profile.model
        self._request = request
        self._body = request_body(request, profile, effort=effort)
        self._input = input_items(request.history, request.question)
        self._tools = ToolLoop(toolbox=request.toolbox, offered=profile.tools)
        #: The message that is being written, and whether any text came before it.
        self._writing = ""
        self._has_text = False

    async def events(self) -> AsyncGenerator[Event]:
        """Text, calls, results and usage up to the end of the last round."""
        for number in range(1, MAX_ROUNDS + 1):
            output: list[Json] = []
            async with aclosing(self._round(number, output)) as events:
                async for event in events:
                    yield event
            calls = self._tools.wanted(output)
            if not calls:
                return
            if number == MAX_ROUNDS:
                break
            answers: list[Json] = []
            async with aclosing(self._tools.run(calls, answers)) as results:
                async for result in results:
                    yield result
            self._input += [*output, *answers]
        raise ProviderProtocolError(code="tool_loop")

    async def _round(self, number: int, output: list[Json]) -> AsyncGenerator[Event]:
        """One model call: its text and its usage. Adds to `output` all that the model put out."""
        client = await openai_client()
        headers = request_headers(self._request, Responses.name, number)
        is_answered = False
        async with aclosing(stream_call(client, {**self._body, "input": self._input}, headers=headers)) as parts:
            async for part in parts:
                match part:
                    case Piece():
                        is_answered = is_answered or bool(part.content.strip())
                        if text := self._text(part, round_number=number):
                            yield text
                    case Ending():
                        self.model = clean_text(part.model)[:MODEL_CHARACTERS] or self.model
                        if usage := usage_event(model=self.model, usage=part.usage):
                            yield usage
                        if part.error is not None:
                            raise part.error
                        output += part.output
        if not is_answered and not any(item.get("type") == "function_call" for item in output):
            raise ProviderProtocolError(code="empty")

    def _text(self, piece: Piece, *, round_number: int) -> Text | None:
        """The piece as people see it: a blank line stands between two messages."""
        content = clean_text(piece.content)
        if not content:
            return None
        message = f"{round_number}:{piece.message}"
        if self._has_text and message != self._writing:
            content = f"\n\n{content}"
        self._writing, self._has_text = message, True
        return Text(content=content)


def _begin(request: TurnRequest) -> tuple[AnswerNotes, Profile]:
    """What the question is about, which takes milliseconds of computing, and the profile in force."""
    try:
        return AnswerNotes.of(request), profile_now(PROFILE)
    except ProfileError as error:
        raise NotConfigured() from error
