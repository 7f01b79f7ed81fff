"""Keeps what a slow source answered: fresh while prices move, and still there, marked as stale, when it fails."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from apps.market import calendar
from apps.market.errors import SourceUnavailable
from apps.market.sources.protocol import BarSource
from apps.market.values import Kind, Series

logger = logging.getLogger(__name__)

TTL_OPEN = timedelta(seconds=15)
#: The last bar of a session is still corrected for a while after the close.
SETTLING = timedelta(minutes=30)
#: A source that just failed is left alone this long.
TTL_FAILED = timedelta(seconds=15)
#: A decade of one symbol takes about 0.6 MB.
MAX_SYMBOLS = 40


@dataclass(slots=True)
class _Entry:
    series: Series | None = None
    fetched_at: datetime | None = None
    fresh_until: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class CachedSource:
    """A source that asks `source` at most once per symbol while its last answer is fresh."""

    def __init__(self, source: BarSource, clock: Callable[[], datetime], *, max_symbols: int = MAX_SYMBOLS) -> None:
        self.name: str = source.name
        self.kind: Kind = source.kind
        self._source = source
        self._clock = clock
        self._max_symbols = max_symbols
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def symbols(self) -> Sequence[str] | None:
        return self._source.symbols()

    def bars(self, symbol: str) -> Series:
        entry = self._entry(symbol)
        with entry.lock:  # one question at a time per symbol; the others find its answer
            now = self._clock()
            if entry.series is not None and entry.fresh_until is not None and now < entry.fresh_until:
                return entry.series
            try:
                entry.series = self._source.bars(symbol)
            except SourceUnavailable:
                if entry.series is None or entry.fetched_at is None:
                    raise
                logger.warning("stale market data served", extra={"symbol": symbol})
                entry.series = _stale(entry.series, entry.fetched_at)
                entry.fresh_until = now + TTL_FAILED
                return entry.series
            entry.fetched_at, entry.fresh_until = now, _fresh_until(symbol, now)
            return entry.series

    def _entry(self, symbol: str) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(symbol, _Entry())
            self._entries.move_to_end(symbol)
            while len(self._entries) > self._max_symbols:
                self._entries.popitem(last=False)
            return entry


def _fresh_until(symbol: str, now: datetime) -> datetime:
    """How long an answer counts: seconds while prices move, else until the next opening."""
    moves = symbol.endswith("-USD") or calendar.is_open(now) or calendar.is_open(now - SETTLING)
    return now + TTL_OPEN if moves else calendar.next_open(now)


def _stale(series: Series, fetched_at: datetime) -> Series:
    since = calendar.new_york(fetched_at)
    stale = f"The source does not answer; stale since {since.day} {since:%b %Y, %H:%M} ET."
    note = series.provenance.note
    if stale in note:
        return series
    return replace(series, provenance=replace(series.provenance, note=f"{note} {stale}".strip()))
