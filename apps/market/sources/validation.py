"""What makes a bar believable, asked once, where its bytes come in; everything further in trusts the bars."""

from collections.abc import Iterable
from math import isfinite

from apps.market.values import Bar


def fault(bar: Bar, previous: Bar | None) -> str | None:
    """Why `bar` cannot follow `previous`, as a clause for the person who supplied it, or None."""
    prices = (bar.open, bar.high, bar.low, bar.close)
    if not all(isfinite(price) and price > 0 for price in prices):
        return "a price is not a positive number"
    if bar.high < bar.low:
        return f"high {bar.high:g} is below low {bar.low:g}"
    if not bar.low <= bar.open <= bar.high:
        return f"open {bar.open:g} is outside low to high ({bar.low:g} to {bar.high:g})"
    if not bar.low <= bar.close <= bar.high:
        return f"close {bar.close:g} is outside low to high ({bar.low:g} to {bar.high:g})"
    if bar.volume < 0:
        return "volume is negative"
    if previous is not None and bar.day == previous.day:
        return f"{bar.day} is there twice"
    if previous is not None and bar.day < previous.day:
        return f"{bar.day} comes after {previous.day}; dates must ascend"
    return None


def validated(bars: Iterable[Bar]) -> tuple[Bar, ...]:
    """The bars, oldest first and each believable. Raises ValueError with the first fault."""
    good: list[Bar] = []
    for bar in bars:
        if reason := fault(bar, good[-1] if good else None):
            raise ValueError(f"{bar.day}: {reason}")
        good.append(bar)
    return tuple(good)
