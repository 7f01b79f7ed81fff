"""Reads the sessions of a rollout from the log: how many each arm got, how many were hurt, what they cost.

Everything is counted in the database; what comes back is a row for each arm and set of shares.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from apps.metrics.evidence import bad_turns
from apps.metrics.evidence import scope as evidence_scope
from apps.metrics.evidence.scope import Scope
from apps.metrics.evidence.times import TIMES
from apps.routing.evidence.guardrails import GUARDRAILS
from apps.routing.evidence.intervals import Values

AMOUNTS = ("cost_usd", "tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmCounts:
    """One arm's sessions under one set of shares. `known` and `bad` are by guardrail; `turns` counts those with a time.

    `n` sessions had a turn that counts. `amounts` holds what is known of their cost and tokens, winsorised.
    """

    assigned: int = 0
    n: int = 0
    known: Mapping[str, int]
    bad: Mapping[str, int]
    amounts: Mapping[str, Values]
    turns: Mapping[str, int]


NOTHING = ArmCounts(
    known=dict.fromkeys(GUARDRAILS, 0),
    bad=dict.fromkeys(GUARDRAILS, 0),
    amounts=dict.fromkeys(AMOUNTS, Values(n=0, mean=0.0, sd=0.0)),
    turns=dict.fromkeys(TIMES, 0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesCell:
    """The sessions assigned under one set of shares; `odds` are the candidate's share divided by the control's.

    `stored` are the shares as the database writes them.
    """

    stored: str
    shares: Mapping[str, int]
    odds: float
    candidate: ArmCounts
    control: ArmCounts


BY_CELL = """
    SELECT session.provider, session.shares_at_assign, COUNT(*)
    FROM routing_sessionassignment AS session
    WHERE {assigned}
    GROUP BY session.provider, session.shares_at_assign
"""
# An amount is NULL where that of one turn is. Above the 99.5 % quantile of its arm it counts as that quantile: one
# absurd bill then carries no mean.
BY_SESSION = """
    WITH looked_at AS (
        SELECT session.session_id, session.provider, session.shares_at_assign, {worst},
               CASE WHEN COUNT(*) = COUNT(request.cost_usd)
                    THEN SUM(CAST(request.cost_usd AS double precision)) END AS cost_usd,
               CASE WHEN COUNT(*) = COUNT(request.tokens_input + request.tokens_output)
                    THEN SUM(request.tokens_input + request.tokens_output) END AS tokens,
               {turns}
        FROM {source} {joins}
        WHERE {counted}
        GROUP BY session.session_id
    ),
    caps AS ({caps}),
    capped AS (
        SELECT provider, shares_at_assign, {kept}, {capped} FROM looked_at JOIN caps ON caps.arm = looked_at.provider
    )
    SELECT provider, shares_at_assign, COUNT(*), {totals}
    FROM capped
    GROUP BY provider, shares_at_assign
"""
CAPS = "SELECT CAST(%({arm})s AS varchar(64)) AS arm, {caps}"
CAP = """
    (SELECT {{name}} FROM looked_at WHERE provider = %({arm})s AND {{name}} IS NOT NULL ORDER BY {{name}} DESC
     LIMIT 1 OFFSET (SELECT COUNT({{name}}) / 200 FROM looked_at WHERE provider = %({arm})s)) AS {{name}}_cap
"""
CAPPED = "CASE WHEN {name} > {name}_cap THEN {name}_cap ELSE {name} END AS {name}"
WORST = "SUM(CASE WHEN {name} >= 1 THEN 1 ELSE 0 END), SUM(CASE WHEN {name} = 2 THEN 1 ELSE 0 END)"


def read_cells(scope: Scope) -> list[SharesCell]:
    """One a set of shares, those of the smallest odds first; sets that give either arm nothing are left out."""
    assigned = {(provider, stored): n for provider, stored, n in scope.rows(BY_CELL.format(assigned=scope.assigned))}
    shares_of = {stored: json.loads(stored) for _, stored in assigned}
    concurrent = [stored for stored, shares in shares_of.items() if all(shares.get(name) for name in scope.arms)]
    if not concurrent:
        return []
    scope = replace(scope, shares=concurrent)
    counted = {(provider, stored): counts for provider, stored, *counts in scope.rows(_by_session(scope))}
    cells = []
    for stored in concurrent:
        shares = shares_of[stored]
        candidate, control = (_arm(assigned.get((name, stored), 0), counted.get((name, stored))) for name in scope.arms)
        odds = shares[scope.candidate] / shares[scope.control]
        cells.append(SharesCell(stored=stored, shares=shares, odds=odds, candidate=candidate, control=control))
    return sorted(cells, key=lambda cell: (cell.odds, cell.stored))


def _by_session(scope: Scope) -> str:
    return BY_SESSION.format(
        worst=bad_turns.columns(),
        turns=", ".join(f"COUNT({column}) AS {name}" for name, column in TIMES.items()),
        source=evidence_scope.TURNS,
        joins=bad_turns.joins(),
        counted=scope.counted,
        caps=" UNION ALL ".join(
            CAPS.format(arm=arm, caps=_each(CAP.format(arm=arm), AMOUNTS)) for arm in ("candidate", "control")
        ),
        kept=", ".join((*GUARDRAILS, *TIMES)),
        capped=_each(CAPPED, AMOUNTS),
        totals=", ".join(
            (
                _each(WORST, GUARDRAILS),
                _each("SUM({name})", TIMES),
                _each("COUNT({name}), SUM({name}), SUM({name} * {name})", AMOUNTS),
            )
        ),
    )


def _each(template: str, names: Iterable[str]) -> str:
    return ", ".join(template.format(name=name) for name in names)


def _arm(assigned: int, counts: list[Any] | None) -> ArmCounts:
    if counts is None:
        return replace(NOTHING, assigned=assigned)
    n, *figures = counts
    left = iter(figures)
    worst = {name: (int(next(left)), int(next(left))) for name in GUARDRAILS}
    return ArmCounts(
        assigned=assigned,
        n=n,
        known={name: known for name, (known, _) in worst.items()},
        bad={name: bad for name, (_, bad) in worst.items()},
        turns={name: int(next(left)) for name in TIMES},
        amounts={name: _values(next(left), next(left), next(left)) for name in AMOUNTS},
    )


def _values(n: int, total: Any, squares: Any) -> Values:
    if not n:
        return Values(n=0, mean=0.0, sd=0.0)
    mean = float(total) / n
    variance = max(0.0, float(squares) - n * mean**2) / (n - 1) if n > 1 else 0.0
    return Values(n=n, mean=mean, sd=math.sqrt(variance))
