"""Closes turns and request log rows that a dead process left open, and forgets outcomes that no circuit counts."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.assistant.turns import close_stale_turns, stale_after_s
from apps.routing.circuits import prune_outcomes


class Command(BaseCommand):
    help = "Closes turns that outlived their deadline as interrupted. Safe to run at any time, by several processes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--older-than",
            type=float,
            default=stale_after_s(),
            metavar="SECONDS",
            help="how long a turn may have been running (default: %(default)s)",
        )

    def handle(self, *args: Any, older_than: float, **options: Any) -> None:
        if older_than < settings.TURN_DEADLINE_S:
            raise CommandError(
                f"A turn may run {settings.TURN_DEADLINE_S:g} s (TURN_DEADLINE_S); "
                f"a sweep at {older_than:g} s would close turns that still run."
            )
        now = timezone.now()
        closed = close_stale_turns(now=now, older_than_s=older_than)
        prune_outcomes(now=now)
        self.stdout.write(f"{closed} stale {'turn' if closed == 1 else 'turns'} closed as interrupted.")
