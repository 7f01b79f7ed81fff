"""Turns for analysts, as a file or through a pipe: figures, and text only where it is asked for by name."""

import signal
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core.shell_moments import moment
from apps.metrics.exports.lines import Form, Lines
from apps.metrics.exports.output import OutputFailed, standard_output, whole_file
from apps.metrics.exports.parquet import ParquetMissing, require_parquet, write_parquet

PARQUET = "parquet"
#: Of a command whose reader left, as in `export_requests … | head`: what there is is not whole.
READER_LEFT = 1


class Command(BaseCommand):
    help = (
        "Exports one line a turn, oldest first: the columns of the view analytics_requests. "
        "--with-text adds what was asked and answered; whoever has this shell may read it anyway."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=moment, required=True, metavar="DATE", help="turns from then on, UTC")
        parser.add_argument("--until", type=moment, default=None, metavar="DATE", help="turns before then; default now")
        parser.add_argument("--format", choices=[*Form, PARQUET], default=Form.CSV.value, help="default: %(default)s")
        parser.add_argument("--output", type=Path, default=None, metavar="FILE", help="default: standard output")
        parser.add_argument("--with-text", action="store_true", help="add the question and the answer")

    def handle(
        self,
        *args: Any,
        since: datetime,
        until: datetime | None,
        format: str,
        output: Path | None,
        with_text: bool,
        **options: Any,
    ) -> None:
        now = timezone.now()
        until = until or now
        if since > now:
            raise CommandError(f"--since {since:%Y-%m-%d %H:%M} UTC lies in the future: no turn has begun since.")
        if until <= since:
            raise CommandError(f"--until {until:%Y-%m-%d %H:%M} UTC is not after --since {since:%Y-%m-%d %H:%M} UTC.")
        is_parquet = format == PARQUET
        lines = Lines(
            form=Form.CSV if is_parquet else Form(format),
            since=since,
            until=until,
            with_text=with_text,
            is_for_people=not is_parquet,
        )
        # Told to stop, it takes its unfinished file away.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        began = time.monotonic()
        try:
            if is_parquet:
                require_parquet()
                if output is None and sys.stdout.isatty():
                    raise CommandError("Parquet is not for a terminal. Name a file with --output.")
            with whole_file(output) if output else standard_output() as file:
                _write(lines, to=file, is_parquet=is_parquet)
        except BrokenPipeError:
            # There is nobody left to tell.
            sys.exit(READER_LEFT)
        except (OutputFailed, ParquetMissing) as error:
            raise CommandError(str(error)) from error
        self._say(lines, where=str(output or "standard output"), took_s=time.monotonic() - began)

    def _say(self, lines: Lines, *, where: str, took_s: float) -> None:
        turns = "turn" if lines.n_rows == 1 else "turns"
        self.stderr.write(f"{lines.n_rows:,} {turns} written to {where} in {took_s:.1f} s.")


def _write(lines: Lines, *, to: IO[bytes], is_parquet: bool) -> None:
    if is_parquet:
        write_parquet(lines, to=to)
        return
    to.write(lines.header)
    for block in lines.blocks():
        to.write(block)
