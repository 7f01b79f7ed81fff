"""What the log says of a candidate against the control, kept as a row with the figures it rests on.

`evaluate` reads, judges by `apps.routing.evidence.weighing` and keeps one `Evaluation`. Its `figures` are plain JSON;
unknown is null; "by arm" has the keys "candidate" and "control"; an interval is {"value", "low", "high", "n"}:

    guardrails    by name: label, watches, is_gating, safe_margin, alpha_harm, objective_ms (null where none), and the
                  fields of `weighing.Judgement`: verdict, n_candidate, bad_candidate, rate_candidate, …
    cells         a list, one a set of shares: shares (basis points by provider), odds, and by arm: assigned, n
                  (sessions with a turn that counts), known and bad (sessions by guardrail)
    sample_ratio  by split, "assigned" and "looked_at": the fields of `weighing.SampleRatio`
    amounts       "cost_usd" and "tokens" a session: by arm n, n_unknown, mean (interval or null); difference
    times         "latency_ms" and "ttft_ms" of turns: by arm n, p50, p95, p99 (interval, or null: too few to say)
    pace          days (what it was counted over), sessions_per_week, arm_sessions_per_day; null: too early to say
    forecast      more_sessions, days, leads_to
    harm_ceilings a list: share (basis points), sessions_per_week, sentence; at the share now and at the next stage's
    stops         a list: since, until of the times in which the kill switch held either provider
    alpha         harm, safe, sample_ratio, means
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.metrics.evidence import figures as figures
from apps.metrics.evidence.conclusion import conclude
from apps.metrics.evidence.pace import pace
from apps.metrics.evidence.scope import Scope
from apps.metrics.evidence.sessions import SharesCell, read_cells
from apps.metrics.evidence.times import TIMES, read_times
from apps.metrics.large_reading import large_reading
from apps.providers.registry import DEFAULT_PROVIDER
from apps.routing.evidence.evaluations import prune_evaluations, record_evaluation, spans_stopped
from apps.routing.evidence.guardrails import GUARDRAILS, alphas
from apps.routing.evidence.weighing import Cell, Judgement, SampleRatio, judge, sample_ratio
from apps.routing.ledger import current_rollout
from apps.routing.models import Evaluation, Rollout, Schedule, Stage

logger = logging.getLogger(__name__)

#: The chance of a false HARMFUL, over all guardrails and looks together.
ALPHA_HARM = 0.01
#: The chance of a false SAFE, of each guardrail.
ALPHA_SAFE = 0.05
#: The chance of a false alarm about the split, of both tests together.
ALPHA_SAMPLE_RATIO = 0.001


def evaluate_all(*, now: datetime | None = None) -> list[Evaluation]:
    """A look at each provider on trial: those with a share, and the candidates of live schedules.

    One that cannot be evaluated is logged and keeps no other from it. Old looks are pruned.
    """
    now = now or timezone.now()
    evaluations = []
    for candidate in candidates():
        try:
            evaluations.append(evaluate(candidate=candidate, now=now))
        except Exception:  # the edge of one look: there are others to act on
            logger.exception("Evaluation failed", extra={"candidate": candidate})
    prune_evaluations(now=now)
    return evaluations


def candidates() -> list[str]:
    """Who is on trial against the control."""
    with_share = [name for name, share in current_rollout().shares.items() if share]
    scheduled = Schedule.objects.filter(state__in=Schedule.LIVE).order_by("id").values_list("candidate", flat=True)
    return [name for name in dict.fromkeys((*with_share, *scheduled)) if name != DEFAULT_PROVIDER]


def evaluate(*, candidate: str, now: datetime | None = None) -> Evaluation:
    """Looks at the evidence for the candidate and keeps what it says."""
    began = time.perf_counter()
    now = now or timezone.now()
    rollout = current_rollout()
    scope = _scope(rollout, candidate, now=now)
    with large_reading():
        cells = read_cells(scope)
        scope = replace(scope, shares=[cell.stored for cell in cells])
        times = read_times(scope, turns=_turns(scope, cells))
        rate = pace(scope)
    parts = alphas(ALPHA_HARM)
    judgements, ratios = _judgements(cells, parts), _ratios(cells)
    conclusion = conclude(judgements, ratios, candidate=candidate, control=scope.control, pace=rate)
    return record_evaluation(
        at=now,
        candidate=candidate,
        control=scope.control,
        since=scope.since,
        version=rollout.version,
        verdict=conclusion.verdict,
        summary=conclusion.summary,
        n_candidate=sum(cell.candidate.n for cell in cells),
        n_control=sum(cell.control.n for cell in cells),
        figures={
            "guardrails": figures.guardrail_figures(judgements, alphas=parts),
            "cells": figures.cell_figures(cells),
            "sample_ratio": figures.ratio_figures(ratios),
            "amounts": figures.amount_figures(cells),
            "times": figures.time_figures(times, scope),
            "pace": figures.pace_figures(rate),
            "forecast": figures.forecast_figures(conclusion),
            "harm_ceilings": figures.harm_ceilings(
                shares=_shares_ahead(rollout, candidate),
                excess_ceiling=judgements["backend_failures"].excess_ceiling,
                pace=rate,
            ),
            "stops": figures.stop_figures(scope),
            "alpha": {
                "harm": ALPHA_HARM,
                "safe": ALPHA_SAFE,
                "sample_ratio": ALPHA_SAMPLE_RATIO,
                "means": figures.ALPHA_MEANS,
            },
        },
        took_ms=(time.perf_counter() - began) * 1000,
    )


def _scope(rollout: Rollout, candidate: str, *, now: datetime) -> Scope:
    """Of a provider that never had a share nothing counts."""
    begun = rollout.evidence_since.get(candidate)
    since = (parse_datetime(begun) if begun else None) or now
    stops = spans_stopped((candidate, DEFAULT_PROVIDER), rollout=rollout, since=since)
    return Scope(candidate=candidate, control=DEFAULT_PROVIDER, since=since, now=now, stops=stops)


def _judgements(cells: Sequence[SharesCell], parts: Mapping[str, float]) -> dict[str, Judgement]:
    return {
        name: judge(
            [
                Cell(
                    odds=cell.odds,
                    n_candidate=cell.candidate.known[name],
                    n_control=cell.control.known[name],
                    bad_candidate=cell.candidate.bad[name],
                    bad_control=cell.control.bad[name],
                )
                for cell in cells
            ],
            alpha_harm=parts[name],
            alpha_safe=ALPHA_SAFE,
            safe_margin=guardrail.safe_margin,
        )
        for name, guardrail in GUARDRAILS.items()
    }


def _ratios(cells: Sequence[SharesCell]) -> dict[str, SampleRatio]:
    """Of the sessions assigned, and of those the verdict rests on: what goes missing between must miss evenly."""
    splits = {
        "assigned": [(cell.odds, cell.candidate.assigned, cell.control.assigned) for cell in cells],
        "looked_at": [(cell.odds, cell.candidate.n, cell.control.n) for cell in cells],
    }
    return {name: sample_ratio(counts, alpha=ALPHA_SAMPLE_RATIO / len(splits)) for name, counts in splits.items()}


def _turns(scope: Scope, cells: Sequence[SharesCell]) -> dict[str, dict[str, int]]:
    return {
        name: {
            scope.candidate: sum(cell.candidate.turns[name] for cell in cells),
            scope.control: sum(cell.control.turns[name] for cell in cells),
        }
        for name in TIMES
    }


def _shares_ahead(rollout: Rollout, candidate: str) -> list[int]:
    """The candidate's share now and the next stage's, in basis points, where it has any."""
    stage = (
        Stage.objects.filter(schedule__candidate=candidate, schedule__state__in=Schedule.LIVE, began_at__isnull=True)
        .order_by("number")
        .first()
    )
    ahead = [rollout.shares.get(candidate, 0), stage.share if stage else 0]
    return [share for share in dict.fromkeys(ahead) if share]
