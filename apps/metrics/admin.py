"""The request log as operations reads it: filtered, searched, never edited; text only for those who may read it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

import apps.metrics.alerts.admin  # noqa: F401  registers its pages
from apps.core.read_only import ReadOnlyAdmin
from apps.metrics.log_filters import (
    AssignedFilter,
    BoundedPaginator,
    FailedFirstFilter,
    IntentFilter,
    ModelFilter,
    RouteReasonFilter,
    ServedByFilter,
    TimeFilter,
    ToolErrorFilter,
    ToolFilter,
)
from apps.metrics.models import Attempt, RequestLog, RequestText, ToolCall
from apps.routing.choose import Reason
from apps.routing.errors import NoProvider
from apps.tracing.langfuse import trace_url

UNKNOWN = "unknown"
#: Why a turn did not begin with its session's provider, in the words of a list.
AROUND = {
    str(Reason.KILL_SWITCH): "stopped",
    str(Reason.CIRCUIT_OPEN): "open circuit",
    str(Reason.NOT_CONFIGURED): "not configured",
    str(Reason.BREAK_GLASS): "break-glass",
    NoProvider.code: "nobody could serve",
}
#: What the dashboards' links ask for beyond the row's own columns.
LINKED_LOOKUPS = (
    "attempt_rows__provider",
    "finished_at__gte",
    "finished_at__lte",
    "voice_turn__outcome__exact",
    "voice_turn__was_barged_in__exact",
)
#: Parameters of filters that are no columns.
FILTER_NAMES = {
    TimeFilter.AGE,
    TimeFilter.START,
    TimeFilter.END,
    ToolFilter.parameter_name,
    ToolErrorFilter.parameter_name,
    FailedFirstFilter.parameter_name,
}


def in_words(name: str, description: str) -> Callable[[Any, RequestLog | ToolCall], str]:
    """A column of yes, no and unknown: a red cross beside "is voice" would read as a failure."""

    @admin.display(description=description)
    def shown(_: Any, row: RequestLog | ToolCall) -> str:
        value = getattr(row, name)
        return UNKNOWN if value is None else "yes" if value else "no"

    return shown


class ReadOnlyInline(InlineModelAdmin):  # type: ignore[type-arg]
    can_delete = False
    extra = 0
    max_num = 0

    def has_add_permission(self, request: HttpRequest, obj: Model | None) -> bool:  # type: ignore[override]
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class RequestTextInline(ReadOnlyInline, admin.StackedInline):  # type: ignore[type-arg]
    """Shown to those who have `metrics.view_requesttext`, which Django's inline asks for by itself."""

    model = RequestText
    fields = readonly_fields = ("asked", "answered")

    @admin.display(description="question")
    def asked(self, row: RequestText) -> SafeString:
        return format_html('<div class="request-text">{}</div>', row.query)

    @admin.display(description="answer")
    def answered(self, row: RequestText) -> SafeString:
        return format_html('<div class="request-text">{}</div>', row.response_text or "no answer")


class AttemptInline(ReadOnlyInline, admin.TabularInline):  # type: ignore[type-arg]
    """Part of the row: who tried, in order, and how each try ended."""

    model = Attempt
    verbose_name_plural = "attempts"
    fields = readonly_fields = (
        "number",
        "provider",
        "model",
        "outcome",
        "error",
        "text_seen",
        "start",
        "ttft",
        "latency",
        "tokens",
        "cost",
    )

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("metrics.view_requestlog")

    @admin.display(description="text seen")
    def text_seen(self, attempt: Attempt) -> str:
        return "yes" if attempt.had_visible_text else "no"

    @admin.display(description="start, UTC")
    def start(self, attempt: Attempt) -> str:
        return time_of_day(attempt.started_at)

    @admin.display(description="TTFT, ms")
    def ttft(self, attempt: Attempt) -> str:
        return milliseconds(attempt.ttft_ms)

    @admin.display(description="latency, ms")
    def latency(self, attempt: Attempt) -> str:
        return milliseconds(attempt.latency_ms)

    @admin.display(description="tokens")
    def tokens(self, attempt: Attempt) -> str:
        return tokens_in_words(attempt)

    @admin.display(description="cost, USD")
    def cost(self, attempt: Attempt) -> str:
        return cost_in_words(attempt)


