"""Pins: staff give one session to a provider for a test, and take it back. No assignment is ever edited."""

import logging
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.providers.registry import PROVIDERS, why_unavailable
from apps.routing.circuits import open_circuits
from apps.routing.errors import BadPin, ReasonMissing
from apps.routing.ledger import current_rollout, locked_rollout, record
from apps.routing.models import RolloutChange, SessionPin
from apps.routing.services import forced_provider, standing
from apps.routing.shares import require_known

logger = logging.getLogger(__name__)


def pin_session(*, session_id: UUID | str, provider: str, by: str, reason: str) -> RolloutChange | None:
    """Sends the session's turns to the provider until the pin is taken back; None where it is pinned there already.

    The session need not have begun. Stops, open circuits and break-glass stand above a pin. Raises BadPin,
    UnknownProvider, ReasonMissing.
    """
    session = session_id_of(session_id)
    require_known(provider, providers=tuple(PROVIDERS))
    if why := why_unavailable(provider):
        raise BadPin(f"{provider} {why}, so no session can be pinned to it.", provider=provider)
    if not reason.strip():
        raise ReasonMissing(f"Pinning a session to {provider} wants a reason.", provider=provider)
    with transaction.atomic():
        rollout = locked_rollout()
        if SessionPin.objects.filter(pk=session, provider=provider, ended_at=None).exists():
            return None
        pin = {"provider": provider, "by": by, "reason": reason.strip(), "at": timezone.now(), "ended_at": None}
        SessionPin.objects.update_or_create(session_id=session, defaults=pin)
        change = record(
            rollout,
            action=RolloutChange.Action.PINNED,
            by=by,
            reason=reason,
            provider=provider,
            what=f"session {session} pinned to {provider}",
        )
    logger.info("Session pinned", extra={"pinned_session": str(session), "provider": provider, "by": by})
    return change


def unpin_session(*, session_id: UUID | str, by: str) -> RolloutChange:
    """Gives the session to its own provider again from its next turn. Raises BadPin where it is not pinned."""
    session = session_id_of(session_id)
    with transaction.atomic():
        rollout = locked_rollout()
        pin = SessionPin.objects.filter(pk=session, ended_at=None).first()
        if pin is None:
            raise BadPin(f"Session {session} is not pinned; nothing changed.")
        # The row stays: what the session did is left out of the evidence for good.
        pin.ended_at = timezone.now()
        pin.save(update_fields=["ended_at"])
        change = record(
            rollout,
            action=RolloutChange.Action.UNPINNED,
            by=by,
            provider=pin.provider,
            what=f"session {session} no longer pinned to {pin.provider}",
        )
    logger.info("Session unpinned", extra={"pinned_session": str(session), "provider": pin.provider, "by": by})
    return change


def session_id_of(text: UUID | str) -> UUID:
    """The id, with dashes or without. Raises BadPin."""
    if isinstance(text, UUID):
        return text
    try:
        return UUID(text.strip())
    except ValueError as error:
        raise BadPin(f"“{text}” is no session id; a session id is a UUID.") from error


def effect_of_pin(provider: str) -> str:
    """Who serves a session pinned to that provider from its next turn, as a sentence."""
    now, forced = timezone.now(), forced_provider()
    able = standing(current_rollout(), circuits=open_circuits(now=now, every_s=None)).under(forced)
    server = able.server_for(forced or provider)
    if server == provider:
        return f"From its next turn {provider} serves it."
    return f"{provider} does not serve now: until it does, {server or 'nobody'} serves it."
