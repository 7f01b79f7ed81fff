"""The latest evaluation of each provider on trial, as the page shows it: figures with their n, verdicts in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.routing.evidence.evaluations import latest_evaluations
from apps.routing.evidence.harm import recent_harms
from apps.routing.evidence.weighing import Verdict
from apps.routing.models import Evaluation, Rollout
from apps.routing.open_circuit import duration
from apps.routing.schedule.stages import EVIDENCE_HOLDS

Json = Mapping[str, Any]

#: A verdict is never told by its colour alone.
MARKS = {Verdict.SAFE: "✓ SAFE", Verdict.HARMFUL: "✕ HARMFUL", Verdict.INCONCLUSIVE: "… INCONCLUSIVE"}
SPLITS = {"assigned": "Sessions assigned", "looked_at": "Sessions with a turn that counts"}
TIMES = {"ttft_ms": "First text, ms", "latency_ms": "Whole answer, ms"}
AMOUNTS = {"cost_usd": "Cost a session, USD", "tokens": "Tokens a session"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailNote:
    """One row of the table."""

    label: str
    watches: str
    candidate: str
    control: str
    verdict: str
    mark: str
    needs: str
    is_gating: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureNote:
    """A figure of each arm beside each other, for reading and not for deciding."""

    label: str
    candidate: str
    control: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceNote:
    """What is known of one candidate."""

    evaluation: Evaluation
    verdict: str
    mark: str
    age: str
    is_stale: bool
    guardrails: Sequence[GuardrailNote]
    figures: Sequence[FigureNote]
    #: Why no new session compares the two any more, as a sentence; empty where they go on.
    compares_no_more: str
    ceilings: Sequence[str]

    @property
    def candidate(self) -> str:
        return self.evaluation.candidate

    @property
    def control(self) -> str:
        return self.evaluation.control


def evidence_notes(rollout: Rollout, *, now: datetime) -> list[EvidenceNote]:
    """The candidates that have a share, those that did harm lately, and those looked at a moment ago."""
    harmful = set(recent_harms(now=now).values_list("provider", flat=True))
    return [
        _note(evaluation, rollout, now=now)
        for name, evaluation in latest_evaluations().items()
        if rollout.shares.get(name) or name in harmful or now - evaluation.at <= EVIDENCE_HOLDS
    ]


def _note(evaluation: Evaluation, rollout: Rollout, *, now: datetime) -> EvidenceNote:
    figures = evaluation.figures
    return EvidenceNote(
        evaluation=evaluation,
        verdict=evaluation.verdict,
        mark=_mark(evaluation.verdict),
        age=duration(now - evaluation.at),
        is_stale=now - evaluation.at > EVIDENCE_HOLDS,
        guardrails=[_guardrail(found) for found in figures.get("guardrails", {}).values()],
        figures=[*_times(figures), *_amounts(figures), *_splits(figures)],
        compares_no_more=_compares_no_more(evaluation, rollout),
        ceilings=[ceiling["sentence"] for ceiling in figures.get("harm_ceilings", [])],
    )


def _compares_no_more(evaluation: Evaluation, rollout: Rollout) -> str:
    for name in (evaluation.candidate, evaluation.control):
        if not rollout.shares.get(name):
            return f"{name} gets no new sessions, so none compares the two any more: this is of the sessions before."
        if name in rollout.kills:
            return f"{name} is stopped, so no session compares the two meanwhile: this is of the sessions before."
    return ""


def _guardrail(found: Json) -> GuardrailNote:
    return GuardrailNote(
        label=found["label"],
        watches=_watches(found),
        candidate=_of(found["bad_candidate"], found["n_candidate"]),
        control=_of(found["bad_control"], found["n_control"]),
        verdict=found["verdict"],
        mark=_mark(found["verdict"]),
        needs=_needs(found),
        is_gating=found.get("is_gating", True),
    )


def _watches(found: Json) -> str:
    objective = found.get("objective_ms")
    return f"{found['watches']} It is {objective:,.0f} ms now." if objective else str(found["watches"])


def _needs(found: Json) -> str:
    margin = 100 * found["safe_margin"]
    match found["verdict"]:
        case Verdict.SAFE:
            return f"Rules out {_points(100 * found['excess_ceiling'])} more than the control; the limit is {margin:g}."
        case Verdict.HARMFUL:
            times = found["risk_ratio"]
            return "Beyond chance." if times is None else f"Beyond chance: {times:,.1f} times as often."
    ceiling = (
        f"Up to {_points(100 * found['excess_ceiling'])} more than the control is possible; the limit is {margin:g}."
    )
    if found["more_sessions"] is None:
        return ceiling
    leads_to = "show harm" if found["leads_to"] == Verdict.HARMFUL else "be SAFE"
    return f"{ceiling} If it goes on like this, about {found['more_sessions']:,} more sessions {leads_to}."


def _times(figures: Json) -> list[FigureNote]:
    notes = []
    for name, label in TIMES.items():
        arms = figures.get("times", {}).get(name)
        if arms:
            notes += [
                FigureNote(
                    label=f"{label}, {quantile}",
                    candidate=_quantile(arms["candidate"], quantile),
                    control=_quantile(arms["control"], quantile),
                )
                for quantile in ("p50", "p95", "p99")
            ]
    return notes


def _amounts(figures: Json) -> list[FigureNote]:
    notes = []
    for name, label in AMOUNTS.items():
        arms = figures.get("amounts", {}).get(name)
        if arms:
            digits = 4 if name == "cost_usd" else 0
            notes.append(
                FigureNote(
                    label=label,
                    candidate=_mean(arms["candidate"], digits=digits),
                    control=_mean(arms["control"], digits=digits),
                )
            )
            if difference := arms.get("difference"):
                more = f"{difference['value']:+,.{digits}f} ({_signed(difference, digits)})"
                notes.append(FigureNote(label=f"{label}, difference", candidate=more, control="–"))
    return notes


def _splits(figures: Json) -> list[FigureNote]:
    notes = []
    for name, label in SPLITS.items():
        ratio = figures.get("sample_ratio", {}).get(name)
        if ratio and ratio["n"]:
            expected, observed = ratio["expected_share"], ratio["observed_share"]
            notes.append(
                FigureNote(
                    label=f"{label}, of {ratio['n']:,}",
                    candidate=f"{observed:.1%} where {expected:.1%} was to come"
                    + ("; beyond chance: sessions go missing" if ratio["is_mismatch"] else ""),
                    control=f"{1 - observed:.1%} where {1 - expected:.1%} was to come",
                )
            )
    return notes


def _quantile(arm: Json, quantile: str) -> str:
    interval, n = arm[quantile], arm["n"]
    if interval is None:
        return f"{n:,} turn{'' if n == 1 else 's'}: too few to say" if n else "no turn yet"
    return f"{interval['value']:,.0f} ({_interval(interval, 0)}), n {n:,}"


def _mean(arm: Json, *, digits: int) -> str:
    interval, n, n_unknown = arm["mean"], arm["n"], arm.get("n_unknown", 0)
    unknown = f", {n_unknown:,} unknown" if n_unknown else ""
    if interval is None:
        return f"unknown of {n_unknown:,}" if n_unknown and not n else f"{n:,} known: too few to say{unknown}"
    return f"{interval['value']:,.{digits}f} ({_interval(interval, digits)}), n {n:,}{unknown}"


def _interval(interval: Json, digits: int) -> str:
    return f"{max(0.0, interval['low']):,.{digits}f} to {interval['high']:,.{digits}f}"


def _signed(interval: Json, digits: int) -> str:
    return f"{interval['low']:+,.{digits}f} to {interval['high']:+,.{digits}f}"


def _of(bad: int, n: int) -> str:
    return f"{bad:,} of {n:,} ({bad / n:.1%})" if n else "no session yet"


def _points(points: float) -> str:
    return f"{points:.1f} points"


def _mark(verdict: str) -> str:
    return MARKS.get(Verdict(verdict), verdict)
