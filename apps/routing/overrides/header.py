"""The signed header by which a staff member chooses the provider of one turn.

Whoever holds the header holds the choice for as long as it lasts, and nothing else: whose conversation it is, how
often one may ask, stops and circuits are settled as for any other turn.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core import signing
from django.utils import timezone

from apps.core.rate_limit import Rate, hit
from apps.providers.registry import PROVIDERS, why_unavailable
from apps.routing.errors import OverrideRefused
from apps.routing.ledger import locked_rollout, record, refuse
from apps.routing.models import RolloutChange
from apps.routing.shares import require_known

logger = logging.getLogger(__name__)

HEADER = "X-Gvses-Provider"
SALT = "gvses.override"
MAX_AGE = timedelta(hours=1)
PERMISSION = "routing.override"
#: How many refused headers of one account the audit log takes; an old header must not let strangers fill it.
AUDITED_REFUSALS = Rate(count=20, seconds=3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """The provider of one turn, and the name of the account that signed for it."""

    provider: str
    by: str


def sign_override(*, provider: str, user_id: int) -> str:
    """The header's value, which holds for `MAX_AGE` in that account's name.

    Raises UnknownProvider, and OverrideRefused for what would be refused at its use.
    """
    require_known(provider, providers=tuple(PROVIDERS))
    if why := why_unavailable(provider):
        raise OverrideRefused(f"{provider} {why}, so it cannot be asked for.", provider=provider)
    user = _account(user_id)
    if why := _why_not(user):
        raise OverrideRefused(f"The account {_name(user, user_id)} {why}.", provider=provider)
    logger.info("Override header signed", extra={"provider": provider, "user_id": user_id})
    return signing.dumps({"provider": provider, "user_id": user_id}, salt=SALT)


def read_override(value: str) -> Override:
    """What the header asks for, by the rights that its account has now. Raises OverrideRefused.

    A refused header that this site signed is an entry of the audit log. What it did not sign is a log line alone, so
    that strangers neither fill the audit log nor hold its lock.
    """
    provider, user_id = _signed(value)
    user = _account(user_id)
    if why := _why_refused(value, provider=provider, user=user):
        _note_refused(why, provider=provider, by=_name(user, user_id), user_id=user_id)
        raise OverrideRefused(f"The {HEADER} header does not count: {why}.", provider=provider)
    return Override(provider=provider, by=_name(user, user_id))


def record_override(*, session_id: UUID, provider: str, served_by: str, by: str) -> RolloutChange:
    """Writes the turn that a header chose the provider of into the audit log, in the turn's own transaction.

    `served_by` is another than `provider` where a stop, an open circuit or break-glass rules; "" where nobody serves.
    """
    what = f"turn of session {session_id} sent to {provider}"
    if served_by != provider:
        what = f"turn of session {session_id} asked for {provider}; {served_by or 'nobody'} serves"
    return record(locked_rollout(), action=RolloutChange.Action.OVERRIDDEN, by=by, provider=provider, what=what)


def _signed(value: str) -> tuple[str, int]:
    """Provider and account of a value that this site signed, however old. Raises OverrideRefused."""
    try:
        content: Any = signing.loads(value, salt=SALT)
    except signing.BadSignature:
        content = None
    match content:
        case {"provider": str(provider), "user_id": int(user_id)}:
            return provider, user_id
    logger.warning("Override header refused", extra={"why": "not signed by this site"})
    raise OverrideRefused(f"The {HEADER} header does not count: this site did not sign it.")


def _why_refused(value: str, *, provider: str, user: AbstractBaseUser | None) -> str | None:
    """Why a value that this site signed does not count, as a clause that names nobody, or None."""
    try:
        signing.loads(value, salt=SALT, max_age=MAX_AGE)
    except signing.SignatureExpired:
        return f"it is older than {lifetime_text()}"
    if why := _why_not(user):
        return f"the account that signed it {why}"
    return None if provider in PROVIDERS else f"there is no provider “{provider}”"


def _account(user_id: int) -> AbstractBaseUser | None:
    return get_user_model().objects.filter(pk=user_id).first()


def _why_not(user: Any) -> str | None:
    """Why this account may not choose a provider, as the end of a sentence about it, or None."""
    if user is None:
        return "is gone"
    if not user.is_active:
        return "is switched off"
    if not user.is_staff:
        return "is not staff"
    return None if user.has_perm(PERMISSION) else "may not choose providers"


def _name(user: AbstractBaseUser | None, user_id: int) -> str:
    return user.get_username() if user else f"user {user_id}"


def _note_refused(why: str, *, provider: str, by: str, user_id: int) -> None:
    verdict = hit(key=f"override-refused:{user_id}", rate=AUDITED_REFUSALS, now=timezone.now().timestamp())
    if verdict.allowed:
        refuse(by=by, what=f"override header for {provider}: {why}", provider=provider)
    logger.warning("Override header refused", extra={"why": why, "provider": provider, "user_id": user_id})


def lifetime_text() -> str:
    hours = MAX_AGE // timedelta(hours=1)
    return f"{hours} hour" if hours == 1 else f"{hours} hours"
