"""Who tries after a failure, in the database: the failure is noted where every process sees it; then a fresh look.

While the database is away nothing is noted, and what this process remembers takes the place of the look.
"""

import logging
from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime

from django.db import Error as DatabaseFailure
from django.db import transaction
from django.utils import timezone

from apps.core.database_away import is_away
from apps.providers.errors import ProviderError
from apps.providers.registry import FALLBACK_CHAIN, PROVIDERS
from apps.routing.circuits import record_outcome
from apps.routing.services import next_provider
from apps.routing.without_database import next_without_database

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """One attempt that failed and when it began."""

    provider: str
    error: ProviderError
    began_at: datetime


def note_failure(failed: Failed) -> None:
    """Tells the provider's circuit, where the failure says something about the backend."""
    if not failed.error.counts_as_failure:
        return
    try:
        with transaction.atomic():
            record_outcome(
                provider=failed.provider,
                ok=False,
                code=failed.error.code,
                opens=failed.error.opens_circuit,
                now=timezone.now(),
                began_at=failed.began_at,
            )
    except DatabaseFailure as error:
        if not is_away(error):
            raise
        logger.warning("Failure not counted", extra={"provider": failed.provider, "code": failed.error.code})


def successor(*, failed: Failed | None, session_provider: str, tried: Set[str], only_floor: bool) -> str | None:
    """Notes the failure, unless it is noted already, and names who tries next; None where nobody is left.

    `only_floor`: there is no time for others.
    """
    if failed is not None:
        note_failure(failed)
    if only_floor:
        tried = tried | (set(PROVIDERS) - {FALLBACK_CHAIN[-1]})
    return _next(session_provider=session_provider, tried=tried)


def may_try_again(provider: str) -> bool:
    """Whether it may still serve: it may have been stopped, or its circuit opened, while the turn waited for it."""
    return _next(session_provider=provider, tried=set(PROVIDERS) - {provider}) == provider


def _next(*, session_provider: str, tried: Set[str]) -> str | None:
    try:
        return next_provider(session_provider=session_provider, tried=tried)
    except DatabaseFailure as error:
        if not is_away(error):
            raise
        return next_without_database(session_provider=session_provider, tried=tried)
