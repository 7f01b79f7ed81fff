"""Which turns a reading is about, and in which steps of time it is told."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from django.utils import timezone

from apps.metrics.models import Grain

#: What is told by hours, by days; beyond it, by weeks.
BY_HOURS, BY_DAYS = timedelta(days=3), timedelta(days=100)
#: Rows of hours are dropped after it. What is told by hours begins later, also in the period before.
HOURS_KEPT, HOURS_TOLD = timedelta(days=15), timedelta(days=14)
LENGTH = {Grain.HOUR: timedelta(hours=1), Grain.DAY: timedelta(days=1), Grain.WEEK: timedelta(days=7)}

Channel = Literal["text", "voice"]


class By(StrEnum):
    """What figures are told apart by."""

    SERVED = "served"
    ASSIGNED = "assigned"
    INTENT = "intent"
    MODEL = "model"
    CHANNEL = "channel"
    NOTHING = "nothing"


def start_of(moment: datetime, grain: Grain) -> datetime:
    """When the hour, the day or the week that the moment lies in begins, UTC."""
    hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if grain is Grain.HOUR:
        return hour
    day = hour.replace(hour=0)
    return day if grain is Grain.DAY else day - timedelta(days=day.weekday())


def grain_of(*, start: datetime, end: datetime, now: datetime) -> Grain:
    """The steps in which a period is told."""
    length = end - start
    if length <= BY_HOURS and start - length >= now - HOURS_TOLD:
        return Grain.HOUR
    return Grain.DAY if length <= BY_DAYS else Grain.WEEK


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Turns that began from `start` to before `end`; None and "" differ: the latter are turns without a name for it.

    A step is read whole if any of it lies in the period: what is read begins at `first` and ends with the step in
    which `end` lies. `provider` is who served or who was assigned, as `provider_is` says.
    """

    start: datetime
    end: datetime
    channel: Channel | None = None
    intent: str | None = None
    provider: str | None = None
    model: str | None = None
    provider_is: Literal[By.SERVED, By.ASSIGNED] = By.SERVED
    include_overridden: bool = True
    told_by: Grain | None = None

    @property
    def grain(self) -> Grain:
        """The steps of it: `told_by`, or what fits its length now."""
        return self.told_by or grain_of(start=self.start, end=self.end, now=timezone.now())

    @property
    def first(self) -> datetime:
        """When the first step begins."""
        return start_of(self.start, self.grain)

    @property
    def steps(self) -> list[datetime]:
        """When each step begins, those without any turn too."""
        grain = self.grain
        step, last = start_of(self.start, grain), self.end
        found = []
        while step < last:
            found.append(step)
            step += LENGTH[grain]
        return found

    @property
    def before(self) -> "Scope":
        """As many steps of the same length, right before the first of these. Of hours, they are kept so far back."""
        first, grain = self.first, self.grain
        return replace(self, start=first - len(self.steps) * LENGTH[grain], end=first, told_by=grain)

    def period(self) -> dict[str, Any]:
        """What a row's `grain` and `start` have to be."""
        return {"grain": self.grain, "start__gte": self.first, "start__lt": self.end}
