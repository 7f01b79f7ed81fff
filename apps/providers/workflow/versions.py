"""Versions of the workflow: adding one, making one live, and which one a session runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.providers.models import WorkflowVersion
from apps.providers.workflow.graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveVersion:
    """The version a session runs."""

    number: int
    graph: Graph


def version_for_session(session_id: UUID) -> LiveVersion:
    """The session's version; at its first workflow turn the live one, which is stored for it. Raises BadGraph."""
    raise NotImplementedError


def pending_approval(session_id: UUID) -> dict[str, Any] | None:
    """What `set_pending` kept: the approval that the session waits for, or None."""
    raise NotImplementedError


def set_pending(session_id: UUID, value: Mapping[str, Any] | None) -> None:
    """Keeps or clears the approval that waits; the session has a version by now."""
    raise NotImplementedError


def add_version(graph: str | Mapping[str, Any], by: str, note: str) -> WorkflowVersion:
    """A new version, not live. Raises BadGraph."""
    raise NotImplementedError


def make_live(number: int, by: str) -> WorkflowVersion:
    """New sessions run this version from now; a session that has one keeps it."""
    raise NotImplementedError
