"""The shares of new sessions: what new ones would move, and the verb that puts them into force."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.providers.registry import DEFAULT_PROVIDER, PROVIDERS
from apps.routing.buckets import N_BUCKETS, Move
from apps.routing.errors import RolloutReplaced, SecondPersonMissing
from apps.routing.evidence.harm import require_note
from apps.routing.ledger import change_rollout, current_rollout, locked_rollout
from apps.routing.models import Rollout, RolloutChange
from apps.routing.shares import require_known

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesPreview:
    """What new shares would do. `version` is the rollout they were compared with."""

    version: int
    before: Mapping[str, int]
    after: Mapping[str, int]
    moves: tuple[Move, ...]

    @property
    def sentences(self) -> list[str]:
        return [
            f"{move.n_buckets:,} of {N_BUCKETS:,} buckets move from {move.giver} to {move.taker}."
            for move in self.moves
        ]

    @property
    def only_lowers(self) -> bool:
        return only_lowers(self.before, self.after)


def preview_shares(*, shares: Mapping[str, int]) -> SharesPreview:
    """Which buckets would move; nothing changes. `shares` are basis points. Raises BadShares, UnknownProvider."""
    rollout = current_rollout()
    _require_known_takers(rollout, shares)
    moves = rollout.buckets.moves_to(rollout.buckets.move(shares))
    return SharesPreview(version=rollout.version, before=rollout.shares, after=shares, moves=tuple(moves))


def set_shares(
    *,
    shares: Mapping[str, int],
    by: str,
    reason: str = "",
    expected_version: int | None = None,
    approved_by: str = "",
) -> RolloutChange | None:
    """New shares of new sessions, in basis points; no session that has begun moves. None when nothing changes.

    Raises BadShares, UnknownProvider, RolloutReplaced when the row is no longer of `expected_version`, and
    SecondPersonMissing where two people decide, nobody approved, and a provider on trial would get more.
    """
    with transaction.atomic():
        rollout = locked_rollout()
        require_version(rollout, expected_version)
        if settings.ROLLOUT_TWO_PERSON and not approved_by and not only_lowers(rollout.shares, shares):
            raise SecondPersonMissing("These shares want a second person: propose them.")
        require_note(rollout.shares, shares, note=reason)
        return apply_shares(rollout, shares=shares, by=by, reason=reason, approved_by=approved_by)


def apply_shares(
    rollout: Rollout,
    *,
    shares: Mapping[str, int],
    by: str,
    reason: str = "",
    approved_by: str = "",
    action: RolloutChange.Action = RolloutChange.Action.SHARES_SET,
    provider: str = "",
    what: str = "",
    evidence: Any = None,
) -> RolloutChange | None:
    """Gives the locked rollout these shares, within the caller's transaction; None when they are in force already.

    The evidence of a provider that had no share begins anew. Raises BadShares, UnknownProvider.
    """
    _require_known_takers(rollout, shares)
    buckets = rollout.buckets
    moved = buckets.move(shares)
    if moved == buckets:
        return None
    before, had = rollout.state(), rollout.shares
    rollout.shares, rollout.bucket_map = moved.shares(), moved.encode()
    now = timezone.now().isoformat()
    begun = {name: now for name, share in rollout.shares.items() if share and not had.get(name)}
    rollout.evidence_since = {**rollout.evidence_since, **begun}
    change = change_rollout(
        rollout,
        before=before,
        action=action,
        by=by,
        reason=reason,
        provider=provider,
        what=what,
        approved_by=approved_by,
        evidence=evidence,
    )
    logger.info("Rollout shares set", extra={"rollout_version": change.version, "by": by, "shares": rollout.shares})
    return change


def require_version(rollout: Rollout, expected: int | None) -> None:
    """Raises RolloutReplaced when the rollout is no longer the one that was looked at."""
    if expected is not None and rollout.version != expected:
        raise RolloutReplaced(
            f"The rollout has changed since you looked: it is version {rollout.version}, you saw version "
            f"{expected}. Nothing was saved; look again and repeat."
        )


def only_lowers(before: Mapping[str, int], after: Mapping[str, int]) -> bool:
    """Whether nobody but the default provider gets more."""
    return all(share <= before.get(name, 0) for name, share in after.items() if name != DEFAULT_PROVIDER)


def _require_known_takers(rollout: Rollout, shares: Mapping[str, int]) -> None:
    """A provider that left the registry may keep or lose its share; a name nobody knows gets none."""
    for name in shares:
        require_known(name, providers=tuple({**PROVIDERS, **rollout.shares}))
