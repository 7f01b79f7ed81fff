"""Numbers as people read them: unit, interval, and how many turns they rest on; too few are said to be too few."""

import math
from dataclasses import dataclass, replace
from enum import Enum

from apps.metrics.rollups.histogram import Histogram
from apps.metrics.rollups.intervals import mean_of, rate_of

#: Below this a share or a mean says more about chance than about the thing.
ENOUGH = 10
NOTHING = "–"


class Unit(Enum):
    """What a number counts: the word behind it, and the end of its column's name in a CSV."""

    MS = "ms"
    PERCENT = "percent"
    USD = "usd"
    TOKENS = "tokens"
    COUNT = "count"
    RATIO = "ratio"

    @property
    def word(self) -> str:
        return {Unit.PERCENT: "%", Unit.USD: "USD", Unit.COUNT: "", Unit.RATIO: ""}.get(self, self.value)

    @property
    def suffix(self) -> str:
        return "" if self in (Unit.COUNT, Unit.RATIO) else self.value

    def shown(self, value: float) -> str:
        """The number alone, for a place that names the unit."""
        match self:
            case Unit.USD:
                return _significant(value, 3)
            case Unit.PERCENT:
                return f"{value:.1f}" if 0 < value < 10 or 90 < value < 100 else f"{value:.0f}"
            case Unit.RATIO:
                return f"{value:,.2f}"
            case _:
                return f"{value:,.1f}" if 0 < abs(value) < 10 and value != round(value) else f"{value:,.0f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`value` is None where there is nothing to say; `text` then says why. `low` and `high` hold it with 95 %.

    `rough` is what was measured where that is too few to say: a picture marks it, and nothing prints it.
    """

    unit: Unit
    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    rough: float | None = None
    n: int = 0
    noun: str = "turn"
    note: str = ""

    @property
    def bounds(self) -> tuple[float, float] | None:
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def interval(self) -> str:
        if self.bounds is None:
            return ""
        low, high = map(self.unit.shown, self.bounds)
        return f"{low}–{high}"

    @property
    def short(self) -> str:
        """For a narrow place."""
        return self.text if self.value is not None or not self.n else "too few"

    @property
    def n_text(self) -> str:
        """n where the figure is not itself a count."""
        return "" if self.unit is Unit.COUNT else f"n {self.n:,}"

    @property
    def n_words(self) -> str:
        return counted(self.n, self.noun)


def counted(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def few(n: int, noun: str, unit: Unit, *, note: str = "") -> Figure:
    """ "12 turns: too few to say" in the place of a number that chance made."""
    text = f"{counted(n, noun)}: too few to say" if n else f"No {noun}s"
    return Figure(unit=unit, text=text, n=n, noun=noun, note=note)


def plain(value: float, *, unit: Unit, n: int, noun: str = "turn", low: float | None = None,
          high: float | None = None, note: str = "") -> Figure:  # fmt: skip
    return Figure(unit=unit, text=unit.shown(value), value=value, low=low, high=high, n=n, noun=noun, note=note)


def quantile(histogram: Histogram, p: float, *, noun: str = "turn") -> Figure:
    """A percentile in ms; too few where no interval exists, and not even rough where it would be the largest value."""
    found = histogram.interval(p)
    if found is not None:
        return plain(found.value, unit=Unit.MS, n=found.n, noun=noun, low=found.low, high=found.high)
    rough = histogram.quantile(p) if histogram.n * (1 - p) >= 1 else None
    return replace(few(histogram.n, noun, Unit.MS), rough=rough)


def share(k: int, n: int, *, noun: str = "turn") -> Figure:
    """k of n in percent with Wilson's interval."""
    found = rate_of(k, n)
    if found is None:
        return few(n, noun, Unit.PERCENT)
    if n < ENOUGH:
        return replace(few(n, noun, Unit.PERCENT, note=f"{k:,} of {n:,}"), rough=100 * found.value)
    low, high = 100 * found.low, 100 * found.high
    return plain(100 * found.value, unit=Unit.PERCENT, n=n, noun=noun, low=low, high=high)


def mean(total: float, squares: float | None, n: int, *, unit: Unit, noun: str = "turn", n_unknown: int = 0) -> Figure:
    """The mean of n values, with an interval where their squares are known; `n_unknown` more have none: it is said."""
    if n == 0 and n_unknown:
        return Figure(unit=unit, text="Unknown", noun=noun, note=f"unknown for {counted(n_unknown, noun)}")
    if n < ENOUGH:
        return replace(few(n, noun, unit), rough=total / n if n else None)
    unknown = f"unknown for {n_unknown:,} more" if n_unknown else ""
    found = mean_of(n=n, total=total, squares=squares) if squares is not None else None
    low, high = (found.low, found.high) if found else (None, None)
    return plain(total / n, unit=unit, n=n, noun=noun, low=low, high=high, note=unknown)


def _significant(value: float, digits: int) -> str:
    """Money is read to its leading digits, without an exponent: 0.00421, 12.3, 1,240."""
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(decimals, 8)}f}"
