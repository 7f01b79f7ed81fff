"""Swing highs and lows: the bars at which price turned, known only once the turn is complete."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from apps.market.values import Bar

#: Bars on each side that a pivot stands out from.
REACH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivot:
    """`index` is the bar's place in the bars searched; the pivot is known from bar `index + REACH` on."""

    index: int
    day: date
    price: float
    is_high: bool


def find_pivots(bars: Sequence[Bar], *, first: int = 0) -> list[Pivot]:
    """The pivots from bar `first` on, oldest first.

    A swing high is a bar whose high exceeds those of the four bars before it and is not exceeded by the four after
    it; a swing low mirrors that. Of equal neighbours the first counts. The last four bars therefore hold none.
    """
    highs = [bar.high for bar in bars]
    lows = [bar.low for bar in bars]
    pivots = []
    for i in range(max(first, REACH), len(bars) - REACH):
        before, after = slice(i - REACH, i), slice(i + 1, i + 1 + REACH)
        if highs[i] > max(highs[before]) and highs[i] >= max(highs[after]):
            pivots.append(Pivot(index=i, day=bars[i].day, price=highs[i], is_high=True))
        if lows[i] < min(lows[before]) and lows[i] <= min(lows[after]):
            pivots.append(Pivot(index=i, day=bars[i].day, price=lows[i], is_high=False))
    return pivots
