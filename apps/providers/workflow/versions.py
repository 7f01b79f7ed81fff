"""Versions of the workflow: adding one, making one live, and which one a session runs."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.core.database_away import LastKnown
from apps.market.tools.registry import TOOLS
from apps.providers.models import SessionWorkflow, WorkflowVersion
from apps.providers.profiles.versions import tools_by_profile
from apps.providers.shipped import design_fields
from apps.providers.workflow.design_text import as_stored
from apps.providers.workflow.graph import BadGraph, Graph, parse_graph

logger = logging.getLogger(__name__)


class VersionMissing(Exception):
    """`str(error)` is a whole sentence for operations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveVersion:
    """The version a session runs."""

    number: int
    graph: Graph


#: One entry: which version a session has cannot be known without asking.
_last_known: LastKnown[None, LiveVersion] = LastKnown()


def version_for_session(session_id: UUID) -> LiveVersion:
    """The session's version; at its first workflow turn the live one, which is stored for it. Raises BadGraph.

    While the database is away, the version that a turn ran last here, or as shipped.
    """
    return _last_known.read(None, lambda: _stored(session_id), otherwise=_shipped)


def _stored(session_id: UUID) -> LiveVersion:
    """One query for a session that has a version. Of racing first turns one insert wins, and all read it back."""
    own = SessionWorkflow.objects.select_related("version").filter(pk=session_id)
    stored = own.first()
    if stored is None:
        row = SessionWorkflow(session_id=session_id, version=live_version())
        SessionWorkflow.objects.bulk_create([row], ignore_conflicts=True)
        stored = own.get()
    return LiveVersion(number=stored.version.number, graph=parse_graph(stored.version.graph))


def _shipped() -> LiveVersion:
    fields = design_fields()
    return LiveVersion(number=fields["number"], graph=parse_graph(fields["graph"]))


def live_version() -> WorkflowVersion:
    """The version that new sessions run."""
    return WorkflowVersion.objects.filter(is_live=True).first() or _written_once()


def lacking_in_profiles(graph: Mapping[str, Any]) -> list[str]:
    """What a stored design asks of the profiles in force that they do not have now, as sentences."""
    try:
        parse_graph(graph, profiles=tools_by_profile())
    except BadGraph as error:
        return error.messages
    return []


def pending_approval(session_id: UUID) -> dict[str, Any] | None:
    """What `set_pending` kept: the approval that the session waits for, or None."""
    pending: dict[str, Any] | None = (
        SessionWorkflow.objects.filter(pk=session_id).values_list("pending", flat=True).first()
    )
    return pending


def set_pending(session_id: UUID, value: Mapping[str, Any] | None) -> None:
    """Keeps the approval that waits, or clears it. Raises DoesNotExist for a session that has no version yet."""
    pending = None if value is None else dict(value)
    if not SessionWorkflow.objects.filter(pk=session_id).update(pending=pending) and value is not None:
        raise SessionWorkflow.DoesNotExist(f"Session {session_id} has no workflow version.")


def forget_sessions(session_ids: Iterable[UUID]) -> None:
    """Removes what sessions that are deleted ran, and the previews that waited in them."""
    SessionWorkflow.objects.filter(pk__in=list(session_ids)).delete()


def add_version(graph: str | Mapping[str, Any], by: str, note: str) -> WorkflowVersion:
    """A new version, not live yet, with the label ids of the live one. Raises BadGraph."""
    design = as_stored(parse_graph(graph, profiles=tools_by_profile()))
    with transaction.atomic():
        _lock()
        live = live_version()
        last = WorkflowVersion.objects.order_by("-number").values_list("number", flat=True)[0]
        row = WorkflowVersion.objects.create(
            number=last + 1, graph=design, label_ids=live.label_ids, created_by=by, note=note.strip()
        )
    logger.info("Workflow version added", extra={"workflow_version": row.number, "by": by})
    return row


def make_live(number: int, by: str) -> WorkflowVersion:
    """New sessions run this version from now; a session that has one keeps it. Raises VersionMissing, BadGraph.

    The design is read again first: a tool may have left the product since it was saved. A tool that its profile no
    longer has is no reason to refuse: an agent goes on without it, and the way back has to stay open.
    """
    with transaction.atomic():
        _lock()
        row = WorkflowVersion.objects.filter(number=number).first()
        if row is None:
            raise VersionMissing(f"There is no workflow version {number}.")
        parse_graph(row.graph, profiles=dict.fromkeys(tools_by_profile(), TOOLS))
        if row.is_live:
            return row
        WorkflowVersion.objects.filter(is_live=True).update(is_live=False)
        row.is_live, row.live_since = True, timezone.now()
        row.save(update_fields=["is_live", "live_since"])
    logger.warning("Workflow version live", extra={"workflow_version": number, "by": by})
    return row


def _lock() -> None:
    """Every writer waits for the first row; SQLite locks the whole file when a transaction starts."""
    WorkflowVersion.objects.select_for_update().order_by("number").first()


def _written_once() -> WorkflowVersion:
    """Writes the shipped design into a database that has lost it, once however many ask."""
    row = WorkflowVersion(**design_fields(), is_live=True, live_since=timezone.now())
    WorkflowVersion.objects.bulk_create([row], ignore_conflicts=True)
    return WorkflowVersion.objects.get(is_live=True)
