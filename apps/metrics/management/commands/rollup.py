"""Brings the rollups of the dashboards up to date, from the shell."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.shell_moments import moment
from apps.metrics.rollups.due import ask_for_hours, hours_with_turns
from apps.metrics.rollups.read import freshness
from apps.metrics.rollups.run import Ran, roll_up


class Command(BaseCommand):
    help = "Builds what is due of the dashboards' figures; with --from, --to or --all, also what the log has of then."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from", dest="since", type=moment, metavar="MOMENT", help="2026-11-20 or 2026-11-20T14:00, UTC"
        )
        parser.add_argument(
            "--to", dest="until", type=moment, metavar="MOMENT", help="the end, which is not built; default: now"
        )
        parser.add_argument("--all", action="store_true", help="everything that the log still has")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        since, until = options["since"], options["until"]
        if options["all"] and (since or until):
            raise CommandError("--all goes without --from and --to.")
        if until and not since:
            raise CommandError("--to needs --from.")
        if since and since >= (until or now):
            raise CommandError("--from has to lie before --to, and before now.")
        if options["all"] or since:
            ask_for_hours(hours_with_turns(start=since, end=until), now=now)
        ran = roll_up(now=now)
        self.stdout.write(_sentence(ran))
        if ran.faults:
            classes = ", ".join(sorted(set(ran.faults)))
            raise CommandError(f"{len(ran.faults)} could not be built ({classes}) and stay due; the log says why.")
        to = freshness().to
        if ran.left or to is None:
            self.stdout.write(f"{ran.left} more are due: another process asked for them meanwhile.")
        else:
            self.stdout.write(f"Figures to {to:%Y-%m-%d %H:%M:%S} UTC.")


def _sentence(ran: Ran) -> str:
    built = ", ".join(f"{n:,} {grain}{'' if n == 1 else 's'}" for grain, n in ran.built.items())
    return f"Built {built or 'nothing'} from {ran.turns:,} turns in {ran.took_ms / 1000:.1f} s."
