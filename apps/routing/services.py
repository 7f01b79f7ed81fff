"""The verbs of the rollout: settle who serves a turn, set shares, stop and resume a provider."""

import logging
import secrets
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from apps.core import rows
from apps.providers.registry import DEFAULT_PROVIDER, FALLBACK_CHAIN, PROVIDERS, why_unavailable
from apps.routing.breaker import FALLBACK_PROBE_INTERVAL_S
from apps.routing.buckets import N_BUCKETS, BucketMap, Move, bucket_of, owner_in
from apps.routing.choose import Assignment, Inputs, Reason, Route, Standing, choose
from apps.routing.circuits import claim_probe, open_circuits
from apps.routing.errors import BadBucketMap, NotStopped, ReasonMissing, RolloutReplaced
from apps.routing.models import Rollout, RolloutChange, SessionAssignment
from apps.routing.open_circuit import OpenCircuit
from apps.routing.shares import WHOLE, parse_share, require_known

logger = logging.getLogger(__name__)

#: Read at every turn: written out, because building it from parts each time costs more than running it.
READ = """
    SELECT rollout.*, own.provider AS own_provider, own.bucket AS own_bucket, own.share_at_assign AS own_share,
           own.reason AS own_reason,
           EXISTS (SELECT 1 FROM routing_circuit WHERE opened_at IS NOT NULL AND closed_at IS NULL) AS has_open_circuit
    FROM routing_rollout AS rollout
    LEFT JOIN routing_sessionassignment AS own ON own.session_id = %s
    WHERE rollout.id = %s
"""


def resolve(*, session_id: UUID, override: str | None = None) -> Route:
    """Who serves the session's next turn, and why. Raises NoProvider, OverrideRefused.

    One query for a session with an assignment, one more while a circuit is open; a new session is assigned by one
    insert, which one of any number of racing first turns wins; the others read what it stored. A route that `is_probe`
    has claimed the probe: no other turn is let through for the next seconds.
    """
    now = timezone.now()
    rollout, assignment, has_open_circuit = _read(session_id)
    bucket = bucket_of(session_id, rollout.salt)
    inputs = Inputs(
        standing=standing(rollout, circuits=open_circuits(now=now) if has_open_circuit else {}),
        bucket=bucket,
        bucket_owner=_owner(rollout, bucket),
        shares=rollout.shares,
        assignment=assignment,
        override=override,
        forced=forced_provider(),
    )
    route = choose(inputs)
    if route.new_assignment is not None:
        stored = _store(session_id, route.new_assignment)
        if stored != route.new_assignment:
            inputs = replace(inputs, assignment=stored)
            route = choose(inputs)
    while route.is_probe and not claim_probe(route.provider, now=now):
        inputs = replace(inputs, standing=inputs.standing.without_probe(route.provider))
        route = choose(inputs)
    return route


def next_provider(*, session_provider: str, tried: Set[str]) -> str | None:
    """Who serves in place of the providers tried, along the chain of the session's provider; None where nobody is left.

    A fresh look: what was stopped, opened or closed since the turn began counts. An open circuit is probed by such a
    turn only where no turn of its own probes it, because this turn's person has waited already.
    """
    now, forced = timezone.now(), forced_provider()
    circuits = open_circuits(now=now, every_s=FALLBACK_PROBE_INTERVAL_S)
    able = standing(current_rollout(), circuits=circuits).under(forced)
    for name in able.chain_from(forced or session_provider):
        if name in tried or able.obstacle(name):
            continue
        if name in able.circuits and not claim_probe(name, now=now, every_s=FALLBACK_PROBE_INTERVAL_S):
            continue
        return name
    return None


def current_rollout() -> Rollout:
    """The one row; the first call of all writes it from WORKFLOW_PERCENTAGE and WORKFLOW_KILL_SWITCH."""
    return Rollout.objects.filter(pk=Rollout.ONLY_ID).first() or _seed()


def forced_provider() -> str | None:
    """The provider that the break-glass variable names for every turn, or None."""
    return settings.GVSES_FORCE_PROVIDER or None


