"""A command that fails, by an error or with a sentence."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("text")
        parser.add_argument("--politely", action="store_true")

    def handle(self, *args: Any, text: str, politely: bool, **options: Any) -> None:
        raise (CommandError if politely else RuntimeError)(f"cannot take {text}")
