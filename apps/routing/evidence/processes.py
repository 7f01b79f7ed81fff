"""Evidence that stays valid while people look at it: e-processes over counts, and the bounds that follow from them.

An e-process starts at 1 and, if its null hypothesis is true, is expected to stay at or below 1 whenever one looks.
So it ever reaches 1/alpha with probability at most alpha (Ville, Étude critique de la notion de collectif, 1939):
no number of looks has to be planned, and none is paid for.

Two nulls are enough for a rollout.

*The ratio of two arms' rates* (`log_e_of_ratio`). Sessions are assigned candidate : control at known odds, and some
turn out bad. Given that a session is bad, it is the candidate's with probability q = odds·θ / (1 + odds·θ), θ being
the candidate's rate divided by the control's. How often sessions turn bad has dropped out: an outage that hits both
arms, a quiet night and a change of the odds leave the statement true. (Conditioning: Przyborowski and Wilenski,
Biometrika 31, 1940. Sequentially: Lindon and Malek, arXiv 2011.03567; Lindon and others, arXiv 2205.14762.)

*The rate of one arm* (`log_e_of_rate`), for what a ratio cannot say while nothing fails.

Both multiply the odds of the null by a multiplier λ and weigh the likelihood ratios of many λ with fixed weights
(mixture: Robbins, Annals of Mathematical Statistics 41, 1970). Validity holds for any weights that are fixed in
advance; they only decide how soon an effect of some size is seen.

Sessions must be independent given the arm. Where one person has many sessions, the person must be the unit.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: How far a bound is searched, as logarithm of the ratio: e^-25 to e^25.
_LOG_RATIO_REACH = 25.0
_HALVINGS = 45


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mixture:
    """Multipliers of the null's odds and the logarithms of their weights, which sum to 1."""

    multipliers: FloatArray
    log_weights: FloatArray

    @classmethod
    def bell(cls, *, low: float, high: float, centre: float, spread: float, n: int) -> "Mixture":
        """Multipliers in equal steps of the logarithm, weighed by a normal curve over the logarithm."""
        return cls(multipliers=np.geomspace(low, high, n), log_weights=_bell(low, high, centre, spread, n))

    @classmethod
    def two_bells(cls, *, low: float, high: float, centre: float, spread: float, n: int) -> "Mixture":
        """The same over how far a multiplier's logarithm is from 0, half of the weight on either side."""
        distances, log_weights = np.geomspace(low, high, n), _bell(low, high, centre, spread, n)
        return cls(
            multipliers=np.exp(np.concatenate([-distances[::-1], distances])),
            log_weights=np.concatenate([log_weights[::-1], log_weights]) - math.log(2),
        )


def _bell(low: float, high: float, centre: float, spread: float, n: int) -> FloatArray:
    log_weights = -0.5 * (np.log(np.geomspace(low, high, n) / centre) / spread) ** 2
    return log_weights - _log_sum_exp(log_weights)


def _log_sum_exp(exponents: FloatArray) -> FloatArray:
    """log(Σ exp) over the last axis."""
    largest: FloatArray = np.max(exponents, axis=-1)
    total: FloatArray = largest + np.log(np.sum(np.exp(exponents - largest[..., np.newaxis]), axis=-1))
    return total


#: "The candidate fails more": centred where a bad release usually is, at seven times the failures.
ABOVE = Mixture.bell(low=1.15, high=60, centre=7, spread=1.0, n=24)
#: "It fails less than that": what a bound from above is made of.
BELOW = Mixture.bell(low=0.02, high=0.95, centre=0.5, spread=0.7, n=24)
#: "Sessions go missing", in either arm: from 4 % of them to most, centred at a fifth.
ASTRAY = Mixture.two_bells(low=0.04, high=2, centre=0.2, spread=0.45, n=12)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """How many units fell to each arm, by the odds candidate : control they were assigned under.

    `odds` has one positive, finite entry a cell; `candidate` and `control` have cells on the last axis and may have
    further axes in front, one entry a look or a simulated rollout.
    """

    odds: FloatArray
    candidate: FloatArray
    control: FloatArray

    def swapped(self) -> "Counts":
        return Counts(odds=1 / self.odds, candidate=self.control, control=self.candidate)


