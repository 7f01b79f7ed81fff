"""Reads older rows again after the classifiers have changed, and says which sums are out of date by it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.metrics.classifiers import CLASSIFIER_VERSION
from apps.metrics.classifiers.rescoring import reclassify


def moment(text: str, *, option: str) -> datetime:
    """A day or a time in ISO format; without an offset it is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(
            f"{option} {text!r} is no day or time; write 2026-11-20 or 2026-11-20T09:00, in UTC."
        ) from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Sets intent and claims of closed rows anew where an earlier version read them and their text is still kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", required=True, metavar="TIME", help="rows created from here on, UTC")
        parser.add_argument("--until", metavar="TIME", help="rows created before this, UTC (default: now)")

    def handle(self, *args: Any, since: str, until: str | None, **options: Any) -> None:
        start = moment(since, option="--since")
        end = moment(until, option="--until") if until else timezone.now() + timedelta(seconds=1)
        if start >= end:
            raise CommandError("--since lies after --until, or in the future; there is nothing in between.")
        done = reclassify(since=start, until=end)
        self.stdout.write(
            f"Rows read by version {CLASSIFIER_VERSION}: {done.n_read:,}, of them changed: {done.n_changed:,}. "
            f"Without text any more, so left as they are: {done.n_without_text:,}."
        )
        if done.hours:
            self.stdout.write("The sums of these hours are out of date. Build them again:")
        for first, last in done.stretches:
            self.stdout.write(f"  manage.py rollup --from {first:%Y-%m-%dT%H:%M} --to {last:%Y-%m-%dT%H:%M}")
