"""The pages: the overview, the four dashboards as page or CSV, and a conversation as staff may read it."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from apps.metrics.dashboards.access import DASHBOARDS as MAY_SEE
from apps.metrics.dashboards.access import EXPORT, ROWS, TEXT, missing, staff_page
from apps.metrics.dashboards.book import DASHBOARDS, Dashboard, Reading, known_models, read_dashboard, read_overview
from apps.metrics.dashboards.filters import CHANNELS, INTENTS, SIDES, Filters, read_filters
from apps.metrics.dashboards.panels import Page, Picture
from apps.metrics.dashboards.periods import PERIODS, range_label
from apps.metrics.dashboards.session_page import session_turns
from apps.metrics.dashboards.table_csv import table_csv
from apps.metrics.models import Grain
from apps.providers.registry import PROVIDERS

#: Where else staff may go from here: permission, words, name of the address.
PLACES = (
    ("metrics.view_alert", "Alerts", "admin:metrics_alert_changelist"),
    ("routing.view_rollout", "Rollout", "admin:routing_rollout_changelist"),
    (ROWS, "Request log", "admin:metrics_requestlog_changelist"),
)
STEP_WORDS = {Grain.HOUR: "by hour", Grain.DAY: "by day", Grain.WEEK: "by week"}


@staff_page(MAY_SEE)
def overview(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    models = known_models()
    filters = read_filters(request.META["QUERY_STRING"], now=now, models=models)
    reading = read_overview(filters, now=now)
    cards = [(one, reading.of[name]) for name, one in DASHBOARDS.items()]
    return _page(request, "dashboards/overview.html", filters, models, reading, title="Overview", cards=cards)


@staff_page(MAY_SEE)
def dashboard(request: HttpRequest, name: str) -> HttpResponse:
    one = DASHBOARDS[name]
    now = timezone.now()
    models = known_models()
    filters = read_filters(request.META["QUERY_STRING"], now=now, models=models, pictures=one.pictures)
    if filters.is_csv and not request.user.has_perm(EXPORT):
        return missing(request, EXPORT)
    reading = read_dashboard(one, filters, now=now)
    if filters.is_csv:
        return _csv(one, filters, reading)
    page = reading.of
    return _page(
        request,
        "dashboards/dashboard.html",
        filters,
        models,
        reading,
        title=one.title,
        dashboard=one,
        page=page,
        picture_data=picture_data(page.picture) if page.picture else None,
    )


@staff_page(ROWS)
def session(request: HttpRequest, session_id: UUID) -> HttpResponse:
    may_read_text = request.user.has_perm(TEXT)
    turns = session_turns(session_id, with_text=may_read_text)
    if not turns:
        raise Http404
    context = {"session_id": session_id, "turns": turns, "may_read_text": may_read_text, "text_permission": TEXT}
    return render(request, "dashboards/session.html", {**context, **_places(request)})


def picture_data(picture: Picture) -> dict[str, Any]:
    """What the script draws; it finds the rows of a point in the table of the same points."""
    return {
        "kind": picture.kind,
        "unit": picture.unit,
        "noun": picture.noun,
        "steps": picture.steps,
        "labels": picture.labels,
        "series": [
            {
                "label": series.label,
                "slot": series.slot,
                "values": [point.value for point in series.points],
                "bounds": [None if point.low is None else (point.low, point.high) for point in series.points],
                "n": [point.n for point in series.points],
                "few": [point.is_few for point in series.points],
            }
            for series in picture.series
        ],
    }


def _csv(one: Dashboard, filters: Filters, reading: Reading[Page]) -> HttpResponse:
    tables = reading.of.tables
    # Without a name it is the first table that is no list of points.
    key = filters.table or next(table.key for table in tables if not table.is_folded)
    table = reading.of.table(key)
    if table is None:
        raise Http404
    name = f"gvses-{one.name}-{table.key}-{filters.scope.first:%Y-%m-%d}-to-{filters.end:%Y-%m-%d}.csv"
    return HttpResponse(
        table_csv(table),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"},
    )


def _page(
    request: HttpRequest,
    template: str,
    filters: Filters,
    models: tuple[str, ...],
    reading: Reading[Any],
    **context: Any,
) -> HttpResponse:
    scope = filters.scope
    shared = {
        "filters": filters,
        "freshness": reading.freshness,
        "range": f"{range_label(scope.first, filters.end)}, {STEP_WORDS[scope.grain]}",
        "periods": [(name, words, filters.query_of_period(name)) for name, (words, *_) in PERIODS.items()],
        "choices": {
            "channel": CHANNELS,
            "intent": INTENTS,
            "provider": tuple(PROVIDERS),
            "model": models,
            "side": SIDES,
        },
        "may_export": request.user.has_perm(EXPORT),
        "may_see_rows": request.user.has_perm(ROWS),
    }
    return render(request, template, {**shared, **_places(request), **context})


def _places(request: HttpRequest) -> dict[str, Any]:
    return {
        "dashboards": DASHBOARDS.values(),
        "places": [(words, reverse(name)) for permission, words, name in PLACES if request.user.has_perm(permission)],
        "may_see_dashboards": request.user.has_perm(MAY_SEE),
    }
