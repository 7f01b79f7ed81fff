"""Contradictions in the market data settings, found when the server starts and not at the first question."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register

from apps.market.repository import configuration_problem


@register("market")
def market_data_is_configured(**_: Any) -> Sequence[CheckMessage]:
    """MARKET_DATA names a source, and that source has what it needs."""
    problem = configuration_problem()
    return [Error(problem, id="market.E001")] if problem else []
