"""Where the verdicts begin, and how many more sessions lead there if it goes on as it did."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.routing.evidence.processes import (
    ABOVE,
    BELOW,
    Counts,
    FloatArray,
    log_e_of_rate,
    log_e_of_ratio,
    ratio_estimate,
)

BoolArray = npt.NDArray[np.bool_]

#: A forecast looks ahead until there are this many times the sessions.
FACTOR = 100
_STEPS = 40
_HALVINGS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The logarithms of evidence that the two verdicts want, and the margins they speak of."""

    log_harm: float
    log_safe: float
    safe_margin: float
    harm_margin: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """Bad sessions and all sessions by cell, the cells on the last axis; an axis in front holds several samples."""

    bad: Counts
    n_candidate: FloatArray
    n_control: FloatArray

    def rate_without(self) -> FloatArray:
        """The bad rate that the candidate's sessions would have had with the control; 0 while the control has none.

        The control's rate by cell, weighed by the candidate's sessions there: when rates change while the shares do,
        the control's plain average is that of other times. Cells without a control session are left out.
        """
        known = self.n_control > 0
        weights = np.where(known, self.n_candidate, 0)
        total = np.sum(weights, axis=-1)
        expected = np.sum(weights * self.bad.control / np.where(known, self.n_control, 1), axis=-1)
        rate: FloatArray = expected / np.where(total > 0, total, 1)
        return rate

    def ahead(self, times: FloatArray) -> "Sample":
        """The sample and `times` times as many sessions again, which turn bad as the ones so far did.

        Bad sessions of a cell split by the estimated ratio. An imaginary pair, one bad session in each arm at even
        odds, keeps the estimate finite, and where nothing was bad half a bad session is assumed.
        """
        total = self.bad.candidate + self.bad.control
        if not np.any(total):
            n = self.n_candidate + self.n_control
            total = 0.5 * n / np.sum(n)
        with_pair = Counts(
            odds=np.append(self.bad.odds, 1.0),
            candidate=np.append(self.bad.candidate, 1.0),
            control=np.append(self.bad.control, 1.0),
        )
        odds = self.bad.odds * (ratio_estimate(with_pair) or 0.0)
        more = times[..., np.newaxis]
        return Sample(
            bad=Counts(
                odds=self.bad.odds,
                candidate=self.bad.candidate + more * total * odds / (1 + odds),
                control=self.bad.control + more * total / (1 + odds),
            ),
            n_candidate=self.n_candidate * (1 + more),
            n_control=self.n_control * (1 + more),
        )


def is_harmful(sample: Sample, rule: Rule) -> BoolArray:
    """Whether "at most `harm_margin` times the control's rate" is rejected."""
    harmful: BoolArray = log_e_of_ratio(sample.bad, ratio=rule.harm_margin, mixture=ABOVE) >= rule.log_harm
    return harmful


def is_safe(sample: Sample, rule: Rule) -> BoolArray:
    """Whether an excess beyond `safe_margin` is rejected, by the candidate's rate alone or against the control's.

    The excess is (ratio - 1)·c with c the rate without the candidate, so the margin is the ratio 1 + margin / c.
    Either way suffices, so each gets half of alpha. Where c is 0 the ratio says nothing.
    """
    by_rate = log_e_of_rate(
        bad=np.sum(sample.bad.candidate, axis=-1),
        n=np.sum(sample.n_candidate, axis=-1),
        rate=rule.safe_margin,
        mixture=BELOW,
    )
    c = sample.rate_without()
    ratio = 1 + rule.safe_margin / np.where(c > 0, c, 1)
    by_ratio = log_e_of_ratio(sample.bad, ratio=ratio, mixture=BELOW)
    safe: BoolArray = (by_rate >= rule.log_safe) | ((c > 0) & (by_ratio >= rule.log_safe))
    return safe


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    more_sessions: int
    is_harmful: bool


def forecast(sample: Sample, rule: Rule) -> Forecast | None:
    """How many more sessions of both arms lead to a verdict, for a sample without one; None: not within `FACTOR`."""
    n = float(np.sum(sample.n_candidate) + np.sum(sample.n_control))
    if not n:
        return None
    steps = np.concatenate([[0.0], np.geomspace(0.01, FACTOR - 1, _STEPS)])
    later = sample.ahead(steps)
    decided = is_harmful(later, rule) | is_safe(later, rule)
    if not np.any(decided[1:]):
        return None
    first = 1 + int(np.argmax(decided[1:]))
    low, high = float(steps[first - 1]), float(steps[first])
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        there = sample.ahead(np.array(middle))
        low, high = (low, middle) if is_harmful(there, rule) or is_safe(there, rule) else (middle, high)
    return Forecast(
        more_sessions=int(np.ceil(high * n)),
        is_harmful=bool(is_harmful(sample.ahead(np.array(high)), rule)),
    )
