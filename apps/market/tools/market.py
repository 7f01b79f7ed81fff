"""What the tools read: bars, instruments, the calendar, our own writing, and the time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from apps.market.analysis.series import Analysis, analyse
from apps.market.tools.results import Knowledge
from apps.market.values import Instrument, Series


class Repository(Protocol):
    def series(self, symbol: str) -> Series:
        """All daily bars of `symbol`. Raises NoData or SourceUnavailable."""
        ...


class Calendar(Protocol):
    """When the New York Stock Exchange trades; `apps.market.calendar` is one."""

    def market_status(self, now: datetime) -> str: ...

    def last_finished_session(self, now: datetime) -> date: ...

    def sessions_between(self, earlier: date, later: date) -> int:
        """Sessions after `earlier` up to and including `later`; 0 when `later` is not later."""
        ...


class KnowledgeSearch(Protocol):
    def __call__(self, query: str, *, limit: int) -> Knowledge: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """`instruments` resolves a symbol or raises UnknownSymbol; `clock` gives the time, aware."""

    repository: Repository
    instruments: Callable[[str], Instrument]
    calendar: Calendar
    knowledge: KnowledgeSearch
    clock: Callable[[], datetime]

    def analysis(self, symbol: str) -> Analysis:
        instrument = self.instruments(symbol)
        series = self.repository.series(instrument.symbol)
        return analyse(instrument, series, is_forming=series.last.day > self.last_finished_day(instrument))

    def last_finished_day(self, instrument: Instrument) -> date:
        """The last day whose bar is complete: of crypto yesterday in UTC, otherwise of the last finished session."""
        now = self.clock()
        if instrument.asset == "crypto":
            return now.astimezone(UTC).date() - timedelta(days=1)
        return self.calendar.last_finished_session(now)
