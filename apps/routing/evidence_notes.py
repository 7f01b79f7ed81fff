"""The latest evaluations in words."""

from datetime import datetime
from typing import Any

from apps.routing.models import Rollout


def evidence_notes(rollout: Rollout, *, now: datetime) -> list[Any]:
    return []
