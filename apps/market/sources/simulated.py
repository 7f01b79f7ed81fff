"""Made-up daily prices for symbols that no free data set covers, so that every feature has bars up to yesterday.

Nobody may take them for the market: each series says it is simulated, and every price starts at a round number.
A bar is a function of the seed and the days up to its own, so a new day never changes an old one. Only +, −, ×, ÷ and
square roots of doubles are used, which IEEE 754 fixes to the bit: the bars are the same on every machine.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import shake_128
from math import sqrt
from struct import unpack

from apps.market import calendar
from apps.market.errors import NoData
from apps.market.sources.validation import validated
from apps.market.values import Bar, Kind, Provenance, Series

FIRST_DAY = date(2019, 1, 2)
SEED = "gvses-1"
NOTE = "Simulated prices: made up, the same on every machine, not the market's."
UNIFORMS_PER_DAY = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """How a symbol moves: yearly drift and volatility as fractions, and how much of a day it shares with the market."""

    start: float
    drift: float
    volatility: float
    beta: float
    volume: int
    every_day: bool = False


CHARACTERS = {
    "AMZN": Character(start=100, drift=0.11, volatility=0.30, beta=1.15, volume=48_000_000),
    "BTC-USD": Character(start=10_000, drift=0.16, volatility=0.55, beta=0.9, volume=24_000, every_day=True),
    "NVDA": Character(start=100, drift=0.15, volatility=0.42, beta=1.5, volume=210_000_000),
    "PLTR": Character(start=100, drift=0.09, volatility=0.52, beta=1.4, volume=62_000_000),
    "QQQ": Character(start=100, drift=0.09, volatility=0.20, beta=1.15, volume=44_000_000),
    "SPY": Character(start=100, drift=0.07, volatility=0.16, beta=1.0, volume=74_000_000),
    "TSLA": Character(start=100, drift=0.10, volatility=0.48, beta=1.5, volume=95_000_000),
}
MARKET_VOLATILITY = 0.15


class SimulatedSource:
    """The simulated feed up to the last finished session (UTC day for crypto) of `clock`."""

    name = "Simulated"
    kind = Kind.SIMULATED

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._series: dict[str, Series] = {}

    def symbols(self) -> tuple[str, ...]:
        return tuple(CHARACTERS)

    def bars(self, symbol: str) -> Series:
        if symbol not in CHARACTERS:
            raise NoData(f"There is no simulation of {symbol}.", symbol=symbol)
        last_day = _last_day(CHARACTERS[symbol], self._clock())
        series = self._series.get(symbol)
        if series is None or series.last.day != last_day:
            series = self._series[symbol] = simulate(symbol, last_day)
        return series


def simulate(symbol: str, last_day: date) -> Series:
    """All bars of `symbol` up to `last_day`. Raises NoData before the simulation begins."""
    bars = validated(_bars(symbol, CHARACTERS[symbol], last_day))
    if not bars:
        raise NoData(f"The simulation of {symbol} begins on {FIRST_DAY}.", symbol=symbol)
    provenance = Provenance(source="simulated prices", kind=Kind.SIMULATED, as_of=bars[-1].day, note=NOTE)
    return Series(symbol=symbol, bars=bars, provenance=provenance)


def _last_day(character: Character, now: datetime) -> date:
    session = calendar.last_finished_session(now)
    return now.astimezone(UTC).date() - timedelta(days=1) if character.every_day else session


def _bars(symbol: str, character: Character, last_day: date) -> Iterator[Bar]:
    days_a_year = 365 if character.every_day else 252
    daily = character.volatility / sqrt(days_a_year)
    shared = character.beta * MARKET_VOLATILITY / sqrt(days_a_year)
    own = sqrt(max(daily * daily - shared * shared, daily * daily * 0.05))
    drift = character.drift / days_a_year

    close = anchor = character.start
    heat = market_heat = 1.0  # variance against its mean; calm and wild days cluster because it decays slowly
    trend = 0.0
    n_days = (last_day - FIRST_DAY).days + 1
    for day in (FIRST_DAY + timedelta(days=n) for n in range(n_days)):
        market = _normal(_uniforms("market", day))
        market_move, market_heat = market * sqrt(market_heat), _next_heat(market_heat, market)
        if not (character.every_day or calendar.is_session(day)):
            continue
        uniforms = _uniforms(symbol, day)
        z = _normal(uniforms)
        trend = 0.985 * trend + 0.05 * (uniforms[12] - 0.5) * daily
        jump = 8 * (uniforms[14] - 0.5) if uniforms[13] < 0.02 else 0.0
        pull = 0.004 * min(max(anchor / close - 1, -0.5), 0.5)
        own_move = own * (z * sqrt(heat) + jump)
        change = min(max(drift + trend + pull + shared * market_move + own_move, -0.25), 0.25)
        heat, anchor = _next_heat(heat, z), anchor * (1 + drift)

        opened = close * (1 + change * 0.6 * uniforms[15] + daily * 0.25 * (uniforms[16] - 0.5))
        closed = close * (1 + change)
        reach = daily * sqrt(heat) * 0.9
        high = max(opened, closed) * (1 + reach * uniforms[17] * uniforms[18])
        low = min(opened, closed) * (1 - reach * uniforms[19] * uniforms[20])
        effort = 0.55 + 0.5 * uniforms[21] + 0.25 * min(abs(change) / daily, 6) * uniforms[22]
        volume = int(character.volume * effort)
        yield Bar(day, round(opened, 2), round(high, 2), round(low, 2), round(closed, 2), volume)
        close = closed


def _next_heat(heat: float, z: float) -> float:
    """The next day's variance against its mean: a tenth follows the day's own surprise (GARCH)."""
    return min(0.03 + 0.10 * heat * z * z + 0.87 * heat, 9.0)


def _uniforms(name: str, day: date) -> list[float]:
    """Numbers from 0 to 1 that belong to this name and day alone."""
    digest = shake_128(f"{SEED}:{name}:{day.isoformat()}".encode()).digest(4 * UNIFORMS_PER_DAY)
    return [word / 4294967296.0 for word in unpack(f">{UNIFORMS_PER_DAY}I", digest)]


def _normal(uniforms: list[float]) -> float:
    """Nearly normal with mean 0 and variance 1: the sum of twelve uniforms, less six, added from left to right."""
    total = -6.0
    for uniform in uniforms[:12]:
        total += uniform
    return total
