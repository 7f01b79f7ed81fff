"""Settles who serves a turn: the rollout, the session's assignment and who can serve now, loaded for `choose`."""

import logging
from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.core import rows
from apps.providers.registry import FALLBACK_CHAIN, PROVIDERS, why_unavailable
from apps.routing import snapshot
from apps.routing.breaker import FALLBACK_PROBE_INTERVAL_S
from apps.routing.buckets import bucket_of, owner_in
from apps.routing.choose import Assignment, Inputs, Reason, Route, Standing, choose
from apps.routing.circuits import claim_probe, open_circuits
from apps.routing.errors import BadBucketMap
from apps.routing.ledger import current_rollout, seed
from apps.routing.models import Rollout, SessionAssignment
from apps.routing.open_circuit import OpenCircuit

logger = logging.getLogger(__name__)

#: Read at every turn: written out, because building it from parts each time costs more than running it.
READ = """
    SELECT rollout.*, own.provider AS own_provider, own.bucket AS own_bucket, own.share_at_assign AS own_share,
           own.reason AS own_reason, pin.provider AS pinned_to,
           EXISTS (SELECT 1 FROM routing_circuit WHERE opened_at IS NOT NULL AND closed_at IS NULL) AS has_open_circuit
    FROM routing_rollout AS rollout
    LEFT JOIN routing_sessionassignment AS own ON own.session_id = %s
    LEFT JOIN routing_sessionpin AS pin ON pin.session_id = %s AND pin.ended_at IS NULL
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
    able = standing(rollout, circuits=open_circuits(now=now) if has_open_circuit else {})
    pinned_to = _pin(rollout, able)
    inputs = Inputs(
        standing=able,
        bucket=bucket,
        bucket_owner=_owner(rollout, bucket),
        shares=rollout.shares,
        assignment=assignment,
        override=override or pinned_to,
        is_pinned=override is None and pinned_to is not None,
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


def forced_provider() -> str | None:
    """The provider that the break-glass variable names for every turn, or None."""
    return settings.GVSES_FORCE_PROVIDER or None


def fallback_chain(instead: str) -> tuple[str, ...]:
    """Who serves when the wanted provider cannot: behind the default one comes whoever serves instead of it."""
    return (FALLBACK_CHAIN[0], instead, *FALLBACK_CHAIN[1:]) if instead else FALLBACK_CHAIN


def standing(rollout: Rollout, *, circuits: Mapping[str, OpenCircuit]) -> Standing:
    """Who can serve now, from the registry, the row's stops and the open circuits."""
    return Standing(
        providers=tuple(PROVIDERS),
        fallback_chain=fallback_chain(rollout.instead),
        unavailable={name: why for name in PROVIDERS if (why := why_unavailable(name))},
        killed=rollout.killed,
        circuits=circuits,
    )


def _read(session_id: UUID) -> tuple[Rollout, Assignment | None, bool]:
    """The rollout, the session's assignment and whether any circuit is open, in one query."""
    key = SessionAssignment._meta.pk.get_db_prep_value(session_id, connection)
    rollout: Any = next(iter(Rollout.objects.raw(READ, [key, key, Rollout.ONLY_ID])), None)
    if rollout is None:
        seed()
        return _read(session_id)
    snapshot.keep(rollout)
    if rollout.own_provider is None:
        return rollout, None, bool(rollout.has_open_circuit)
    assignment = Assignment(
        provider=rollout.own_provider,
        bucket=rollout.own_bucket,
        share_at_assign=rollout.own_share,
        reason=Reason(rollout.own_reason),
    )
    return rollout, assignment, bool(rollout.has_open_circuit)


def _pin(rollout: Any, able: Standing) -> str | None:
    """The provider that staff pinned the session to; a pin that this version cannot honour holds nobody up."""
    return rollout.pinned_to if rollout.pinned_to and able.why_unavailable(rollout.pinned_to) is None else None


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
        shares_at_assign=dict(assignment.shares_at_assign),
        reason=assignment.reason,
        assigned_at=timezone.now(),
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
