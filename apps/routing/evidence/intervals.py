"""Figures with the uncertainty they carry: means that may be looked at any time, and quantiles for reading.

A mean's interval is a confidence sequence: it covers at all looks at once, in the limit of many values. A quantile's
interval is of one look, decides nothing, and says so by staying out of the verdict.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """One arm's values under one set of shares: how many, their mean, their standard deviation."""

    n: int
    mean: float
    sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A value and its bounds; `n` is what it rests on."""

    value: float
    low: float
    high: float
    n: int


def mean_interval(n: int, mean: float, sd: float, *, alpha: float, n_star: int) -> Interval | None:
    """The mean, and where the true one lies at every look at once with probability 1 - alpha; None below two values.

    The width is smallest for its kind at `n_star` values: the number at which one expects to decide.
    Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic confidence
    sequences", Annals of Statistics 2024, arXiv 2103.06476. Asymptotic: heavy tails are to be winsorised first.
    """
    if n < 2:
        return None
    half = sd / math.sqrt(n) * _width(n, alpha=alpha, n_star=n_star)
    return Interval(value=mean, low=mean - half, high=mean + half, n=n)


def mean_difference(strata: Sequence[tuple[Values, Values]], *, alpha: float, n_star: int) -> Interval | None:
    """The candidate's mean minus the control's, in the same sense; one pair (candidate, control) a set of shares.

    Each set of shares is compared within itself, so that a cost that drifts while the shares grow does not pass for
    the candidate's; its difference weighs n·m / (n + m). The error of one difference is a mean over all its sessions
    of (value - mean)/share of its arm, which is what the confidence sequence of the same paper needs. Pairs with an
    arm below two values are left out; None where none is left.
    """
    pairs = [(candidate, control) for candidate, control in strata if min(candidate.n, control.n) >= 2]
    if not pairs:
        return None
    weights = [a.n * b.n / (a.n + b.n) for a, b in pairs]
    variances = [a.sd**2 / a.n + b.sd**2 / b.n for a, b in pairs]
    total = math.fsum(weights)
    value = math.fsum(w * (a.mean - b.mean) for w, (a, b) in zip(weights, pairs, strict=True)) / total
    error = math.sqrt(math.fsum(w**2 * v for w, v in zip(weights, variances, strict=True))) / total
    n = sum(a.n + b.n for a, b in pairs)
    half = error * _width(n, alpha=alpha, n_star=n_star)
    return Interval(value=value, low=value - half, high=value + half, n=n)


def _width(n: int, *, alpha: float, n_star: int) -> float:
    """Half the width in standard errors: sqrt(2(nρ² + 1)/(nρ²) · log(sqrt(nρ² + 1)/alpha)).

    ρ² = (-2 log alpha + log(1 - 2 log alpha)) / n_star makes it narrowest near `n_star`.
    """
    rho2 = (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / n_star
    grown = n * rho2 + 1
    return math.sqrt(2 * grown / (n * rho2) * math.log(math.sqrt(grown) / alpha))


def winsorised(values: Sequence[float], at: float = 0.995) -> list[float]:
    """The values, those above the `at` quantile replaced by it: one absurd bill then does not carry a mean."""
    if not values:
        return []
    return [float(value) for value in np.minimum(values, np.quantile(values, at))]


def quantile_interval(
    sorted_values: Sequence[float] | npt.NDArray[np.float64], p: float, *, level: float = 0.95
) -> Interval | None:
    """The p-quantile of ascending values, with bounds for one look; None where they are too few to say.

    Bounds are the order statistics whose ranks hold a binomial(n, p) number with probability `level`, exactly and
    whatever the values' shape (Thompson, Annals of Mathematical Statistics 7, 1936). Too few are fewer than
    4p/(1 - p) values (396 for p99), or so few that even the smallest or the largest is no bound at that level. The
    value interpolates linearly, as PostgreSQL's `percentile_cont` does.
    """
    n = len(sorted_values)
    if not 0 < p < 1 or not 0 < level < 1:
        raise ValueError(f"A quantile and its level lie between 0 and 1; these are {p} and {level}.")
    if n == 0 or n < 4 * p / (1 - p):
        return None
    low_rank, high_rank = _ranks(n, p, tail=(1 - level) / 2)
    if low_rank < 1 or high_rank > n:
        return None
    position = p * (n - 1)
    before = math.floor(position)
    after = min(before + 1, n - 1)
    step = float(sorted_values[after]) - float(sorted_values[before])
    return Interval(
        value=float(sorted_values[before]) + (position - before) * step,
        low=float(sorted_values[low_rank - 1]),
        high=float(sorted_values[high_rank - 1]),
        n=n,
    )


@lru_cache(maxsize=8192)  # a day that is over keeps its n: each look at a page asks for the same ones
def _ranks(n: int, p: float, *, tail: float) -> tuple[int, int]:
    """The largest rank whose value lies above the quantile, and the smallest whose value lies below it, with at most
    probability `tail` each; 0 and n + 1 where there is no such rank.

    B, the number of values below the quantile, is binomial. The value of rank r lies above it if B <= r - 1.
    """
    # Nine standard deviations and some: beside the whole, what lies outside is less than a float can tell from 0.
    reach = math.ceil(9 * math.sqrt(n * p * (1 - p))) + 40
    first, last = max(0, math.floor(n * p) - reach), min(n, math.ceil(n * p) + reach)
    k = np.arange(first, last, dtype=float)
    # log P(B = k + 1) - log P(B = k), summed from the first k on.
    logs = np.concatenate([[0.0], np.cumsum(np.log((n - k) / (k + 1)) + math.log(p / (1 - p)))])
    chances = np.exp(logs - np.max(logs))
    at_most = np.cumsum(chances) / np.sum(chances)
    low_rank = first + int(np.searchsorted(at_most, tail, side="right"))
    high_rank = first + int(np.searchsorted(at_most, 1 - tail, side="left")) + 1
    return low_rank, high_rank
