"""Who serves a turn while the database is away: by what this process remembers, and by nothing that it writes.

break-glass › kill switch as last seen › staff override › bucket map as read in the last minute › `responses`

Which provider a session was assigned is unknown, so the owner of its bucket stands in for it; circuits are unknown
too and count as closed. A stop that was seen is respected however long ago: a provider must not come back because the
database has gone.
"""

import logging
import time
from collections.abc import Set
from itertools import takewhile
from uuid import UUID

from apps.providers.registry import PROVIDERS, why_unavailable
from apps.routing import snapshot as snapshots
from apps.routing.buckets import bucket_of, owner_in
from apps.routing.choose import Reason, Route, Standing
from apps.routing.errors import BadBucketMap, NoProvider, OverrideRefused
from apps.routing.services import fallback_chain, forced_provider
from apps.routing.shares import percent
from apps.routing.snapshot import MAX_AGE_S, Snapshot

logger = logging.getLogger(__name__)


def resolve_without_database(*, session_id: UUID, override: str | None = None) -> Route:
    """Who serves the session's next turn, and why; nothing is stored. Raises NoProvider, OverrideRefused."""
    snapshot = snapshots.last()
    return choose_without_database(
        session_id=session_id,
        snapshot=snapshot,
        now=time.monotonic(),
        standing=_standing(snapshot),
        override=override,
        forced=forced_provider(),
    )


def next_without_database(*, session_provider: str, tried: Set[str]) -> str | None:
    """Who serves in place of the providers tried; None where nobody is left."""
    forced = forced_provider()
    able = _standing(snapshots.last()).under(forced)
    chain = able.chain_from(forced or session_provider)
    return next((name for name in chain if name not in tried and able.obstacle(name) is None), None)


def choose_without_database(
    *,
    session_id: UUID,
    snapshot: Snapshot | None,
    now: float,
    standing: Standing,
    override: str | None = None,
    forced: str | None = None,
) -> Route:
    """The decision, pure: `standing` holds the stops of `snapshot`, `now` is a reading of the clock that dated it.

    Raises NoProvider, OverrideRefused.
    """
    if override is not None and (why := standing.why_unavailable(override)):
        raise OverrideRefused(f"{override} {why}, so it cannot be asked for.", provider=override)
    bucket = bucket_of(session_id, snapshot.salt) if snapshot else 0
    owner = _owner(snapshot, bucket, now=now, known=standing.providers)
    share = snapshot.shares.get(owner, 0) if snapshot and owner else 0
    belongs_to = owner or standing.fallback_chain[0]
    if forced is not None:
        wanted, rule, claim = forced, Reason.BREAK_GLASS, f"GVSES_FORCE_PROVIDER names {forced}"
    elif override is not None:
        wanted, rule, claim = override, Reason.OVERRIDE, f"A staff override names {override}"
    elif snapshot and owner:
        wanted, rule = owner, Reason.SNAPSHOT
        claim = (
            f"The database is away, and by the rollout as read {now - snapshot.read_at:.0f} s ago bucket {bucket:,} "
            f"belongs to {owner} ({percent(share)})"
        )
    else:
        wanted, rule, claim = belongs_to, Reason.DEFAULT, f"The database is away and {_why_no_owner(snapshot, now=now)}"
    able = standing.under(forced)
    provider = able.server_for(wanted)
    if provider is None:
        raise NoProvider(f"{claim}, but {_passed_over(able, wanted, until=None)}.", provider=belongs_to)
    why = claim if provider == wanted else f"{claim}, but {_passed_over(able, wanted, until=provider)}"
    return Route(
        provider=provider,
        assigned_provider=override or belongs_to,
        reason=rule if rule is Reason.BREAK_GLASS else able.obstacle(wanted) or rule,
        explanation=f"{why}, so {provider} serves.",
        bucket=bucket,
        share_at_assign=share,
    )


def _standing(snapshot: Snapshot | None) -> Standing:
    return Standing(
        providers=tuple(PROVIDERS),
        fallback_chain=fallback_chain(snapshot.instead if snapshot else ""),
        unavailable={name: why for name in PROVIDERS if (why := why_unavailable(name))},
        killed=snapshot.killed if snapshot else frozenset(),
    )


def _owner(snapshot: Snapshot | None, bucket: int, *, now: float, known: tuple[str, ...]) -> str | None:
    """Who owns the bucket by a snapshot that is not too old; None where it does not say, or names nobody we know."""
    if snapshot is None or now - snapshot.read_at > MAX_AGE_S:
        return None
    try:
        owner = owner_in(snapshot.bucket_map, bucket)
    except BadBucketMap:
        logger.exception("Bucket map unreadable", extra={"bucket": bucket})
        return None
    return owner if owner in known else None


def _why_no_owner(snapshot: Snapshot | None, *, now: float) -> str:
    if snapshot is None:
        return "this process has not read the rollout yet"
    age_s = now - snapshot.read_at
    if age_s > MAX_AGE_S:
        return f"the rollout was last read {age_s:.0f} s ago"
    return "the rollout as last read names no provider known to this version"


def _passed_over(standing: Standing, wanted: str, *, until: str | None) -> str:
    """Why each one on the chain before `until` does not serve, as one clause."""
    names = takewhile(lambda name: name != until, standing.chain_from(wanted))
    return " and ".join(f"{name} {standing.why_not(name)}" for name in names)
