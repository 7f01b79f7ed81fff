"""How the request log is narrowed in the admin: by index and by bounded work, since it holds millions of rows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from apps.market.tools.registry import TOOLS
from apps.metrics.dashboards.book import known_models
from apps.metrics.dashboards.filters import INTENTS
from apps.metrics.dashboards.periods import range_label
from apps.metrics.models import Attempt, RequestLog, ToolCall
from apps.metrics.rollups.from_log import SAYS_NOTHING
from apps.providers.registry import PROVIDERS
from apps.routing.choose import Reason
from apps.routing.errors import NoProvider

#: Rows beyond it are not counted: counting millions takes seconds, and nobody pages through them.
N_COUNTED = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than N_COUNTED; `is_bounded` where there are more."""

    @cached_property
    def _found(self) -> int:
        rows = cast(QuerySet[RequestLog], self.object_list)
        return rows.order_by()[: N_COUNTED + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self._found, N_COUNTED)

    @property
    def is_bounded(self) -> bool:
        return self._found > N_COUNTED


class TimeFilter(admin.ListFilter):
    """The last hours and days, or exactly the range that a dashboard's link names."""

    title = "time"
    AGE, START, END = "age", "created_at__gte", "created_at__lt"
    AGES = {
        "1h": ("Last hour", timedelta(hours=1)),
        "24h": ("Last 24 hours", timedelta(hours=24)),
        "7d": ("Last 7 days", timedelta(days=7)),
        "30d": ("Last 30 days", timedelta(days=30)),
    }

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        for name in (self.AGE, self.START, self.END):
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return [self.AGE, self.START, self.END]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RequestLog]) -> QuerySet[RequestLog]:
        age = str(self.used_parameters.get(self.AGE))
        if age in self.AGES:
            queryset = queryset.filter(created_at__gte=timezone.now() - self.AGES[age][1])
        return queryset.filter(**{name: at for name in (self.START, self.END) if (at := self._moment(name))})

    def choices(self, changelist: Any) -> Iterator[Any]:
        every = [self.AGE, self.START, self.END]
        used = self.used_parameters
        yield {"selected": not used, "query_string": changelist.get_query_string(remove=every), "display": "Any time"}
        for name, (words, _) in self.AGES.items():
            link = changelist.get_query_string({self.AGE: name}, remove=[self.START, self.END])
            yield {"selected": used.get(self.AGE) == name, "query_string": link, "display": words}
        start, end = self._moment(self.START), self._moment(self.END)
        if start or end:
            link = changelist.get_query_string(remove=[self.AGE])
            yield {"selected": True, "query_string": link, "display": _range(start, end)}

    def _moment(self, name: str) -> datetime | None:
        value = self.used_parameters.get(name)
        if not value:
            return None
        try:
            at = datetime.fromisoformat(str(value))
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise IncorrectLookupParameters(f"{name} is no moment.") from error


def _range(start: datetime | None, end: datetime | None) -> str:
    if start and end:
        return range_label(start, end)
    return f"From {start:%Y-%m-%d %H:%M} UTC" if start else f"To {end:%Y-%m-%d %H:%M} UTC"


class NameFilter(admin.SimpleListFilter):
    """Names that are known: a look through ten million rows for the names in use would take seconds."""

    names: tuple[str, ...] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in self.names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RequestLog]) -> QuerySet[RequestLog]:
        return queryset.filter(**{str(self.parameter_name): self.value()}) if self.value() else queryset


class ServedByFilter(NameFilter):
    title, parameter_name, names = "served by", "provider", tuple(PROVIDERS)


class AssignedFilter(NameFilter):
    title, parameter_name, names = "assigned to", "assigned_provider", tuple(PROVIDERS)


class IntentFilter(NameFilter):
    title, parameter_name, names = "intent", "intent", INTENTS


class ModelFilter(NameFilter):
    title, parameter_name = "model", "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        # One that no rollup knows yet is asked for all the same.
        asked = request.GET.get("model", "")
        return [(name, name) for name in dict.fromkeys([*known_models(), asked]) if name]


class RouteReasonFilter(NameFilter):
    title, parameter_name = "route reason", "route_reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        known = [(str(value), str(label)) for value, label in Reason.choices]
        return [*known, (NoProvider.code, "Nobody could serve")]


class ToolFilter(NameFilter):
    """Turns with a call of the tool; with an error's class beside it, with one that ended so."""

    title, parameter_name, names = "tool", "tool", tuple(TOOLS)

    def queryset(self, request: HttpRequest, queryset: QuerySet[RequestLog]) -> QuerySet[RequestLog]:
        if not self.value():
            return queryset
        calls = ToolCall.objects.filter(request=OuterRef("pk"), name=self.value())
        if error := request.GET.get(ToolErrorFilter.parameter_name):
            calls = calls.filter(ok=False, error_code=error)
        return queryset.filter(Exists(calls))


class ToolErrorFilter(NameFilter):
    """Shown where a link names an error; together with a tool it is that filter which looks for both in one call."""

    title, parameter_name = "tool’s error", "tool_error"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        asked = request.GET.get(self.parameter_name, "")
        return [(asked, asked)] if asked else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[RequestLog]) -> QuerySet[RequestLog]:
        if not self.value() or request.GET.get(ToolFilter.parameter_name):
            return queryset
        calls = ToolCall.objects.filter(request=OuterRef("pk"), ok=False, error_code=self.value())
        return queryset.filter(Exists(calls))


class FailedFirstFilter(admin.SimpleListFilter):
    """The assigned provider's own first try failed, rescued or not: the backend errors of the dashboards."""

    title, parameter_name = "backend error", "failed_first"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[RequestLog]) -> QuerySet[RequestLog]:
        if self.value() != "1":
            return queryset
        tries = Attempt.objects.filter(request=OuterRef("pk"), number=1, outcome=Attempt.Outcome.FAILED)
        own = tries.filter(provider=OuterRef("assigned_provider")).exclude(error__in=SAYS_NOTHING)
        return queryset.filter(Exists(own)).exclude(status="started")
