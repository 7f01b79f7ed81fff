"""What the sessions of a rollout prove: SAFE, HARMFUL or neither yet, and how bad it may still be.

Operations looks whenever it likes, stages change the shares, outages hit everybody, and failures are rare. A verdict
here holds under all of that: it rests on `processes`, where the mathematics and its sources stand. Everything
is a pure function of counts.

A verdict speaks of the sessions so far, and of later ones as far as these resemble them.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from apps.routing.evidence.forecast import Rule, Sample, forecast, is_harmful, is_safe
from apps.routing.evidence.processes import (
    ABOVE,
    ASTRAY,
    Counts,
    FloatArray,
    log_e_of_ratio,
    rate_ceiling,
    ratio_ceiling,
    ratio_estimate,
    ratio_floor,
)


class Verdict(StrEnum):
    SAFE = "safe"
    HARMFUL = "harmful"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The sessions assigned under one set of shares, and how many of them had at least one bad event.

    `odds` is the candidate's share divided by the control's at assignment: 0 where the candidate, infinite where the
    control could get nobody.
    """

    odds: float
    n_candidate: int
    n_control: int
    bad_candidate: int
    bad_control: int

    def __post_init__(self) -> None:
        _require_odds(self.odds)
        if not (0 <= self.bad_candidate <= self.n_candidate and 0 <= self.bad_control <= self.n_control):
            raise ValueError(f"A cell has between none and all of its sessions bad; this one has not: {self}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What one guardrail says of the candidate. Every field survives JSON; what cannot be said is None.

    Counts, rates and bounds are of the sessions assigned while both arms got some. `risk_ratio_low` and
    `risk_ratio_high` hold together, and so do the two bounds behind `excess_ceiling`: at every look at once, with
    probability 1 - alpha_safe. They are made narrow for ratios near 1 and the alarm quick for large ones, so a young
    alarm may come with a `risk_ratio_low` below 1.
    """

    verdict: Verdict
    n_candidate: int
    n_control: int
    bad_candidate: int
    bad_control: int
    rate_candidate: float | None
    rate_control: float | None
    #: The evidence for harm, whose alarm is at `threshold`. None where a float cannot hold it; `log_e` always is.
    e_value: float | None
    log_e: float
    threshold: float
    #: The candidate's rate divided by the control's.
    risk_ratio: float | None
    risk_ratio_low: float
    risk_ratio_high: float | None
    #: The largest excess of the candidate's bad rate over the control's that the sessions do not rule out.
    excess_ceiling: float
    #: Further sessions of both arms until a verdict, should it go on like this, and which it will be. None: not
    #: within a hundredfold of the sessions there are.
    more_sessions: int | None
    leads_to: Verdict | None


def judge(
    cells: Sequence[Cell],
    *,
    alpha_harm: float,
    alpha_safe: float,
    safe_margin: float,
    harm_margin: float = 1.0,
) -> Judgement:
    """What the sessions say of the candidate. Cells in which one arm could get nobody compare nothing and are left out.

    HARMFUL: "the candidate's rate is at most `harm_margin` times the control's" is rejected at `alpha_harm`. This is
    of the sessions given: later ones may take the evidence below the threshold again, so whoever acts on an alarm acts
    on the first.
    SAFE: the worst excess still possible is at most `safe_margin` (0.02: two points), at `alpha_safe`.

    The worst excess is the smaller of two ceilings, each at half of `alpha_safe`: the candidate's rate alone, and
    (ratio - 1)·c, with the ratio at its upper bound and c the rate that the candidate's sessions would have had with
    the control, as observed (`Sample.rate_without`).
    """
    for name, value in (("alpha_harm", alpha_harm), ("alpha_safe", alpha_safe), ("safe_margin", safe_margin)):
        if not 0 < value < 1:
            raise ValueError(f"{name} is {value}; it lies between 0 and 1.")
    if not 0 < harm_margin < math.inf:
        raise ValueError(f"harm_margin is {harm_margin}; it is above 0 and finite.")
    sample = _sample(cells)
    rule = Rule(
        log_harm=-math.log(alpha_harm),
        log_safe=-math.log(alpha_safe / 2),
        safe_margin=safe_margin,
        harm_margin=harm_margin,
    )
    n_candidate, n_control = int(np.sum(sample.n_candidate)), int(np.sum(sample.n_control))
    bad_candidate, bad_control = int(np.sum(sample.bad.candidate)), int(np.sum(sample.bad.control))
    ratio_high = ratio_ceiling(sample.bad, alpha=alpha_safe / 2)
    excess_ceiling = rate_ceiling(bad=bad_candidate, n=n_candidate, alpha=alpha_safe / 2)
    rate_without = float(sample.rate_without())
    if ratio_high is not None and rate_without:
        excess_ceiling = min(excess_ceiling, (ratio_high - 1) * rate_without)
    log_e = float(log_e_of_ratio(sample.bad, ratio=harm_margin, mixture=ABOVE))
    verdict, more_sessions, leads_to = _verdict(sample, rule)
    return Judgement(
        verdict=verdict,
        n_candidate=n_candidate,
        n_control=n_control,
        bad_candidate=bad_candidate,
        bad_control=bad_control,
        rate_candidate=bad_candidate / n_candidate if n_candidate else None,
        rate_control=bad_control / n_control if n_control else None,
        e_value=_finite_exp(log_e),
        log_e=log_e,
        threshold=1 / alpha_harm,
        risk_ratio=ratio_estimate(sample.bad),
        risk_ratio_low=ratio_floor(sample.bad, alpha=alpha_safe / 2),
        risk_ratio_high=ratio_high,
        excess_ceiling=excess_ceiling,
        more_sessions=more_sessions,
        leads_to=leads_to,
    )


def _verdict(sample: Sample, rule: Rule) -> tuple[Verdict, int | None, Verdict | None]:
    """The verdict, the sessions it still needs, and where they lead. Harm goes before safety."""
    if is_harmful(sample, rule):
        return Verdict.HARMFUL, 0, Verdict.HARMFUL
    if is_safe(sample, rule):
        return Verdict.SAFE, 0, Verdict.SAFE
    ahead = forecast(sample, rule)
    if ahead is None:
        return Verdict.INCONCLUSIVE, None, None
    return Verdict.INCONCLUSIVE, ahead.more_sessions, Verdict.HARMFUL if ahead.is_harmful else Verdict.SAFE


def _sample(cells: Sequence[Cell]) -> Sample:
    """The cells in which both arms could get sessions, those of equal odds as one."""
    by_odds: dict[float, list[Cell]] = defaultdict(list)
    for cell in cells:
        if _is_concurrent(cell.odds):
            by_odds[cell.odds].append(cell)

    def total(count: Callable[[Cell], int]) -> FloatArray:
        return np.array([sum(map(count, some)) for some in by_odds.values()], dtype=float)

    return Sample(
        bad=Counts(
            odds=np.array(list(by_odds), dtype=float),
            candidate=total(lambda cell: cell.bad_candidate),
            control=total(lambda cell: cell.bad_control),
        ),
        n_candidate=total(lambda cell: cell.n_candidate),
        n_control=total(lambda cell: cell.n_control),
    )


def worst_case_sessions_per_week(*, excess_ceiling: float, share: float, sessions_per_week: float) -> int:
    """How many more sessions a week may turn bad at this share of the candidate than without it; at least 0."""
    return math.ceil(max(0.0, excess_ceiling) * share * sessions_per_week)


def split_alpha(alpha: float, weights: Mapping[str, float]) -> dict[str, float]:
    """Each guardrail's part of alpha. Together they raise a false alarm with probability alpha at most (Boole)."""
    total = math.fsum(weights.values())
    if not weights or min(weights.values()) <= 0 or not total < math.inf:
        raise ValueError("Each guardrail needs a weight above 0.")
    return {name: alpha * weight / total for name, weight in weights.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRatio:
    """Whether the arms got the sessions they were meant to get. Shares are the candidate's; None without a session."""

    is_mismatch: bool
    e_value: float | None
    log_e: float
    threshold: float
    n: int
    expected_share: float | None
    observed_share: float | None


def sample_ratio(counts: Sequence[tuple[float, int, int]], *, alpha: float = 0.001) -> SampleRatio:
    """Tests the sessions against the odds at their assignment: one (odds, n_candidate, n_control) a set of shares.

    The same process as for bad sessions, over all sessions and with multipliers on both sides of 1 (Lindon and Malek,
    arXiv 2011.03567). Where one arm could get nobody there is no split to test.
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha}; it lies between 0 and 1.")
    for odds, n_candidate, n_control in counts:
        _require_odds(odds)
        if min(n_candidate, n_control) < 0:
            raise ValueError(f"A number of sessions is negative: {n_candidate}, {n_control}.")
    concurrent = np.array([count for count in counts if _is_concurrent(count[0])], dtype=float).reshape(-1, 3)
    cells = Counts(odds=concurrent[:, 0], candidate=concurrent[:, 1], control=concurrent[:, 2])
    log_e = float(log_e_of_ratio(cells, ratio=1.0, mixture=ASTRAY))
    by_cell = cells.candidate + cells.control
    n = int(np.sum(by_cell))
    return SampleRatio(
        is_mismatch=log_e >= -math.log(alpha),
        e_value=_finite_exp(log_e),
        log_e=log_e,
        threshold=1 / alpha,
        n=n,
        expected_share=float(np.sum(by_cell * cells.odds / (1 + cells.odds))) / n if n else None,
        observed_share=float(np.sum(cells.candidate)) / n if n else None,
    )


def _is_concurrent(odds: float) -> bool:
    return 0 < odds < math.inf


def _require_odds(odds: float) -> None:
    if not odds >= 0:
        raise ValueError(f"The odds of candidate to control are {odds}; they are at least 0.")


def _finite_exp(logarithm: float) -> float | None:
    """e to that power; None where a float cannot hold it."""
    try:
        return math.exp(logarithm)
    except OverflowError:
        return None
