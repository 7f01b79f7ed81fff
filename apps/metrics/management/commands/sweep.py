"""Closes the rows that a dead process left `started`."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.metrics.services import sweep


class Command(BaseCommand):
    help = "Closes as interrupted every request that started long ago and never finished."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than",
            type=float,
            default=2 * settings.TURN_DEADLINE_S,
            metavar="SECONDS",
            help="how long a request may have been running; default: twice TURN_DEADLINE_S (%(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        older_than_s: float = options["older_than"]
        if older_than_s < settings.TURN_DEADLINE_S:
            raise CommandError(
                f"A turn may run {settings.TURN_DEADLINE_S:g} s (TURN_DEADLINE_S); "
                f"a sweep at {older_than_s:g} s would close turns that still run."
            )
        n_closed = sweep(older_than_s=older_than_s)
        self.stdout.write(f"{n_closed} stale request{'' if n_closed == 1 else 's'} closed as interrupted.")
