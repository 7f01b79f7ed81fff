"""Builders of bars, series and a toolbox over them."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from apps.market.analysis.series import Analysis, analyse
from apps.market.errors import NoData, UnknownSymbol
from apps.market.tools.market_toolbox import MarketToolbox
from apps.market.tools.results import Knowledge, Passage
from apps.market.values import Bar, Instrument, Kind, Provenance, Series

LAST_DAY = date(2013, 3, 1)
NOW = datetime(2013, 3, 1, 22, 0, tzinfo=UTC)


def make_days(n: int, last: date = LAST_DAY, *, weekends: bool = False) -> list[date]:
    """`n` days up to and including `last`, without Saturdays and Sundays unless asked for."""
    days: list[date] = []
    day = last
    while len(days) < n:
        if weekends or day.weekday() < 5:
            days.append(day)
        day -= timedelta(days=1)
    return days[::-1]


def make_bars(
    n: int,
    seed: int = 1,
    *,
    start: float = 100.0,
    drift: float = 0.0003,
    swing: float = 0.015,
    last: date = LAST_DAY,
    weekends: bool = False,
) -> list[Bar]:
    """A seeded random walk with consistent bars: low <= open, close <= high."""
    rng = random.Random(seed)
    bars = []
    close = start
    for day in make_days(n, last, weekends=weekends):
        opened = close * (1 + rng.gauss(0, swing / 4))
        close = opened * (1 + rng.gauss(drift, swing))
        high = max(opened, close) * (1 + abs(rng.gauss(0, swing / 2)))
        low = min(opened, close) * (1 - abs(rng.gauss(0, swing / 2)))
        bars.append(Bar(day, opened, high, low, close, rng.randrange(1_000, 9_000_000)))
    return bars


def make_series(
    bars: Sequence[Bar], *, symbol: str = "AAPL", kind: Kind = Kind.SAMPLE, source: str = "test data"
) -> Series:
    provenance = Provenance(source=source, kind=kind, as_of=bars[-1].day)
    return Series(symbol=symbol, bars=tuple(bars), provenance=provenance)


def make_flat_bars(closes: Sequence[float], *, reach: float = 1.0, last: date = LAST_DAY) -> list[Bar]:
    """A bar a close that opens where it closes and reaches `reach` to either side: ATR is about twice that."""
    return [
        Bar(day, close, close + reach, close - reach, close, 1_000)
        for day, close in zip(make_days(len(closes), last), closes, strict=True)
    ]


def make_analysis(
    bars: Sequence[Bar], *, symbol: str = "AAPL", asset: str = "stock", kind: Kind = Kind.SAMPLE
) -> Analysis:
    instrument = Instrument(symbol=symbol, name=f"{symbol} Incorporated", asset=asset)
    return analyse(instrument, make_series(bars, symbol=symbol, kind=kind))


class SeriesRepository:
    """Serves the series it was given."""

    def __init__(self, *series: Series) -> None:
        self._series = {one.symbol: one for one in series}

    def series(self, symbol: str) -> Series:
        if symbol not in self._series:
            raise NoData(f"There are no bars of {symbol}.")
        return self._series[symbol]


class WeekdayCalendar:
    """Every weekday is a session that ends at 21:00 UTC."""

    def market_status(self, now: datetime) -> str:
        return "NYSE is closed."

    def last_finished_session(self, now: datetime) -> date:
        day = now.date() if now.hour >= 21 else now.date() - timedelta(days=1)
        while day.weekday() >= 5:
            day -= timedelta(days=1)
        return day

    def sessions_between(self, earlier: date, later: date) -> int:
        days = (earlier + timedelta(days=i + 1) for i in range((later - earlier).days))
        return sum(day.weekday() < 5 for day in days)


KNOWN = {
    "AAPL": Instrument(symbol="AAPL", name="Apple Inc."),
    "IBM": Instrument(symbol="IBM", name="IBM"),
    "META": Instrument(symbol="META", name="Meta Platforms"),
    "BTC-USD": Instrument(symbol="BTC-USD", name="Bitcoin", asset="crypto"),
}


def instruments(symbol: str) -> Instrument:
    if symbol.upper() not in KNOWN:
        raise UnknownSymbol(f"{symbol} is not a symbol this product knows.", nearest=["AAPL"])
    return KNOWN[symbol.upper()]


def knowledge(query: str, *, limit: int) -> Knowledge:
    passages = [Passage(file="risk.md", heading=f"Part {i}", title="Risk", text=query, score=1.0) for i in range(limit)]
    return Knowledge(query=query, passages=passages)


def make_toolbox(*series: Series, now: datetime = NOW, **parts: Any) -> MarketToolbox:
    return MarketToolbox(
        repository=SeriesRepository(*series),
        instruments=instruments,
        calendar=WeekdayCalendar(),
        knowledge=knowledge,
        clock=lambda: now,
        **parts,
    )
