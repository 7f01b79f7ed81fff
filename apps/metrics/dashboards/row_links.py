"""Where the rows behind a figure are: the request log, narrowed to what the figure counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from apps.metrics.dashboards.filters import Filters
from apps.metrics.rollups.scope import LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLinks:
    """Makes links to rows of the log, hundreds a page: what is the same in all of them is written once."""

    start: str
    end: str
    address: str
    same: str

    def __call__(
        self, lookups: Mapping[str, str] | None = None, *, start: datetime | None = None, end: datetime | None = None
    ) -> str:
        """The rows of the whole period, or of [start, end) in it, that `lookups` name as well."""
        begin, until = _moment(start) if start else self.start, _moment(end) if end else self.end
        more = f"&{urlencode(lookups)}" if lookups else ""
        return f"{self.address}?created_at__gte={begin}&created_at__lt={until}{self.same}{more}"


def row_links(filters: Filters, *, always: Mapping[str, str] | None = None, provider_lookup: str = "") -> RowLinks:
    """Links to the rows of what the filters show, each narrowed by `always` too.

    `provider_lookup` is the column that the filters' provider stands for, where it is not who served or was assigned.
    """
    same = {
        **({"is_voice__exact": str(int(filters.channel == "voice"))} if filters.channel else {}),
        **({"intent": filters.intent} if filters.intent else {}),
        **({provider_lookup or provider_column(filters): filters.provider} if filters.provider else {}),
        **({"model": filters.model} if filters.model else {}),
        **(always or {}),
    }
    scope = filters.scope
    # A step is counted whole if any of it lies in the period; the one that still runs, up to now.
    end = min(scope.steps[-1] + LENGTH[scope.grain], max(timezone.now(), filters.end))
    return RowLinks(
        start=_moment(scope.first),
        end=_moment(end),
        address=reverse("admin:metrics_requestlog_changelist"),
        same=f"&{urlencode(same)}" if same else "",
    )


def provider_column(filters: Filters) -> str:
    return "assigned_provider" if filters.side == "assigned" else "provider"


def named(column: str, name: str) -> dict[str, str]:
    """Rows with that name; a name that is empty is asked for exactly, as an empty filter is none."""
    return {column: name} if name else {f"{column}__exact": ""}


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
