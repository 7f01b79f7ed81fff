"""Prices that several observations share: the raw material of support and resistance.

Evidence is a price with a reason: a swing high or low, a moving average, a retracement, an extreme. Evidence within
0.6 ATR forms one zone. Recent swings weigh more: each counts exp(-age / 120 bars), every other evidence counts 1.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

from apps.market.analysis.pivots import REACH, find_pivots
from apps.market.analysis.rounding import day_text, price, price_text
from apps.market.analysis.series import Analysis, bars_of_52_weeks
from apps.market.values import Bar

PIVOT_BARS = 250
SWING_BARS = 120
RECENT_BARS = 20
#: A base: closes of this many bars within so many ATR. Over a random walk that is rare.
BASE_BARS = 15
BASE_ATR = 2.5
#: Widest zone, in ATR.
ZONE_ATR = 0.6
#: Age in bars at which a swing weighs 1/e.
FADE_BARS = 120
#: A swing below so many ATR is noise, and so are its retracements.
SWING_ATR = 3
#: A lone swing high or low makes a level for this many bars.
LONE_PIVOT_BARS = 60
ROUND_ATR = 0.3


class Evidence(StrEnum):
    SMA_50 = "50-day average"
    SMA_200 = "200-day average"
    FIB_38 = "38.2 % retracement"
    FIB_50 = "50 % retracement"
    FIB_62 = "61.8 % retracement"
    HIGH_52W = "52-week high"
    LOW_52W = "52-week low"
    HIGH_20D = "20-day high"
    LOW_20D = "20-day low"
    BASE = "consolidation"
    SWING_HIGH = "swing high"
    SWING_LOW = "swing low"


PIVOTS = {Evidence.SWING_HIGH, Evidence.SWING_LOW}
HIGHS = {Evidence.HIGH_52W, Evidence.HIGH_20D}
RETRACEMENTS = {Evidence.FIB_38: 0.382, Evidence.FIB_50: 0.5, Evidence.FIB_62: 0.618}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One piece of evidence. `age` is in bars; `day` and `age` are set where the evidence is a bar's."""

    evidence: Evidence
    price: float
    reason: str
    day: date | None = None
    age: int = 0

    @property
    def weight(self) -> float:
        return math.exp(-self.age / FADE_BARS) if self.evidence in PIVOTS else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Marks of nearly one price, lowest first, never empty."""

    marks: tuple[Mark, ...]

    @property
    def price(self) -> float:
        """The weighted mean of the marks."""
        total = math.fsum(mark.weight for mark in self.marks)
        return price(math.fsum(mark.price * mark.weight for mark in self.marks) / total)

    @property
    def pivots(self) -> list[Mark]:
        """Swing highs and lows, oldest first."""
        return sorted((mark for mark in self.marks if mark.evidence in PIVOTS), key=lambda mark: -mark.age)

    @property
    def last_touch(self) -> date | None:
        return self.pivots[-1].day if self.pivots else None

    def find(self, evidence: Evidence) -> Mark | None:
        return next((mark for mark in self.marks if mark.evidence is evidence), None)

    @property
    def counts(self) -> bool:
        """More than one old swing: an average, retracement or extreme, two swings, or a recent one."""
        pivots = self.pivots
        return len(pivots) != 1 or len(self.marks) > 1 or pivots[0].age <= LONE_PIVOT_BARS


def find_marks(analysis: Analysis) -> list[Mark]:
    """All evidence the bars give, in no order."""
    return [*_averages(analysis), *_extremes(analysis), *retracements(analysis), *_base(analysis), *_swings(analysis)]


def group(marks: list[Mark], *, atr: float) -> list[Zone]:
    """Zones of at most 0.6 ATR, lowest first. Neighbours join as long as they fit, the tightest pair first."""
    groups = [[mark] for mark in sorted(marks, key=lambda mark: (mark.price, mark.evidence))]
    while len(groups) > 1:
        spans = [above[-1].price - below[0].price for below, above in pairwise(groups)]
        tightest = min(spans)
        if tightest > ZONE_ATR * atr:
            break
        i = spans.index(tightest)
        groups[i : i + 2] = [groups[i] + groups[i + 1]]
    return [Zone(marks=tuple(marks)) for marks in groups]


def reasons(zone: Zone, *, close: float, atr: float) -> list[str]:
    """Why the zone matters, one clause each, the averages and retracements first."""
    order = list(Evidence)
    anchors = [mark for mark in zone.marks if mark.evidence not in PIVOTS]
    found = [mark.reason for mark in sorted(anchors, key=lambda mark: order.index(mark.evidence))]
    match zone.pivots:
        case []:
            pass
        case [pivot]:
            found.append(pivot.reason)
        case [*pivots]:
            low, high = min(mark.price for mark in pivots), max(mark.price for mark in pivots)
            last = pivots[-1].day
            place = f"at {price_text(low)}" if low == high else f"between {price_text(low)} and {price_text(high)}"
            found.append(f"{_count(pivots)} {place}, the last on {day_text(last) if last else ''}")
    number = _round_number(zone.price, close=close, atr=atr)
    if number is not None:
        found.append(f"the round number {number:,.10g}")
    return found


def retracements(analysis: Analysis) -> Iterator[Mark]:
    """38.2, 50 and 61.8 % of the way back from the later to the earlier end of the last 120 bars' swing."""
    bars = analysis.bars[-SWING_BARS:]
    high, low = highest(bars), lowest(bars)
    top, bottom = price(high.high), price(low.low)
    if top - bottom < SWING_ATR * analysis.atr:
        return
    rising = high.day > low.day
    ends = (
        f"{price_text(bottom)} ({day_text(low.day)}) to {price_text(top)} ({day_text(high.day)})"
        if rising
        else f"{price_text(top)} ({day_text(high.day)}) to {price_text(bottom)} ({day_text(low.day)})"
    )
    for evidence, share in RETRACEMENTS.items():
        level = price(top - share * (top - bottom) if rising else bottom + share * (top - bottom))
        yield Mark(evidence=evidence, price=level, reason=f"{evidence} at {price_text(level)} of the swing from {ends}")


