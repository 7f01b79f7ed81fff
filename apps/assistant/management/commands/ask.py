"""One question from the shell, through the same engine as every other."""

import json
import os
import sys
import uuid
from argparse import ArgumentTypeError
from contextlib import aclosing
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.assistant.engine import run_turn
from apps.assistant.errors import TurnRefused
from apps.assistant.owner import Owner
from apps.assistant.unrecorded import NOT_RECORDED
from apps.providers.events import Done, Error, Event, Json, Meta, Text, ToolResult, as_json
from apps.providers.openai_api.client import close_client
from apps.routing.errors import RoutingError
from apps.tracing import recorder

VOID = "\n\n--- The answer above was cut off and is void; a whole one follows. ---\n\n"


def session_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no session id; a session id is a UUID") from error


class Command(BaseCommand):
    help = "Asks one question. Exit code 1 when a person would have seen an error."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("question")
        parser.add_argument("--session", type=session_id, default=None, help="go on in this session (UUID)")
        parser.add_argument("--provider", default=None, help="ask this provider, as a staff override")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one event a line")

    def handle(
        self, *args: Any, question: str, session: UUID | None, provider: str | None, as_json: bool, **options: Any
    ) -> None:
        # Whoever traces the turn gets ready while it is answered: afterwards the process is gone in a moment.
        recorder.warm_up()
        try:
            error = async_to_sync(self._ask)(question, session or uuid.uuid4(), provider, as_json)
        except (TurnRefused, RoutingError) as refused:
            raise CommandError(str(refused)) from refused
        except BrokenPipeError:
            # Whoever read has gone, as in `ask … | head`; the turn is closed as interrupted. There is nobody to tell.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        if error is not None:
            raise CommandError(error.message)

    async def _ask(self, question: str, session: UUID, provider: str | None, as_lines: bool) -> Error | None:
        failed = None
        turn = run_turn(session_id=session, question=question, owner=Owner(), override=provider)
        try:
            async with aclosing(turn) as events:
                async for event in events:
                    if isinstance(event, Error):
                        failed = event
                    if as_lines:
                        self.stdout.write(json.dumps(as_json(event), ensure_ascii=False))
                    else:
                        self._show(event)
        finally:
            await close_client()
        return failed

    def _show(self, event: Event) -> None:
        match event:
            case Text():
                self.stdout.write(event.content, ending="")
                self.stdout.flush()
            case ToolResult():
                self._note(f"{event.name} · {event.latency_ms:.0f} ms")
            case Meta() if "explanation" in event.data:
                self._note(event.data["explanation"])
                if not event.data.get("is_recorded", True):
                    self._note(NOT_RECORDED)
            case Meta() if "failed_provider" in event.data:
                self._start_again(event.data)
            case Done():
                self.stdout.write("")
                self._note(f"{event.provider} · {event.model} · request {event.request_id}")
            case _:
                pass

    def _start_again(self, switch: Json) -> None:
        """What was written cannot be taken back from a pipe, so the line that voids it stands in the pipe too."""
        again = "once more" if switch["provider"] == switch["failed_provider"] else "instead"
        self._note(
            f"{switch['failed_provider']} failed ({switch['failed_code']}); {switch['provider']} is asked {again}."
        )
        if switch["interrupted"]:
            self.stdout.write(VOID)

    def _note(self, line: str) -> None:
        self.stderr.write(self.style.NOTICE(line))