class ToolCallInline(ReadOnlyInline, admin.TabularInline):  # type: ignore[type-arg]
    """Part of the row; the arguments may repeat the question, so they are shown only with the text."""

    model = ToolCall
    verbose_name_plural = "tool calls"

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("metrics.view_requestlog")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        arguments = ["arguments"] if request.user.has_perm("metrics.view_requesttext") else []
        figures = ["call_id", "name", "attempt", "ended_well", "error_code", "latency", "retries", "reused"]
        return [*figures, *arguments, "start"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.get_fields(request, obj)

    ended_well = in_words("ok", "succeeded")
    reused = in_words("was_reused", "reused")

    @admin.display(description="start, UTC")
    def start(self, call: ToolCall) -> str:
        return time_of_day(call.started_at)

    @admin.display(description="latency, ms")
    def latency(self, call: ToolCall) -> str:
        return milliseconds(call.latency_ms)


@admin.register(RequestLog)
class RequestLogAdmin(ReadOnlyAdmin):
    list_display = (
        "time",
        "ended",
        "session",
        "served_by",
        "latency",
        "ttft",
        "tools",
        "cost",
    )
    list_filter = (
        TimeFilter,
        "status",
        ServedByFilter,
        AssignedFilter,
        FailedFirstFilter,
        RouteReasonFilter,
        IntentFilter,
        ModelFilter,
        ToolFilter,
        ToolErrorFilter,
        "is_voice",
        "is_fallback",
        "is_overridden",
    )
    paginator = BoundedPaginator
    # A count beside each filter is as many looks through the whole log.
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("session_id__startswith", "request_id__startswith")
    search_help_text = "A session id or a request id, whole or its beginning."
    id_fields = ("session_id", "request_id")
    inlines = (RequestTextInline, AttemptInline, ToolCallInline)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "request_id",
                    "conversation",
                    "person",
                    "time",
                    "status",
                    "whole",
                    "error",
                    "intent",
                    "read_as",
                    "voice",
                )
            },
        ),
        (
            "Routing",
            {
                "fields": (
                    "assigned_provider",
                    "provider",
                    "route_reason",
                    "fallback",
                    "overridden",
                    "attempts",
                    "model",
                )
            },
        ),
        ("Time and cost", {"fields": ("latency", "ttft", "tokens", "cost", "price_version", "trace")}),
        (
            "Claims of the answer",
            {"fields": ("disclaimer", "stop_loss", "entry_exit", "classifier_version")},
        ),
    )

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """A column that equals a value or is empty, and what links ask for.

        Any other comparison, such as a pattern, looks through millions of rows, and many are no valid query.
        """
        column, _, how = lookup.partition("__")
        is_column = how in ("", "exact", "isnull") and column in {field.attname for field in self.opts.concrete_fields}
        return is_column or lookup in LINKED_LOOKUPS or lookup in FILTER_NAMES

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Request log", **(extra_context or {})})

    whole = in_words("success", "success")
    voice = in_words("is_voice", "by voice")
    fallback = in_words("is_fallback", "fallback")
    overridden = in_words("is_overridden", "staff override")
    disclaimer = in_words("has_risk_disclaimer", "has a risk disclaimer")
    stop_loss = in_words("mentions_stop_loss", "mentions a stop-loss")
    entry_exit = in_words("has_entry_exit", "has entry and exit")

    @admin.display(description="person")
    def person(self, row: RequestLog) -> SafeString | str:
        """The beginning of the hash tells people apart; it leads to no name."""
        if not row.person_hash:
            return UNKNOWN
        rows = reverse("admin:metrics_requestlog_changelist")
        return format_html(
            '{}… · <a href="{}?person_hash={}">All turns of this person</a>', row.person_hash[:6], rows, row.person_hash
        )

    @admin.display(description="time, UTC", ordering="created_at")
    def time(self, row: RequestLog) -> str:
        return f"{row.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="status", ordering="status")
    def ended(self, row: RequestLog) -> str:
        """With the error class: a night is read down this column."""
        status = row.get_status_display()
        return f"{status}: {row.error}" if row.error else status

    @admin.display(description="assigned → served", ordering="provider")
    def served_by(self, row: RequestLog) -> str:
        """Two turns may go the same way, one after a failure and one without: around a stop or an open circuit."""
        who = (
            row.provider
            if row.assigned_provider == row.provider
            else f"{row.assigned_provider} → {row.provider or '–'}"
        )
        notes = ["staff override"] if row.is_overridden else []
        notes += [AROUND[row.route_reason]] if row.route_reason in AROUND else []
        if row.attempts > 1:
            notes.append(f"{row.attempts} tries")
        return f"{who} ({', '.join(notes)})" if notes else who

    @admin.display(description="session", ordering="session_id")
    def session(self, row: RequestLog) -> SafeString:
        return format_html(
            '<a href="?q={}" title="All turns of {}">{}…</a>', row.session_id, row.session_id, str(row.session_id)[:8]
        )

    @admin.display(description="session id")
    def conversation(self, row: RequestLog) -> SafeString:
        """The id, as a link to the whole conversation."""
        url = reverse("dashboards:session", args=[row.session_id])
        return format_html('{} · <a href="{}">Conversation</a>', row.session_id, url)

    @admin.display(description="trace id")
    def trace(self, row: RequestLog) -> SafeString | str:
        """The id, as a link where traces are kept somewhere."""
        url = trace_url(row.trace_id)
        return format_html('<a href="{}" rel="noopener">{}</a>', url, row.trace_id) if url else row.trace_id

    @admin.display(description="latency, ms", ordering="latency_ms")
    def latency(self, row: RequestLog) -> str:
        return milliseconds(row.latency_ms)

    @admin.display(description="TTFT, ms", ordering="ttft_ms")
    def ttft(self, row: RequestLog) -> str:
        return milliseconds(row.ttft_ms)

    @admin.display(description="tools")
    def tools(self, row: RequestLog) -> SafeString | str:
        """How many there were; which, in the title and on the row's own page."""
        names = row.tools_used
        return format_html('<span title="{}">{}</span>', ", ".join(names), len(names)) if names else "–"

    @admin.display(description="tokens")
    def tokens(self, row: RequestLog) -> str:
        return tokens_in_words(row)

    @admin.display(description="cost, USD", ordering="cost_usd")
    def cost(self, row: RequestLog) -> str:
        return cost_in_words(row)


def time_of_day(at: datetime) -> str:
    """To the millisecond, so that attempts and calls of one turn can be put in order."""
    return f"{at:%H:%M:%S.%f}"[:-3]


def milliseconds(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:,.1f}"


def tokens_in_words(row: RequestLog | Attempt) -> str:
    figures = {
        "in": row.tokens_input,
        "out": row.tokens_output,
        "cached": row.tokens_cached,
        "reasoning": row.tokens_reasoning,
    }
    if all(n is None for n in figures.values()):
        return UNKNOWN
    return ", ".join(f"{name} {UNKNOWN if n is None else f'{n:,}'}" for name, n in figures.items())


def cost_in_words(row: RequestLog | Attempt) -> str:
    return UNKNOWN if row.cost_usd is None else f"{row.cost_usd:.6f}"
