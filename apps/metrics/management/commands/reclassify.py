"""Reads older rows again after the classifiers have changed, and says which sums are out of date by it."""

from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.shell_moments import moment
from apps.metrics.classifiers import CLASSIFIER_VERSION
from apps.metrics.classifiers.rescoring import reclassify


class Command(BaseCommand):
    help = "Sets intent and claims of closed rows anew where an earlier version read them and their text is still kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since", type=moment, required=True, metavar="TIME", help="rows created from here on, UTC"
        )
        parser.add_argument("--until", type=moment, metavar="TIME", help="rows created before this, UTC (default: now)")

    def handle(self, *args: Any, since: datetime, until: datetime | None, **options: Any) -> None:
        end = until or timezone.now() + timedelta(seconds=1)
        if since >= end:
            raise CommandError("--since lies after --until, or in the future; there is nothing in between.")
        done = reclassify(since=since, until=end)
        self.stdout.write(
            f"Rows read by version {CLASSIFIER_VERSION}: {done.n_read:,}, of them changed: {done.n_changed:,}. "
            f"Without text any more, so left as they are: {done.n_without_text:,}."
        )
        if done.hours:
            self.stdout.write("The sums of these hours are out of date. Build them again:")
        for first, last in done.stretches:
            self.stdout.write(f"  manage.py rollup --from {first:%Y-%m-%dT%H:%M} --to {last:%Y-%m-%dT%H:%M}")
