"""The figures of an evaluation as plain JSON; `apps.metrics.evidence.guardrails` says their shape. Unknown is None."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from apps.metrics.evidence import words as words
from apps.metrics.evidence.bad_turns import objectives_ms
from apps.metrics.evidence.conclusion import Conclusion
from apps.metrics.evidence.pace import Pace
from apps.metrics.evidence.scope import Scope
from apps.metrics.evidence.sessions import AMOUNTS, ArmCounts, SharesCell
from apps.metrics.evidence.times import Quantiles
from apps.routing.evidence.guardrails import GUARDRAILS
from apps.routing.evidence.intervals import Interval, Values, mean_difference, mean_interval
from apps.routing.evidence.weighing import Judgement, SampleRatio, worst_case_sessions_per_week

Json: TypeAlias = dict[str, Any]

ALPHA_MEANS = 0.05
#: Sessions at which the intervals of cost and tokens are narrowest.
N_STAR = 2_000


def guardrail_figures(judgements: Mapping[str, Judgement], *, alphas: Mapping[str, float]) -> Json:
    objectives = objectives_ms()
    return {
        name: {
            "label": guardrail.label,
            "watches": guardrail.watches,
            "is_gating": guardrail.is_gating,
            "safe_margin": guardrail.safe_margin,
            "alpha_harm": alphas[name],
            "objective_ms": objectives.get(name),
            **asdict(judgements[name]),
        }
        for name, guardrail in GUARDRAILS.items()
    }


def cell_figures(cells: Sequence[SharesCell]) -> list[Json]:
    def arm(counts: ArmCounts) -> Json:
        return {
            "assigned": counts.assigned,
            "n": counts.n,
            "known": dict(counts.known),
            "bad": dict(counts.bad),
        }

    return [
        {
            "shares": dict(cell.shares),
            "odds": cell.odds,
            "candidate": arm(cell.candidate),
            "control": arm(cell.control),
        }
        for cell in cells
    ]


def ratio_figures(ratios: Mapping[str, SampleRatio]) -> Json:
    return {name: asdict(ratio) for name, ratio in ratios.items()}


def amount_figures(cells: Sequence[SharesCell]) -> Json:
    """Cost and tokens a session; a session with a turn whose amount is unknown is in no mean."""

    def arm(name: str, counts: Sequence[ArmCounts]) -> Json:
        values = _pooled([each.amounts[name] for each in counts])
        mean = mean_interval(values.n, values.mean, values.sd, alpha=ALPHA_MEANS, n_star=N_STAR)
        return {"n": values.n, "n_unknown": sum(each.n for each in counts) - values.n, "mean": _interval(mean)}

    def both(name: str) -> Json:
        strata = [(cell.candidate.amounts[name], cell.control.amounts[name]) for cell in cells]
        return {
            "candidate": arm(name, [cell.candidate for cell in cells]),
            "control": arm(name, [cell.control for cell in cells]),
            "difference": _interval(mean_difference(strata, alpha=ALPHA_MEANS, n_star=N_STAR)),
        }

    return {name: both(name) for name in AMOUNTS}


def time_figures(times: Mapping[str, Mapping[str, Quantiles]], scope: Scope) -> Json:
    def arm(quantiles: Quantiles) -> Json:
        return {"n": quantiles.n, **{label: _interval(value) for label, value in quantiles.at.items()}}

    return {
        name: {"candidate": arm(by_arm[scope.candidate]), "control": arm(by_arm[scope.control])}
        for name, by_arm in times.items()
    }


def pace_figures(pace: Pace | None) -> Json | None:
    return asdict(pace) if pace else None


def forecast_figures(conclusion: Conclusion) -> Json:
    return {
        "more_sessions": conclusion.more_sessions,
        "days": conclusion.days,
        "leads_to": conclusion.leads_to,
    }


def harm_ceilings(*, shares: Sequence[int], excess_ceiling: float, pace: Pace | None) -> list[Json]:
    """What may still go wrong a week at each of these shares of the candidate; nothing while no pace is known."""
    if pace is None:
        return []
    ceilings = []
    for share in shares:
        n_sessions = worst_case_sessions_per_week(
            excess_ceiling=excess_ceiling, share=share / 10_000, sessions_per_week=pace.sessions_per_week
        )
        sentence = words.harm_ceiling(share=share, n_sessions=n_sessions)
        ceilings.append({"share": share, "sessions_per_week": n_sessions, "sentence": sentence})
    return ceilings


def stop_figures(scope: Scope) -> list[Json]:
    return [
        {"since": stop.since.isoformat(), "until": stop.until.isoformat() if stop.until else None}
        for stop in scope.stops
    ]


def _pooled(strata: Sequence[Values]) -> Values:
    n = sum(values.n for values in strata)
    if not n:
        return Values(n=0, mean=0.0, sd=0.0)
    mean = math.fsum(values.n * values.mean for values in strata) / n
    squares = math.fsum(max(0, values.n - 1) * values.sd**2 + values.n * (values.mean - mean) ** 2 for values in strata)
    return Values(n=n, mean=mean, sd=math.sqrt(squares / (n - 1)) if n > 1 else 0.0)


def _interval(interval: Interval | None) -> Json | None:
    return asdict(interval) if interval else None
