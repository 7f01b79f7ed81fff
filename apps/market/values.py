"""What the market did, as pure values: a day's bar, a series of them, and where they come from.

Prices are in the instrument's currency (US dollars for every bundled source), volumes in shares (units for
crypto), days are exchange days (America/New_York; UTC for crypto).
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """How true the numbers are: live or recorded for the day, a bundled historical sample, or made up."""

    REAL = "real"
    SAMPLE = "sample"
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a value comes from. `source` names it for people; `as_of` is the day of the last bar."""

    source: str
    kind: Kind
    as_of: date
    #: A sentence for the reader where the numbers need one ("Prices as quoted then, adjusted for splits").
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One trading day."""

    day: date
    open: float
    high: float
    low: float
    close: float
    volume: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Daily bars of one symbol, oldest first, days unique and ascending, never empty."""

    symbol: str
    bars: tuple[Bar, ...]
    provenance: Provenance

    @property
    def last(self) -> Bar:
        return self.bars[-1]

    @property
    def closes(self) -> list[float]:
        return [bar.close for bar in self.bars]

    @property
    def highs(self) -> list[float]:
        return [bar.high for bar in self.bars]

    @property
    def lows(self) -> list[float]:
        return [bar.low for bar in self.bars]

    def until(self, day: date) -> "Series":
        """The series as it stood at the close of `day`. Raises ValueError when it had not begun."""
        bars = tuple(bar for bar in self.bars if bar.day <= day)
        if not bars:
            raise ValueError(f"{self.symbol} has no bar on or before {day}")
        return replace(self, bars=bars, provenance=replace(self.provenance, as_of=bars[-1].day))


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """What a symbol stands for. `asset` is `stock`, `etf` or `crypto`."""

    symbol: str
    name: str
    asset: str = "stock"
    industry: str = ""
