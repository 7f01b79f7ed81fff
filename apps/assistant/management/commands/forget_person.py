"""Deleting a person's data is one command, which says what it did and what is left for people to do."""

from argparse import ArgumentTypeError
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.assistant.forgetting import CannotForget, Forgotten, account, forget_person
from apps.assistant.owner import Owner

OUTSIDE = (
    "What has left this database is yours to delete: traces of these sessions in Langfuse, events tagged with them in "
    "Sentry, log lines and backups of your own. Exports made with --with-text hold words too."
)


def visitor_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise ArgumentTypeError(
            f"{text!r} is no visitor id; it is a UUID, the part of the gvses_visitor cookie before the first colon"
        ) from error


class Command(BaseCommand):
    help = (
        "Removes all that a person wrote and read, their account included. Figures of their turns stay, and no longer "
        "say whose they are. It cannot be undone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("username", nargs="?", help="whose account it is")
        who.add_argument("--visitor", type=visitor_id, metavar="UUID", help="somebody without an account")
        parser.add_argument("--keep-account", action="store_true", help="remove the data and leave the login")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(
        self,
        *args: Any,
        username: str | None,
        visitor: UUID | None,
        keep_account: bool,
        yes: bool,
        **options: Any,
    ) -> None:
        try:
            owner = Owner(visitor_id=visitor) if username is None else Owner(user_id=account(username).pk)
            if not yes:
                self._ask(username or str(visitor))
            self._tell(forget_person(owner=owner, keep_account=keep_account))
        except CannotForget as error:
            raise CommandError(str(error)) from error

    def _ask(self, name: str) -> None:
        try:
            answer = input(f"Removes all that {name} wrote and read, for good. Type the name again to go on: ")
        except EOFError:
            answer = ""
        if answer.strip() != name:
            raise CommandError("Nothing was removed. Without somebody to ask, add --yes.")

    def _tell(self, gone: Forgotten) -> None:
        self.stdout.write(
            f"Removed: {gone.conversations} conversations with {gone.turns} turns, "
            f"and the text of {gone.texts} turns in the log. The figures of {gone.figures} turns stay and are nobody's."
        )
        if gone.has_account_gone:
            self.stdout.write("The account is gone, with its logins.")
        if gone.session_ids:
            self.stdout.write(OUTSIDE)
            for session_id in gone.session_ids:
                self.stdout.write(f"  {session_id}")
