"""What a schedule's decision rests on, loaded: the latest evidence, the stage's sessions, who serves, what is left."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_datetime

from apps.providers.registry import DEFAULT_PROVIDER
from apps.routing.choose import Standing
from apps.routing.circuits import open_circuits
from apps.routing.evidence.evaluations import latest_evaluation, spans_stopped
from apps.routing.models import Rollout, Schedule, SessionAssignment
from apps.routing.open_circuit import circuit_of, duration
from apps.routing.schedule.stages import Evidence, Situation
from apps.routing.services import standing
from apps.routing.shares import WHOLE

#: A circuit that stays open for so long, while the control's is closed, is harm that needs no statistics.
OUTAGE = timedelta(minutes=15)


def situation_of(rollout: Rollout, schedule: Schedule, *, began_at: datetime | None, now: datetime) -> Situation:
    """`began_at` is when the stage that runs began; None before the first."""
    candidate, control = schedule.candidate, schedule.control
    able = standing(rollout, circuits=open_circuits(now=now, every_s=None))
    return Situation(
        now=now,
        share=rollout.shares.get(candidate, 0),
        room=WHOLE - sum(n for name, n in rollout.shares.items() if name not in (candidate, control)),
        evidence=evidence_of(candidate, rollout),
        n_sessions=_sessions(rollout, schedule, since=began_at) if began_at else 0,
        obstacle=_obstacle(able, candidate=candidate, control=control),
        outage=_outage(able, candidate=candidate, control=control, now=now),
    )


def harm_without_a_plan(candidate: str, rollout: Rollout, *, now: datetime) -> str:
    """Why a provider that somebody gave a share by hand is harmful now, as a sentence; empty where it is not."""
    evidence = evidence_of(candidate, rollout)
    if evidence is not None and evidence.is_harm_at(now):
        return evidence.summary
    able = standing(rollout, circuits=open_circuits(now=now, every_s=None))
    return _outage(able, candidate=candidate, control=DEFAULT_PROVIDER, now=now)


def evidence_of(candidate: str, rollout: Rollout) -> Evidence | None:
    """Each gating guardrail's verdict and what is wrong with all of them, if anything is.

    None before the first look at the sessions that count now: what was found before its evidence began anew is of
    another rollout.
    """
    evaluation = latest_evaluation(candidate)
    since = parse_datetime(rollout.evidence_since.get(candidate, ""))
    if evaluation is None or (since is not None and evaluation.since < since):
        return None
    figures = evaluation.figures
    goes_missing = any(ratio["is_mismatch"] for ratio in figures.get("sample_ratio", {}).values())
    return Evidence(
        at=evaluation.at,
        verdicts={
            name: found["verdict"]
            for name, found in figures.get("guardrails", {}).items()
            if found.get("is_gating", True)
        },
        summary=evaluation.summary,
        problem=evaluation.summary if goes_missing else "",
    )


def evidence_for_the_log(candidate: str) -> dict[str, Any] | None:
    """The figures of the latest evaluation, as the audit log keeps them."""
    evaluation = latest_evaluation(candidate)
    if evaluation is None:
        return None
    return {
        "evaluation": evaluation.pk,
        "verdict": evaluation.verdict,
        "summary": evaluation.summary,
        "n_candidate": evaluation.n_candidate,
        "n_control": evaluation.n_control,
    }


def _sessions(rollout: Rollout, schedule: Schedule, *, since: datetime) -> int:
    """Sessions that began with the candidate while neither provider was stopped: the others say nothing."""
    sessions = SessionAssignment.objects.filter(provider=schedule.candidate, assigned_at__gte=since)
    for span in spans_stopped((schedule.candidate, schedule.control), rollout=rollout, since=since):
        during = {"assigned_at__gte": span.since} | ({"assigned_at__lt": span.until} if span.until else {})
        sessions = sessions.exclude(**during)
    return sessions.count()


def _obstacle(able: Standing, *, candidate: str, control: str) -> str:
    if why := able.why_not(candidate):
        return f"{_clause(candidate, why)}; the schedule holds until it serves."
    if why := able.why_not(control):
        return f"{_clause(control, why)}, so there is nothing to compare with; the schedule holds."
    return ""


def _clause(name: str, why: str) -> str:
    return (
        f"{circuit_of(name)} {why.removeprefix('its circuit ')}" if why.startswith("its circuit") else f"{name} {why}"
    )


def _outage(able: Standing, *, candidate: str, control: str, now: datetime) -> str:
    circuit = able.circuits.get(candidate)
    if circuit is None or control in able.circuits or now - circuit.opened_at < OUTAGE:
        return ""
    return (
        f"HARMFUL: {circuit_of(candidate)} has been open for {duration(now - circuit.opened_at)}, while "
        f"{control} answers."
    )