def standing(rollout: Rollout, *, circuits: Mapping[str, OpenCircuit]) -> Standing:
    """Who can serve now, from the registry, the row's stops and the open circuits."""
    return Standing(
        providers=tuple(PROVIDERS),
        fallback_chain=FALLBACK_CHAIN,
        unavailable={name: why for name in PROVIDERS if (why := why_unavailable(name))},
        killed=rollout.killed,
        circuits=circuits,
    )


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


def preview_shares(*, shares: Mapping[str, int]) -> SharesPreview:
    """Which buckets would move; nothing changes. `shares` are basis points. Raises BadShares, UnknownProvider."""
    rollout = current_rollout()
    _require_known_takers(rollout, shares)
    moves = rollout.buckets.moves_to(rollout.buckets.move(shares))
    return SharesPreview(version=rollout.version, before=rollout.shares, after=shares, moves=tuple(moves))


def set_shares(
    *, shares: Mapping[str, int], by: str, reason: str = "", expected_version: int | None = None
) -> RolloutChange | None:
    """New shares of new sessions, in basis points; no session that has begun moves. None when nothing changes.

    Raises BadShares, UnknownProvider, and RolloutReplaced when the row is no longer of `expected_version`.
    """
    with transaction.atomic():
        rollout = _locked()
        if expected_version is not None and rollout.version != expected_version:
            raise RolloutReplaced(
                f"The rollout has changed since you looked: it is version {rollout.version}, you saw version "
                f"{expected_version}. Nothing was saved; look again and repeat."
            )
        _require_known_takers(rollout, shares)
        buckets = rollout.buckets
        moved = buckets.move(shares)
        if moved == buckets:
            return None
        before = rollout.state()
        rollout.shares, rollout.bucket_map = moved.shares(), moved.encode()
        change = _save(rollout, before, action=RolloutChange.Action.SHARES_SET, by=by, reason=reason)
    logger.info("Rollout shares set", extra={"rollout_version": change.version, "by": by, "shares": rollout.shares})
    return change


def kill(*, provider: str, by: str, reason: str = "") -> RolloutChange | None:
    """Stops a provider from the next turn of every session; assignments stay. None when it is stopped already."""
    require_known(provider, providers=tuple(PROVIDERS))
    with transaction.atomic():
        rollout = _locked()
        if provider in rollout.kills:
            return None
        before = rollout.state()
        stop = {"reason": reason.strip(), "by": by, "at": timezone.now().isoformat()}
        rollout.kills = {**rollout.kills, provider: stop}
        change = _save(rollout, before, action=RolloutChange.Action.STOPPED, by=by, reason=reason, provider=provider)
    logger.warning("Provider stopped", extra={"provider": provider, "by": by, "rollout_version": change.version})
    return change


def unkill(*, provider: str, by: str, reason: str) -> RolloutChange:
    """Resumes a stopped provider: its sessions return to it. Raises ReasonMissing, NotStopped."""
    if not reason.strip():
        raise ReasonMissing(f"Resuming {provider} wants a reason.", provider=provider)
    with transaction.atomic():
        rollout = _locked()
        _require_stopped(rollout, provider)
        before = rollout.state()
        rollout.kills = {name: stop for name, stop in rollout.kills.items() if name != provider}
        change = _save(rollout, before, action=RolloutChange.Action.RESUMED, by=by, reason=reason, provider=provider)
    logger.warning("Provider resumed", extra={"provider": provider, "by": by, "rollout_version": change.version})
    return change


def explain_kill(*, provider: str, by: str, reason: str) -> RolloutChange:
    """The reason for a stop, given afterwards. Raises ReasonMissing, NotStopped."""
    if not reason.strip():
        raise ReasonMissing(f"Say why {provider} is stopped.", provider=provider)
    with transaction.atomic():
        rollout = _locked()
        _require_stopped(rollout, provider)
        before = rollout.state()
        stop = {**rollout.kills[provider], "reason": reason.strip()}
        rollout.kills = {**rollout.kills, provider: stop}
        return _save(rollout, before, action=RolloutChange.Action.REASON_GIVEN, by=by, reason=reason, provider=provider)


