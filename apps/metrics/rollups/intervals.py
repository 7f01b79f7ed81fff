"""Rates and means with the uncertainty they carry, for reading: intervals of one look, which decide nothing."""

import math
from statistics import NormalDist

from apps.routing.evidence.intervals import Interval

#: Fewer values say nothing of how far a mean may be off.
FEWEST_FOR_A_MEAN = 6


def rate_of(hits: int, n: int, *, level: float = 0.95) -> Interval | None:
    """The share of hits with Wilson's score interval, which holds its level for few values too; None of none."""
    if n <= 0:
        return None
    z = NormalDist().inv_cdf((1 + level) / 2)
    rate = hits / n
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    # At the ends the bound is the rate itself; computed, it is off by the last digit.
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    high = 1.0 if hits == n else min(1.0, centre + half)
    return Interval(value=rate, low=low, high=high, n=n)


def mean_of(*, n: int, total: float, squares: float, level: float = 0.95) -> Interval | None:
    """The mean and its normal interval, from the sum and the sum of squares; None below six values.

    For amounts that are skewed it covers somewhat less than its level until there are hundreds. No bound of an amount
    lies below zero.
    """
    if n < FEWEST_FOR_A_MEAN:
        return None
    mean = total / n
    # What cancels leaves a rest of rounding, which may be negative.
    variance = max(0.0, squares - n * mean * mean) / (n - 1)
    half = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(variance / n)
    return Interval(value=mean, low=max(0.0, mean - half), high=mean + half, n=n)
