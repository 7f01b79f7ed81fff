"""Stops a provider at once, cuts its running answers, and resumes it. No assignment is ever edited."""

import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.providers.registry import DEFAULT_PROVIDER, PROVIDERS
from apps.routing.circuits import is_floor
from apps.routing.errors import InsteadMissing, NotStopped, ReasonMissing, SecondPersonMissing
from apps.routing.evidence.harm import wants_note
from apps.routing.ledger import change_rollout, locked_rollout, plain
from apps.routing.models import Rollout, RolloutChange
from apps.routing.services import standing
from apps.routing.shares import require_known

logger = logging.getLogger(__name__)

Action = RolloutChange.Action


def kill(*, provider: str, by: str, reason: str = "", cut: bool = False, instead: str = "") -> RolloutChange | None:
    """Stops a provider from the next turn of every session; None where it is stopped already.

    Its running answers may end within half a minute, or with `cut` end at once. `instead` names who serves in place of
    the default provider and is asked for with that one only. Raises UnknownProvider, InsteadMissing.
    """
    require_known(provider, providers=tuple(PROVIDERS))
    reason, instead = plain(reason), plain(instead)
    with transaction.atomic():
        rollout = locked_rollout()
        if provider in rollout.kills:
            return None
        _require_instead(rollout, provider, instead)
        before, now = rollout.state(), timezone.now().isoformat()
        stop = {"reason": reason.strip(), "by": by, "at": now, "cut_at": now if cut else None, "instead": instead}
        rollout.kills = {**rollout.kills, provider: stop}
        what = f"{provider} stopped, its answers cut" if cut else f"{provider} stopped"
        if instead:
            what += f"; {instead} serves instead"
        change = change_rollout(
            rollout, before=before, action=Action.STOPPED, by=by, reason=reason, provider=provider, what=what
        )
    logger.warning("Provider stopped", extra={"provider": provider, "by": by, "is_cut": cut} | _version(change))
    return change


def cut(*, provider: str, by: str, reason: str = "") -> RolloutChange | None:
    """Ends the running answers of a stopped provider at once; None where they are cut already. Raises NotStopped."""
    with transaction.atomic():
        rollout = locked_rollout()
        _require_stopped(rollout, provider)
        if rollout.kills[provider].get("cut_at"):
            return None
        before = rollout.state()
        _amend(rollout, provider, cut_at=timezone.now().isoformat())
        change = change_rollout(rollout, before=before, action=Action.CUT, by=by, reason=reason, provider=provider)
    logger.warning("Running answers cut", extra={"provider": provider, "by": by} | _version(change))
    return change


def unkill(*, provider: str, by: str, reason: str, approved_by: str = "") -> RolloutChange:
    """Resumes a stopped provider: its sessions return to it with their next turn.

    Raises ReasonMissing, NotStopped, and SecondPersonMissing where two people decide and nobody approved.
    """
    if not reason.strip():
        raise ReasonMissing(f"Resuming {provider} wants a reason.", provider=provider)
    if settings.ROLLOUT_TWO_PERSON and not approved_by:
        raise SecondPersonMissing(f"Resuming {provider} wants a second person: propose it.", provider=provider)
    with transaction.atomic():
        rollout = locked_rollout()
        _require_stopped(rollout, provider)
        before = rollout.state()
        rollout.kills = {name: stop for name, stop in rollout.kills.items() if name != provider}
        change = change_rollout(
            rollout,
            before=before,
            action=Action.RESUMED,
            by=by,
            reason=reason,
            provider=provider,
            approved_by=approved_by,
        )
    logger.warning("Provider resumed", extra={"provider": provider, "by": by} | _version(change))
    return change


def explain_kill(*, provider: str, by: str, reason: str) -> RolloutChange:
    """The reason for a stop, given afterwards. Raises ReasonMissing, NotStopped."""
    if not reason.strip():
        raise ReasonMissing(f"Say why {provider} is stopped.", provider=provider)
    with transaction.atomic():
        rollout = locked_rollout()
        _require_stopped(rollout, provider)
        before = rollout.state()
        _amend(rollout, provider, reason=plain(reason).strip())
        return change_rollout(
            rollout, before=before, action=Action.REASON_GIVEN, by=by, reason=reason, provider=provider
        )


def able_instead(rollout: Rollout, provider: str) -> list[str]:
    """Who could serve in its place, the floor last: who is neither stopped nor without a backend, and has a share.

    A provider that nobody has tried, or that did harm lately, is no way out of trouble: everybody would be its trial.
    """
    now, lately = standing(rollout, circuits={}), timezone.now()
    able = [name for name in now.providers if name != provider and now.obstacle(name) is None]
    tried = [n for n in able if is_floor(n) or (rollout.shares.get(n) and not wants_note(n, now=lately))]
    return sorted(tried, key=is_floor)


def _require_instead(rollout: Rollout, provider: str, instead: str) -> None:
    if provider != DEFAULT_PROVIDER:
        if instead:
            raise InsteadMissing(
                f"Only for {DEFAULT_PROVIDER} is it asked what serves instead: {provider}'s sessions go to it.",
                provider=provider,
            )
        return
    able = able_instead(rollout, provider)
    if instead not in able and (able or instead):
        said = f"“{instead}” cannot serve instead of {provider}" if instead else f"Stopping {provider} leaves a gap"
        raise InsteadMissing(
            f"{said}: say which serves instead: {' or '.join(able) or 'nobody can'}.", provider=provider
        )


def _require_stopped(rollout: Rollout, provider: str) -> None:
    if provider not in rollout.kills:
        raise NotStopped(f"{provider} is not stopped.", provider=provider)


def _amend(rollout: Rollout, provider: str, **values: Any) -> None:
    rollout.kills = {**rollout.kills, provider: {**rollout.kills[provider], **values}}


def _version(change: RolloutChange) -> dict[str, object]:
    return {"rollout_version": change.version}