def _read(session_id: UUID) -> tuple[Rollout, Assignment | None, bool]:
    """The rollout, the session's assignment and whether any circuit is open, in one query."""
    key = SessionAssignment._meta.pk.get_db_prep_value(session_id, connection)
    rollout: Any = next(iter(Rollout.objects.raw(READ, [key, Rollout.ONLY_ID])), None)
    if rollout is None:
        _seed()
        return _read(session_id)
    if rollout.own_provider is None:
        return rollout, None, bool(rollout.has_open_circuit)
    assignment = Assignment(
        provider=rollout.own_provider,
        bucket=rollout.own_bucket,
        share_at_assign=rollout.own_share,
        reason=Reason(rollout.own_reason),
    )
    return rollout, assignment, bool(rollout.has_open_circuit)


def _owner(rollout: Rollout, bucket: int) -> str | None:
    """Who owns the bucket; a damaged map costs a log line, not the turn."""
    try:
        return owner_in(rollout.bucket_map, bucket)
    except BadBucketMap:
        logger.exception("Bucket map unreadable", extra={"rollout_version": rollout.version, "bucket": bucket})
        return None


def _store(session_id: UUID, assignment: Assignment) -> Assignment:
    """Inserts the assignment unless another first turn was faster, and gives the one that counts."""
    row = SessionAssignment(
        session_id=session_id,
        provider=assignment.provider,
        bucket=assignment.bucket,
        share_at_assign=assignment.share_at_assign,
        reason=assignment.reason,
    )
    if rows.insert(row, unless_there=True):
        return assignment
    stored = SessionAssignment.objects.get(pk=session_id)
    return Assignment(
        provider=stored.provider,
        bucket=stored.bucket,
        share_at_assign=stored.share_at_assign,
        reason=Reason(stored.reason),
    )


def _seed() -> Rollout:
    """The first row, written once however many ask at the same time."""
    share = parse_share(str(settings.WORKFLOW_PERCENTAGE), provider="workflow")
    buckets = BucketMap.of_one(DEFAULT_PROVIDER).move({DEFAULT_PROVIDER: WHOLE - share, "workflow": share})
    stop = {"reason": "WORKFLOW_KILL_SWITCH was set at the first start.", "by": "settings"}
    fields = {
        "salt": secrets.token_hex(8),
        "shares": buckets.shares(),
        "bucket_map": buckets.encode(),
        "kills": {"workflow": {**stop, "at": timezone.now().isoformat()}} if settings.WORKFLOW_KILL_SWITCH else {},
    }
    with transaction.atomic():
        rollout, created = Rollout.objects.get_or_create(pk=Rollout.ONLY_ID, defaults=fields)
        if created:
            _record(rollout, before={}, action=RolloutChange.Action.SEEDED, by="settings", reason="", provider="")
    return rollout


def _locked() -> Rollout:
    """The row, locked until the transaction ends; SQLite locks the whole file when a transaction starts."""
    current_rollout()
    return Rollout.objects.select_for_update().get(pk=Rollout.ONLY_ID)


def _require_known_takers(rollout: Rollout, shares: Mapping[str, int]) -> None:
    """A provider that left the registry may keep or lose its share; a name nobody knows gets none."""
    for name in shares:
        require_known(name, providers=tuple({**PROVIDERS, **rollout.shares}))


def _require_stopped(rollout: Rollout, provider: str) -> None:
    if provider not in rollout.kills:
        raise NotStopped(f"{provider} is not stopped.", provider=provider)


def _save(
    rollout: Rollout, before: Mapping[str, Any], *, action: str, by: str, reason: str, provider: str = ""
) -> RolloutChange:
    rollout.version += 1
    rollout.updated_at = timezone.now()
    rollout.save()
    return _record(rollout, before=before, action=action, by=by, reason=reason, provider=provider)


def _record(
    rollout: Rollout, *, before: Mapping[str, Any], action: str, by: str, reason: str, provider: str
) -> RolloutChange:
    return RolloutChange.objects.create(
        at=rollout.updated_at,
        by=by,
        action=action,
        provider=provider,
        reason=reason.strip(),
        version=rollout.version,
        before=before,
        after=rollout.state(),
    )
