"""Real daily prices to 1 March 2013 that may be given to anyone: Quandl's WIKI set, dedicated to the public domain.

`apps/market/data/NOTICE.md` names origin, licence and checksum. The file holds prices as they were quoted; here
they are adjusted for the splits within their span, so that a split is no crash. Dividends are left alone.
"""

import csv
import gzip
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

from apps.market.errors import NoData
from apps.market.sources.validation import validated
from apps.market.values import Bar, Kind, Provenance, Series

FILE = Path(__file__).parents[1] / "data" / "stocks.csv.gz"
#: Symbol → the ticker in the file.
TICKERS = {"AAPL": "AAPL", "GOOG": "GOOG", "IBM": "IBM", "META": "FB", "MSFT": "MSFT"}
#: Symbol → first day of the new shares, and how many came of one.
SPLITS = {
    "AAPL": ((date(2000, 6, 21), 2), (date(2005, 2, 28), 2)),
    "MSFT": ((date(2003, 2, 18), 2),),
}
NOTE = "Prices as quoted then, adjusted for the splits up to that day, not for later ones."
META_NOTE = "META is Meta Platforms (then Facebook, FB). "


class SampleSource:
    """The bundled history; each symbol is read at its first question and kept."""

    name = "Sample data to 1 Mar 2013"
    kind = Kind.SAMPLE

    def symbols(self) -> tuple[str, ...]:
        return tuple(TICKERS)

    def bars(self, symbol: str) -> Series:
        if symbol not in TICKERS:
            raise NoData(f"The sample data has no {symbol}.", symbol=symbol)
        return _series(symbol)


@cache
def _series(symbol: str) -> Series:
    bars = validated(_adjusted(symbol, bar) for bar in _quoted(TICKERS[symbol]))
    return Series(
        symbol=symbol,
        bars=bars,
        provenance=Provenance(
            source="sample data (Quandl WIKI, public domain)",
            kind=Kind.SAMPLE,
            as_of=bars[-1].day,
            note=(META_NOTE if symbol == "META" else "") + NOTE,
        ),
    )


def _quoted(ticker: str) -> Iterator[Bar]:
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
        mine = (line for line in file if line.startswith(f"{ticker},"))
        for _, day, opened, high, low, close, volume, _ in csv.reader(mine):
            yield Bar(date.fromisoformat(day), float(opened), float(high), float(low), float(close), int(volume))


def _adjusted(symbol: str, bar: Bar) -> Bar:
    ratio = 1
    for first_day, shares in SPLITS.get(symbol, ()):
        ratio *= shares if bar.day < first_day else 1
    if ratio == 1:
        return bar
    opened, high, low, close = (round(price / ratio, 4) for price in (bar.open, bar.high, bar.low, bar.close))
    return Bar(bar.day, opened, high, low, close, bar.volume * ratio)
