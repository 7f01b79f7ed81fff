"""The rollout's row and its audit log: each entry is chained to the one before it, and the row names the last."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.providers.registry import DEFAULT_PROVIDER
from apps.routing import snapshot
from apps.routing.buckets import BucketMap
from apps.routing.ledger_hash import entry_hash
from apps.routing.models import Rollout, RolloutChange
from apps.routing.notifications import notify_of
from apps.routing.shares import WHOLE, parse_share

#: What a refused try may write of itself.
REFUSED_CHARACTERS = 500
REFUSED_AN_HOUR = 20


def current_rollout() -> Rollout:
    """The one row; the first call of all writes it from WORKFLOW_PERCENTAGE and WORKFLOW_KILL_SWITCH."""
    rollout = Rollout.objects.filter(pk=Rollout.ONLY_ID).first() or seed()
    snapshot.keep(rollout)
    return rollout


def locked_rollout() -> Rollout:
    """The row, locked until the transaction ends; SQLite locks the whole file when a transaction starts."""
    current_rollout()
    return Rollout.objects.select_for_update().get(pk=Rollout.ONLY_ID)


def seed() -> Rollout:
    """The first row, written once however many ask at the same time."""
    share = parse_share(str(settings.WORKFLOW_PERCENTAGE), provider="workflow")
    buckets = BucketMap.of_one(DEFAULT_PROVIDER).move({DEFAULT_PROVIDER: WHOLE - share, "workflow": share})
    now = timezone.now().isoformat()
    stop = {"reason": "WORKFLOW_KILL_SWITCH was set at the first start.", "by": "settings", "at": now}
    fields = {
        "salt": secrets.token_hex(8),
        "shares": buckets.shares(),
        "bucket_map": buckets.encode(),
        "kills": {"workflow": {**stop, "cut_at": None, "instead": ""}} if settings.WORKFLOW_KILL_SWITCH else {},
        "evidence_since": dict.fromkeys(buckets.shares(), now),
    }
    with transaction.atomic():
        rollout, created = Rollout.objects.get_or_create(pk=Rollout.ONLY_ID, defaults=fields)
        if created:
            record(rollout, before={}, action=RolloutChange.Action.SEEDED, by="settings")
    return rollout


def record(
    rollout: Rollout,
    *,
    action: RolloutChange.Action,
    by: str,
    before: Mapping[str, Any] | None = None,
    reason: str = "",
    provider: str = "",
    what: str = "",
    approved_by: str = "",
    evidence: Any = None,
) -> RolloutChange:
    """Adds an entry and tells whoever listens; `rollout` is locked, and its transaction is the caller's.

    `before` is the rollout's state before the change; None where shares and stops stay as they are.
    """
    change = RolloutChange(
        at=timezone.now(),
        by=by,
        approved_by=approved_by,
        action=action,
        provider=provider,
        reason=plain(reason).strip(),
        what=plain(what),
        version=rollout.version,
        before=rollout.state() if before is None else before,
        after=rollout.state(),
        evidence=evidence,
        previous_hash=rollout.ledger_head,
    )
    change.hash = entry_hash(change, previous=change.previous_hash)
    change.save()
    rollout.ledger_head = change.hash
    rollout.save(update_fields=["ledger_head"])
    notify_of(change)
    return change


def change_rollout(rollout: Rollout, *, before: Mapping[str, Any], **entry: Any) -> RolloutChange:
    """Saves changed shares or stops as the next version, with its entry."""
    rollout.version += 1
    rollout.updated_at = timezone.now()
    rollout.save()
    return record(rollout, before=before, **entry)


def plain(text: str) -> str:
    """The text as every database takes it: a stop must not fail for the letters of its reason."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")


def refuse(*, by: str, what: str, provider: str = "") -> RolloutChange | None:
    """Keeps a refused try that security wants to know of, in a transaction of its own.

    None beyond the first twenty of a person in an hour: who is refused again and again does not fill the log.
    """
    since = timezone.now() - timedelta(hours=1)
    mine = RolloutChange.objects.filter(action=RolloutChange.Action.REFUSED, by=by, at__gt=since)
    if mine.count() >= REFUSED_AN_HOUR:
        return None
    with transaction.atomic():
        return record(
            locked_rollout(),
            action=RolloutChange.Action.REFUSED,
            by=by,
            what=what[:REFUSED_CHARACTERS],
            provider=provider,
        )


def verify() -> list[str]:
    """What is wrong with the audit log and the rollout, a sentence each; nothing where both are whole.

    An edited, removed or added entry breaks the chain; a rollout edited past the services differs from the last entry.
    Nobody waits for it: entries that are added meanwhile are read as such.
    """
    faults = []
    rollout = current_rollout()
    previous, last = "", None
    for change in RolloutChange.objects.order_by("id").iterator():
        if change.previous_hash != previous:
            faults.append(f"Entry {change.pk} does not follow the one before it: an entry is missing or was added.")
        if change.hash != entry_hash(change, previous=change.previous_hash):
            faults.append(f"Entry {change.pk} was edited after it was written.")
        previous = change.hash
        if change.hash == rollout.ledger_head:
            last = change
    if last is None:
        faults.append("The last entry is not the one that the rollout names: entries at the end are missing.")
    elif any(rollout.state().get(name) != value for name, value in last.after.items()):
        faults.append("The rollout is not as the last entry left it: somebody changed it past the services.")
    if rollout.buckets.shares() != {name: share for name, share in rollout.shares.items() if share}:
        faults.append("The bucket map does not give the shares that the rollout names.")
    return faults
