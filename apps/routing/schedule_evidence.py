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
    return Evidence(
        at=evaluation.at,
        verdicts={guardrail["name"]: guardrail["verdict"] for guardrail in figures.get("guardrails", [])},
        summary=evaluation.summary,
        problem=evaluation.summary if figures.get("sample_ratio", {}).get("is_mismatch") else "",
    )