def highest(bars: Sequence[Bar]) -> Bar:
    """The bar with the highest high, the first of equals."""
    return max(bars, key=lambda bar: bar.high)


def lowest(bars: Sequence[Bar]) -> Bar:
    """The bar with the lowest low, the first of equals."""
    return min(bars, key=lambda bar: bar.low)


def _averages(analysis: Analysis) -> Iterator[Mark]:
    lines = analysis.lines
    for evidence, value in ((Evidence.SMA_50, lines.sma_50[-1]), (Evidence.SMA_200, lines.sma_200[-1])):
        if value is not None:
            yield Mark(evidence=evidence, price=value, reason=f"{evidence} at {price_text(value)}")


def _extremes(analysis: Analysis) -> Iterator[Mark]:
    """The 52-week and 20-day extremes; where both are one price, the longer speaks for both."""
    year, month = bars_of_52_weeks(analysis.bars), analysis.bars[-RECENT_BARS:]
    seen = set()
    for evidence, bars in (
        (Evidence.HIGH_52W, year),
        (Evidence.HIGH_20D, month),
        (Evidence.LOW_52W, year),
        (Evidence.LOW_20D, month),
    ):
        bar = highest(bars) if evidence in HIGHS else lowest(bars)
        value = price(bar.high if evidence in HIGHS else bar.low)
        if value in seen:
            continue
        seen.add(value)
        yield Mark(
            evidence=evidence, price=value, reason=f"{evidence} {price_text(value)} of {day_text(bar.day)}", day=bar.day
        )


def _base(analysis: Analysis) -> Iterator[Mark]:
    """The low of the last 15 bars, where their closes keep within 2.5 ATR."""
    bars = analysis.bars[-BASE_BARS:]
    closes = [bar.close for bar in bars]
    if max(closes) - min(closes) <= BASE_ATR * analysis.atr:
        low = price(min(bar.low for bar in bars))
        yield Mark(
            evidence=Evidence.BASE,
            price=low,
            reason=f"lower edge {price_text(low)} of a consolidation of {BASE_BARS} bars",
        )


def _swings(analysis: Analysis) -> Iterator[Mark]:
    bars = analysis.bars
    recent = bars[-(PIVOT_BARS + 2 * REACH) :]
    for pivot in find_pivots(recent, first=len(recent) - PIVOT_BARS):
        evidence = Evidence.SWING_HIGH if pivot.is_high else Evidence.SWING_LOW
        value = price(pivot.price)
        yield Mark(
            evidence=evidence,
            price=value,
            reason=f"{evidence} {price_text(value)} of {day_text(pivot.day)}",
            day=pivot.day,
            age=len(recent) - 1 - pivot.index,
        )


def _count(pivots: list[Mark]) -> str:
    """ "2 swing lows and 1 swing high"."""
    counts = [
        (sum(mark.evidence is evidence for mark in pivots), evidence)
        for evidence in (Evidence.SWING_LOW, Evidence.SWING_HIGH)
    ]
    return " and ".join(f"{n} {evidence}{'s' if n > 1 else ''}" for n, evidence in counts if n)


def _round_number(value: float, *, close: float, atr: float) -> float | None:
    """A round number beside `value`. Round is a multiple of the 1, 5, 10, 50 … nearest to a tenth of the close."""
    exponent = math.floor(math.log10(close / 10))
    steps = [digit * 10.0**power for power in (exponent, exponent + 1) for digit in (1, 5)]
    step = min(steps, key=lambda step: abs(math.log(step / (close / 10))))
    nearest = round(value / step) * step
    reach = min(ROUND_ATR * atr, step / 10)
    return nearest if nearest > 0 and abs(value - nearest) <= reach else None
