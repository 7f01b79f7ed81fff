"""One verdict from all guardrails and splits, with a sentence for people: a pure decision."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from apps.metrics.evidence import words as words
from apps.metrics.evidence.pace import Pace
from apps.routing.evidence.guardrails import GUARDRAILS
from apps.routing.evidence.weighing import Judgement, SampleRatio, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """`more_sessions` of both arms lead to `leads_to`, in `days`; None is unknown."""

    verdict: Verdict
    summary: str
    more_sessions: int | None = None
    days: float | None = None
    leads_to: Verdict | None = None


def conclude(
    judgements: Mapping[str, Judgement],
    ratios: Mapping[str, SampleRatio],
    *,
    candidate: str,
    control: str,
    pace: Pace | None,
) -> Conclusion:
    """HARMFUL where one gating guardrail says so; else nothing is concluded from a split that is not as meant; SAFE
    where all of them say so."""
    gating = {name: judgement for name, judgement in judgements.items() if GUARDRAILS[name].is_gating}
    names = {"candidate": candidate, "control": control}
    harmful = [name for name, judgement in gating.items() if judgement.verdict is Verdict.HARMFUL]
    if harmful:
        worst = max(harmful, key=lambda name: gating[name].log_e - math.log(gating[name].threshold))
        said = words.decided(Verdict.HARMFUL, GUARDRAILS[worst], gating[worst], **names)
        return Conclusion(verdict=Verdict.HARMFUL, summary=said + words.times_as_often(gating[worst]))
    for name, ratio in ratios.items():
        if ratio.is_mismatch:
            return Conclusion(verdict=Verdict.INCONCLUSIVE, summary=words.wrong_split(name, ratio, candidate=candidate))
    first = next(iter(gating))
    undecided = {name: judgement for name, judgement in gating.items() if judgement.verdict is not Verdict.SAFE}
    if not undecided:
        said = words.decided(Verdict.SAFE, GUARDRAILS[first], gating[first], **names)
        return Conclusion(verdict=Verdict.SAFE, summary=said + words.margin_held(GUARDRAILS[first]))
    n_candidate, n_control = gating[first].n_candidate, gating[first].n_control
    if not (n_candidate and n_control):
        said = words.nothing_yet(n_candidate=n_candidate, n_control=n_control, **names)
        return Conclusion(verdict=Verdict.INCONCLUSIVE, summary=said)
    return _undecided(undecided, names, pace)


def _undecided(undecided: Mapping[str, Judgement], names: Mapping[str, str], pace: Pace | None) -> Conclusion:
    """One harmful guardrail is enough, so the first to get there counts; for SAFE the last one does."""
    to_harm = {name: j for name, j in undecided.items() if j.leads_to is Verdict.HARMFUL}
    if to_harm:
        name = min(to_harm, key=lambda name: to_harm[name].more_sessions or 0)
    else:
        name = max(undecided, key=lambda name: _or_for_ever(undecided[name].more_sessions))
    judgement = undecided[name]
    more_sessions = judgement.more_sessions
    days = None
    if more_sessions is not None and pace and pace.arm_sessions_per_day:
        days = more_sessions / pace.arm_sessions_per_day
    said = words.decided(Verdict.INCONCLUSIVE, GUARDRAILS[name], judgement, **names)
    needed = words.still_needed(more_sessions=more_sessions, days=days, leads_to=judgement.leads_to)
    return Conclusion(
        verdict=Verdict.INCONCLUSIVE,
        summary=said + needed,
        more_sessions=more_sessions,
        days=days,
        leads_to=judgement.leads_to,
    )


def _or_for_ever(more_sessions: int | None) -> float:
    return math.inf if more_sessions is None else more_sessions
