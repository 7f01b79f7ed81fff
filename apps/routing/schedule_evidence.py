"""The latest evaluation of a candidate, as a schedule decides by it."""

from apps.routing.models import Evaluation
from apps.routing.stages import Evidence


def latest_evaluation(candidate: str) -> Evaluation | None:
    return Evaluation.objects.filter(candidate=candidate).order_by("-at").first()


def evidence_of(candidate: str) -> Evidence | None:
    """Each guardrail's verdict and what is wrong with all of them, if anything is; None before the first look."""
    evaluation = latest_evaluation(candidate)
    if evaluation is None:
        return None
    figures = evaluation.figures
    goes_missing = any(ratio["is_mismatch"] for ratio in figures.get("sample_ratio", {}).values())
    return Evidence(
        at=evaluation.at,
        verdicts={name: found["verdict"] for name, found in figures.get("guardrails", {}).items()},
        summary=evaluation.summary,
        problem=evaluation.summary if goes_missing else "",
    )
