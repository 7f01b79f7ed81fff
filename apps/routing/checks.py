"""Contradictions in the settings that routing reads, found at start instead of at a person's first turn."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from apps.providers.registry import PROVIDERS, why_unavailable
from apps.routing.errors import BadShares
from apps.routing.services import forced_provider
from apps.routing.shares import parse_share


def check_routing_settings(**_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    try:
        parse_share(str(settings.WORKFLOW_PERCENTAGE), provider="workflow")
    except BadShares as error:
        found.append(Error(f"WORKFLOW_PERCENTAGE is no share. {error}", id="routing.E001"))
    forced = forced_provider()
    if forced is None:
        return found
    if forced not in PROVIDERS:
        known = ", ".join(PROVIDERS)
        found.append(
            Error(
                f"GVSES_FORCE_PROVIDER is “{forced}”, which is no provider.",
                hint=f"Set it to one of {known}, or unset it.",
                id="routing.E002",
            )
        )
    elif why := why_unavailable(forced):
        found.append(Warning(f"GVSES_FORCE_PROVIDER names {forced}, which {why}.", id="routing.W001"))
    return found
