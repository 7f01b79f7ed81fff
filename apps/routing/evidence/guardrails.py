"""The harms that stop a rollout: what each one watches, and how much more of it a candidate may cause.

A new one is a line here and a query in `apps.metrics.evidence.bad_turns`. A session counts once for each, however
often it was hurt.
"""

from dataclasses import dataclass

from apps.routing.evidence.weighing import split_alpha


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrail:
    """`met` follows "3 of 120 workflow sessions"; `watches` says on the page what counts.

    SAFE rules out an excess of more than `safe_margin` of the sessions over the control's (0.02: two points). `weight`
    is its part of the chance of a false alarm: the more, the sooner it speaks. Only what `is_gating` decides.
    """

    label: str
    met: str
    watches: str
    safe_margin: float
    weight: float
    is_gating: bool = True


GUARDRAILS: dict[str, Guardrail] = {
    "backend_failures": Guardrail(
        label="Backend failures",
        met="met a backend failure",
        watches="Sessions in which the assigned provider failed at least once, also where another provider answered in "
        "its place. What begins while a circuit is open says nothing of anybody.",
        safe_margin=0.02,
        weight=0.9,
    ),
    "slow_first_text": Guardrail(
        label="Slow first text",
        met="waited too long for the first text",
        watches="Sessions in which the first text came later than TTFT_OBJECTIVE_MS at least once, or never.",
        safe_margin=0.05,
        weight=0.04,
    ),
    "slow_answers": Guardrail(
        label="Slow answers",
        met="waited too long for an answer",
        watches="Sessions in which an answer took longer than LATENCY_OBJECTIVE_MS at least once.",
        safe_margin=0.05,
        weight=0.03,
    ),
    "tool_failures": Guardrail(
        label="Tool failures",
        met="met a failed tool call",
        watches="Sessions in which a tool that the assigned provider called failed at least once.",
        safe_margin=0.05,
        weight=0.03,
    ),
}


def alphas(alpha: float) -> dict[str, float]:
    """Each guardrail's part of the chance of a false alarm. Most goes to failures: of those, ten times as many at a
    share of 10 % are found within 500 sessions in the median."""
    return split_alpha(alpha, {name: guardrail.weight for name, guardrail in GUARDRAILS.items()})