def log_e_of_ratio(counts: Counts, *, ratio: float | FloatArray, mixture: Mixture) -> FloatArray:
    """Logarithm of the evidence against "the candidate's rate is `ratio` times the control's".

    With the candidate's k of N in a cell, q the candidate's probability under the null and λ a multiplier, a cell adds
    k·log λ - N·log(1 - q + q·λ), the log likelihood ratio of the ratio λ·`ratio` against `ratio`.

    A mixture of λ > 1 also tests "at most `ratio`", one of λ < 1 "at least": the expected factor
    1 + (p - q)(λ - 1)/(1 - q + q·λ) of one unit that is the candidate's with probability p is at most 1 for every p
    on the null's side of q. The ratio may therefore wander from unit to unit as long as it stays on that side.
    """
    odds = counts.odds * np.asarray(ratio)[..., np.newaxis]
    # log(1 - q + q·λ), one row a cell and one column a multiplier.
    tilt = np.log1p((odds / (1 + odds))[..., np.newaxis] * (mixture.multipliers - 1))
    gained = np.sum(counts.candidate, axis=-1)[..., np.newaxis] * np.log(mixture.multipliers)
    paid = np.einsum("...c,...cm->...m", counts.candidate + counts.control, tilt)
    return _log_sum_exp(gained - paid + mixture.log_weights)


def log_e_of_rate(
    *, bad: float | FloatArray, n: float | FloatArray, rate: float | FloatArray, mixture: Mixture
) -> FloatArray:
    """Logarithm of the evidence against "the average rate so far is `rate`", `bad` of `n` having been seen.

    A multiplier λ gives exp(k·log λ - n·log(1 - p + p·λ)). Let the i-th session be bad with probability p_i, which
    may depend on the past. Then Π λ^x_i / (1 - p_i + p_i·λ) is a martingale. log(1 - p + p·λ) is concave in p, so by
    Jensen Σ log(1 - p_i + p_i·λ) <= n·log(1 - p̄ + p̄·λ): with p = p̄, the average of the p_i, the process lies at or
    below that martingale, and with λ < 1 it only falls for smaller p. It so tests "the average is at least `rate`"
    for rates that change over time. (Its shape: Waudby-Smith and Ramdas, arXiv 2010.09686.)
    """
    gained = np.asarray(bad, dtype=float)[..., np.newaxis] * np.log(mixture.multipliers)
    tilt = np.log1p(np.asarray(rate)[..., np.newaxis] * (mixture.multipliers - 1))
    paid = np.asarray(n, dtype=float)[..., np.newaxis] * tilt
    return _log_sum_exp(gained - paid + mixture.log_weights)


def ratio_ceiling(counts: Counts, *, alpha: float) -> float | None:
    """Upper bound of the ratio, at every look at once with probability 1 - alpha; None where the data give none.

    The largest ratio that the evidence for "less" does not reject; that evidence only grows with the ratio.
    """
    reached = math.log(1 / alpha)

    def is_rejected(log_ratio: float) -> bool:
        return bool(log_e_of_ratio(counts, ratio=math.exp(log_ratio), mixture=BELOW) >= reached)

    if not is_rejected(_LOG_RATIO_REACH):
        return None
    if is_rejected(-_LOG_RATIO_REACH):
        return math.exp(-_LOG_RATIO_REACH)
    return math.exp(_switch(is_rejected, low=-_LOG_RATIO_REACH, high=_LOG_RATIO_REACH))


def ratio_floor(counts: Counts, *, alpha: float) -> float:
    """Lower bound of the ratio, in the same sense; 0 where the data give none."""
    ceiling = ratio_ceiling(counts.swapped(), alpha=alpha)
    return 0.0 if ceiling is None else 1 / ceiling


def ratio_estimate(counts: Counts) -> float | None:
    """The ratio that makes the counts most likely given each cell's total; None while the control has nothing bad.

    It solves Σ (k - N·q) = 0, the score of the conditional likelihood.
    """
    k, total = float(np.sum(counts.candidate)), counts.candidate + counts.control
    if not np.sum(counts.control):
        return None
    if not k:
        return 0.0

    def expects_more(log_ratio: float) -> bool:
        odds = counts.odds * math.exp(log_ratio)
        return bool(np.sum(total * odds / (1 + odds)) >= k)

    return math.exp(_switch(expects_more, low=-_LOG_RATIO_REACH, high=_LOG_RATIO_REACH))


def rate_ceiling(*, bad: float, n: float, alpha: float) -> float:
    """Upper bound of one arm's average rate so far, at every look at once with probability 1 - alpha; 1 at n = 0.

    The largest rate whose `log_e_of_rate` for "less" stays below log(1/alpha); it only grows with the rate.
    """
    reached = math.log(1 / alpha)

    def is_rejected(rate: float) -> bool:
        return bool(log_e_of_rate(bad=bad, n=n, rate=rate, mixture=BELOW) >= reached)

    return _switch(is_rejected, low=0.0, high=1.0) if is_rejected(1.0) else 1.0


def _switch(holds: Callable[[float], bool], *, low: float, high: float) -> float:
    """Where a statement that is false at `low` and true at `high` becomes true, from the side where it is."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
