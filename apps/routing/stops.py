"""Which providers are stopped now, and how long the answers they are giving may go on: read apart from the rest of the
rollout, because running answers ask for it again and again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.routing.models import Rollout

#: How long the running answers of a provider that is drained may go on.
DRAIN_DEADLINE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StopOrder:
    """One provider's stop. With `cut_at` its running answers stop at once; without, they are drained."""

    provider: str
    at: datetime
    cut_at: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        """When its running answers must have ended."""
        drained_at = self.at + timedelta(seconds=DRAIN_DEADLINE_S)
        return drained_at if self.cut_at is None else min(self.cut_at, drained_at)

    def is_due(self, *, now: datetime) -> bool:
        """Whether its running answers must end now. A cut is due even where its giver's clock runs ahead of ours."""
        return self.cut_at is not None or self.ends_at <= now


def read_stops(kills: Mapping[str, Mapping[str, Any]]) -> tuple[StopOrder, ...]:
    """The stops that a rollout's `kills` hold."""
    return tuple(
        StopOrder(provider=provider, at=datetime.fromisoformat(stop["at"]), cut_at=_moment(stop.get("cut_at")))
        for provider, stop in kills.items()
    )


def stops_in_force() -> tuple[StopOrder, ...]:
    """Those of now, in one small query; break-glass stands above them and is the caller's to regard."""
    kills = Rollout.objects.filter(pk=Rollout.ONLY_ID).values_list("kills", flat=True)
    return next((read_stops(found) for found in kills), ())


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
