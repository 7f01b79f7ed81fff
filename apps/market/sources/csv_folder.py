"""Daily bars from a folder of the user's own files: one `SYMBOL.csv` a symbol, with a header line.

Columns `date`, `open`, `high`, `low`, `close` and `volume` are found by name in any order and case; others are
ignored. A file with a bad row is not used at all, since a hole in a history is a wrong average; the problem names
file, line and reason, and the other files load. A file that changes on disk is read again.
"""

import csv
import logging
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from apps.market.errors import NoData, SourceUnavailable
from apps.market.sources.validation import fault
from apps.market.values import Bar, Kind, Provenance, Series

logger = logging.getLogger(__name__)

COLUMNS = ("date", "open", "high", "low", "close", "volume")
SYMBOL = re.compile(r"[A-Z0-9^][A-Z0-9.\-]{0,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvProblem:
    """Why a file is not used. `line` counts from 1, the header included; 0 means the file as a whole."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        where = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{where}: {self.reason}"


class CsvFolderSource:
    """The folder's usable files. `problems` lists the others."""

    name = "Your CSV files"
    kind = Kind.REAL

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._read: dict[Path, tuple[tuple[int, int], Series | CsvProblem]] = {}

    def symbols(self) -> tuple[str, ...]:
        return tuple(sorted(self._refreshed()[0]))

    @property
    def problems(self) -> tuple[CsvProblem, ...]:
        return self._refreshed()[1]

    def bars(self, symbol: str) -> Series:
        series, problems = self._refreshed()
        if symbol in series:
            return series[symbol]
        for problem in problems:
            if Path(problem.file).stem.upper() == symbol:
                raise NoData(f"Your file for {symbol} cannot be used: {problem}.", symbol=symbol)
        raise NoData(f"Your folder has no {symbol}.csv.", symbol=symbol)

    def _refreshed(self) -> tuple[dict[str, Series], tuple[CsvProblem, ...]]:
        """What the folder holds now; only files whose time or size changed are read."""
        with self._lock:
            try:
                paths = sorted(path for path in self._folder.iterdir() if path.suffix.lower() == ".csv")
                stamps = {path: _stamp(path) for path in paths}
            except OSError as error:
                raise SourceUnavailable("The folder of your CSV files cannot be read.") from error
            self._read = {path: self._outcome(path, stamp) for path, stamp in stamps.items()}
            series: dict[str, Series] = {}
            problems: list[CsvProblem] = []
            for path, (_, outcome) in self._read.items():
                match outcome:
                    case CsvProblem():
                        problems.append(outcome)
                    case Series(symbol=symbol) if symbol in series:
                        problems.append(CsvProblem(file=path.name, line=0, reason=f"{symbol} is there twice"))
                    case _:
                        series[outcome.symbol] = outcome
            return series, tuple(problems)

    def _outcome(self, path: Path, stamp: tuple[int, int]) -> tuple[tuple[int, int], Series | CsvProblem]:
        if path in self._read and self._read[path][0] == stamp:
            return self._read[path]
        outcome = read_csv(path)
        if isinstance(outcome, CsvProblem):
            logger.warning("csv file not used", extra={"file": path.name, "line": outcome.line, "why": outcome.reason})
        return stamp, outcome


class _BadRow(Exception):
    """Ends the reading of a file; carries line and reason."""


def read_csv(path: Path) -> Series | CsvProblem:
    """The series in a file, or the first thing that is wrong with it."""
    symbol = path.stem.upper()
    if not SYMBOL.fullmatch(symbol):
        return CsvProblem(file=path.name, line=0, reason="the file's name is no symbol, such as AAPL.csv")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            bars = tuple(_bars(file))
    except _BadRow as bad:
        line, reason = bad.args
        return CsvProblem(file=path.name, line=line, reason=reason)
    except UnicodeDecodeError:
        return CsvProblem(file=path.name, line=0, reason="the file is not UTF-8 text")
    except OSError as error:
        return CsvProblem(file=path.name, line=0, reason=f"the file cannot be read ({error.strerror})")
    provenance = Provenance(source=f"your file {path.name}", kind=Kind.REAL, as_of=bars[-1].day)
    return Series(symbol=symbol, bars=bars, provenance=provenance)


def _bars(lines: Iterator[str]) -> Iterator[Bar]:
    """Each row as a bar. Raises _BadRow at the first that is none, and when there is no row at all."""
    reader = csv.reader(lines, strict=True)
    previous: Bar | None = None
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if not header:
            raise _BadRow(1, "the file is empty")
        if missing := [name for name in COLUMNS if name not in header]:
            raise _BadRow(1, f"column {', '.join(missing)} is missing")
        places = [header.index(name) for name in COLUMNS]
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            bar = _bar(row, places, reader.line_num)
            if reason := fault(bar, previous):
                raise _BadRow(reader.line_num, reason)
            previous = bar
            yield bar
    except csv.Error as error:
        raise _BadRow(reader.line_num, f"the line is not CSV ({error})") from error
    if previous is None:
        raise _BadRow(1, "there is a header but no row")


def _bar(row: list[str], places: list[int], line: int) -> Bar:
    if len(row) <= max(places):
        raise _BadRow(line, f"the row has {len(row)} values, too few for its header")
    day, *cells = (row[place].strip() for place in places)
    numbers = []
    for name, cell in zip(COLUMNS[1:], cells, strict=True):
        try:
            numbers.append(float(cell))
        except ValueError:
            raise _BadRow(line, f"{name} {_shown(cell)} is not a number") from None
    opened, high, low, close, volume = numbers
    if not 0 <= volume < 1e18:
        raise _BadRow(line, f"volume {_shown(cells[-1])} is not a count")
    try:
        # Some exports write a time of day after the date.
        return Bar(date.fromisoformat(re.split(r"[T ]", day)[0]), opened, high, low, close, int(volume))
    except ValueError:
        raise _BadRow(line, f"date {_shown(day)} is not of the form 2026-11-20") from None


def _shown(cell: str) -> str:
    return repr(cell if len(cell) <= 30 else cell[:30] + "…")


def _stamp(path: Path) -> tuple[int, int]:
    stat = os.stat(path)
    return stat.st_mtime_ns, stat.st_size
