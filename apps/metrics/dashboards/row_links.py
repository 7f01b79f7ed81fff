"""Where the rows behind a figure are: the request log, narrowed to what the figure counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse

from apps.metrics.dashboards.filters import Filters


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLinks:
    """Makes links to the rows of what the filters show; `always` narrows each of them further."""

    filters: Filters
    always: dict[str, str] = field(default_factory=dict)
    #: The column of the log that the provider of the filters stands for.
    provider_lookup: str = ""

    def __call__(
        self, lookups: Mapping[str, str] | None = None, *, start: datetime | None = None, end: datetime | None = None
    ) -> str:
        chosen = self.filters
        wanted = {
            "created_at__gte": _moment(start or chosen.scope.first),
            "created_at__lt": _moment(end or chosen.end),
            **({"is_voice__exact": str(int(chosen.channel == "voice"))} if chosen.channel else {}),
            **({"intent": chosen.intent} if chosen.intent else {}),
            **({self.provider_lookup or provider_column(chosen): chosen.provider} if chosen.provider else {}),
            **({"model": chosen.model} if chosen.model else {}),
            **self.always,
            **(lookups or {}),
        }
        return f"{reverse('admin:metrics_requestlog_changelist')}?{urlencode(wanted)}"


def provider_column(filters: Filters) -> str:
    return "assigned_provider" if filters.side == "assigned" else "provider"


def named(column: str, name: str) -> dict[str, str]:
    """Rows with that name; a name that is empty is asked for exactly, as an empty filter is none."""
    return {column: name} if name else {f"{column}__exact": ""}


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
