"""Who tries after a failure, in the database: the failure is noted where every process sees it; then a fresh look.

While the database is away nothing is noted, and what this process remembers takes the place of the look.
"""

import logging
import time
from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import Error as DatabaseFailure
from django.db import transaction
from django.utils import timezone

from apps.core.database_away import is_away
from apps.metrics.services import note_switch
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Who tries next, by stops that were read no earlier than `read_at`, a monotonic reading."""

    provider: str
    read_at: float


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


def successor(
    *, request_id: UUID, failed: Failed | None, session_provider: str, tried: Set[str], only_floor: bool
) -> Chosen | None:
    """Notes the failure, unless it is noted already, and chooses who tries next; None where nobody is left.

    The turn's row says at once who that is. `only_floor`: there is no time for others.
    """
    if failed is not None:
        note_failure(failed)
    if only_floor:
        tried = tried | (set(PROVIDERS) - {FALLBACK_CHAIN[-1]})
    chosen = _choose(session_provider=session_provider, tried=tried)
    if chosen is not None:
        _note_switch(request_id, chosen.provider)
    return chosen


def once_more(provider: str) -> Chosen | None:
    """The same provider again, unless it was stopped, or its circuit opened, while the turn waited for it."""
    return _choose(session_provider=provider, tried=set(PROVIDERS) - {provider})


def _choose(*, session_provider: str, tried: Set[str]) -> Chosen | None:
    read_at = time.perf_counter()
    provider = _next(session_provider=session_provider, tried=tried)
    return None if provider is None else Chosen(provider=provider, read_at=read_at)


def _note_switch(request_id: UUID, provider: str) -> None:
    try:
        note_switch(request_id=request_id, provider=provider)
    except DatabaseFailure as error:
        if not is_away(error):
            raise


def _next(*, session_provider: str, tried: Set[str]) -> str | None:
    try:
        return next_provider(session_provider=session_provider, tried=tried)
    except DatabaseFailure as error:
        if not is_away(error):
            raise
        return next_without_database(session_provider=session_provider, tried=tried)
