"""Retention from the shell: takes away what is too old, in small batches, while the product runs."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.metrics.retention import Removed, in_words, prune, too_old


class Command(BaseCommand):
    help = (
        "Removes questions and answers from the log after --text-days, and whole turns after --row-days. "
        "Conversations are people's own and stay. Safe to stop and to run again at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--text-days", type=int, default=settings.TEXT_RETENTION_DAYS, help="default: %(default)s; 0: for ever"
        )
        parser.add_argument(
            "--row-days", type=int, default=settings.ROW_RETENTION_DAYS, help="default: %(default)s; 0: for ever"
        )
        parser.add_argument("--dry-run", action="store_true", help="only say what there is to remove")

    def handle(self, *args: Any, text_days: int, row_days: int, dry_run: bool, **options: Any) -> None:
        if text_days < 0 or row_days < 0:
            raise CommandError("Days are 1 or more, or 0 to keep for ever.")
        if row_days and text_days > row_days:
            raise CommandError(f"Text cannot be kept for {text_days} days where its turns go after {row_days}.")
        now = timezone.now()
        if dry_run:
            found = too_old(now=now, text_days=text_days, row_days=row_days)
            self.stdout.write(in_words(found).replace("Removed", "Would be removed"))
            return
        total = Removed()
        for batch in prune(now=now, text_days=text_days, row_days=row_days):
            total += batch
            if options["verbosity"] > 1:
                self.stdout.write(in_words(batch))
        self.stdout.write(in_words(total))
