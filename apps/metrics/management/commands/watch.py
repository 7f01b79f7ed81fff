"""The watch from the shell, for a host whose server does not run it: until it is told to stop, or once for a timer."""

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.metrics.watch import Look, after_look, due_in_s, look, run_watch
from apps.routing.delivery import deliver_due


class Command(BaseCommand):
    help = "Looks at the rollout once a period and sends messages that are due. Safe to run in several processes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one look and what is due now, then end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        if once:
            self._once()
            return
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        run_watch(stop=stop, when_looked=self._tell, when_after=self._tell_lines)

    def _once(self) -> None:
        """Fails where a step did, so that a timer notices."""
        now = timezone.now()
        faults: tuple[str, ...] = ()
        looked = look(now=now)
        if looked is None:
            self.stdout.write(f"Another process looks, or has: the next look is due in {due_in_s(now=now):.0f} s.")
        else:
            self._tell(looked)
            after = after_look(now=now)
            self._tell_lines(after)
            faults = (*looked.faults, *after.faults)
        n_sent = deliver_due(now=timezone.now())
        if n_sent:
            self.stdout.write(f"{n_sent} {'message' if n_sent == 1 else 'messages'} sent.")
        if faults:
            raise CommandError(" ".join(faults))

    def _tell(self, looked: Look) -> None:
        self.stdout.write(f"{looked.at:%Y-%m-%d %H:%M:%S} UTC: looked in {looked.took_ms:.0f} ms.")
        self._tell_lines(looked)

    def _tell_lines(self, looked: Look) -> None:
        for line in (*looked.lines, *looked.faults):
            self.stdout.write(f"  {line}")
        self.stdout.flush()
