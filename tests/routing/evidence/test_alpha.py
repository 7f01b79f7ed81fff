"""Several guardrails share one alpha."""

import pytest

from apps.routing.evidence.guardrails import GUARDRAILS, alphas
from apps.routing.evidence.weighing import split_alpha


def test_the_parts_sum_to_alpha() -> None:
    parts = split_alpha(0.01, {"a": 1, "b": 3})
    assert parts == {"a": pytest.approx(0.0025), "b": pytest.approx(0.0075)}


def test_backend_failures_get_nine_tenths() -> None:
    parts = alphas(0.01)
    assert parts.keys() == GUARDRAILS.keys()
    assert parts["backend_failures"] == pytest.approx(0.009)
    assert sum(parts.values()) == pytest.approx(0.01)
