"""The plan's pages: write one, start it, and every verb over one that runs."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.routing.errors import BadSchedule, RoutingError
from apps.routing.models import Schedule
from apps.routing.pages.access import given_reason, page, refused, require, to_page, who
from apps.routing.schedule import verbs as schedules
from apps.routing.schedule.forms import ScheduleForm
from apps.routing.schedule.rules import template
from apps.routing.schedule.steps import roll_back

ANCHOR = "schedule-heading"


@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: HttpRequest) -> HttpResponse:
    """The form, filled from the template 10 → 25 → 50 → 100 % by week; posted, it keeps a draft."""
    require(request, "propose", "approve", tried="draft a schedule" if request.method == "POST" else "")
    if request.method != "POST":
        tomorrow = (timezone.now() + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
        return _form(request, ScheduleForm.of(template(first=tomorrow), candidate="workflow"))
    form = ScheduleForm.read(request.POST)
    try:
        schedules.draft_schedule(
            candidate=form.candidate,
            stages=form.drafts(),
            by=who(request),
            on_harm=form.on_harm,
            is_automatic=form.is_automatic,
            reason=form.reason,
        )
    except BadSchedule as error:
        form.take(error)
        return _form(request, form, status=400)
    except RoutingError as error:
        form.errors["candidate"] = str(error)
        return _form(request, form, status=400)
    messages.info(request, "The schedule is kept as a draft. Nothing changes before somebody starts it.")
    return to_page(ANCHOR)


@require_POST
def start(request: HttpRequest, schedule_id: int) -> HttpResponse:
    return _do(
        request,
        lambda by, note: schedules.start_schedule(schedule_id=schedule_id, by=by, risk_note=note),
        tried=f"start schedule {schedule_id}",
        done="The schedule is started. Its first stage begins on its day, within a minute.",
    )


@require_POST
def discard(request: HttpRequest, schedule_id: int) -> HttpResponse:
    return _do(
        request,
        lambda by, _: schedules.discard_draft(schedule_id=schedule_id, by=by),
        tried=f"discard schedule {schedule_id}",
        done="The draft is discarded.",
        permissions=("propose", "approve"),
    )


@require_POST
def pause(request: HttpRequest, schedule_id: int) -> HttpResponse:
    return _do(
        request,
        lambda by, reason: schedules.pause_schedule(schedule_id=schedule_id, by=by, reason=reason),
        tried=f"pause schedule {schedule_id}",
        done="The schedule is paused. The shares stay as they are, and harm is still looked for.",
        permissions=("approve", "kill"),
    )


@require_POST
def resume(request: HttpRequest, schedule_id: int) -> HttpResponse:
    return _do(
        request,
        lambda by, reason: schedules.resume_schedule(schedule_id=schedule_id, by=by, reason=reason),
        tried=f"resume schedule {schedule_id}",
        done="The schedule goes on. Its evidence counts from now.",
    )


@require_POST
def end(request: HttpRequest, schedule_id: int) -> HttpResponse:
    return _do(
        request,
        lambda by, reason: schedules.end_schedule(schedule_id=schedule_id, by=by, reason=reason),
        tried=f"end schedule {schedule_id}",
        done="The schedule has ended. The shares stay as they are.",
    )


@require_POST
def sign(request: HttpRequest, schedule_id: int) -> HttpResponse:
    return _do(
        request,
        lambda by, note: schedules.sign_risk(schedule_id=schedule_id, by=by, note=note),
        tried=f"sign a risk for schedule {schedule_id}",
        done="Signed. The next stage may begin without SAFE; harm still stops it.",
    )


@require_POST
def begin(request: HttpRequest, schedule_id: int) -> HttpResponse:
    return _do(
        request,
        lambda by, _: schedules.begin_next_stage(schedule_id=schedule_id, by=by),
        tried=f"begin a stage of schedule {schedule_id}",
        done="The next stage has begun.",
    )


@require_POST
def back(request: HttpRequest, provider: str) -> HttpResponse:
    """Rolls a provider's share back to the control; whoever may stop it may do this."""
    require(request, "approve", "kill", tried=f"roll {provider[:64]} back", provider=provider[:64])
    try:
        change = roll_back(candidate=provider, by=who(request), reason=given_reason(request))
    except RoutingError as error:
        return refused(request, error, ANCHOR)
    messages.success(request, f"{change.summary}." if change else f"{provider} has no share; nothing changed.")
    return to_page()


def _do(
    request: HttpRequest,
    verb: Callable[[str, str], object],
    *,
    tried: str,
    done: str,
    permissions: tuple[str, ...] = ("approve",),
) -> HttpResponse:
    require(request, *permissions, tried=tried)
    try:
        verb(who(request), given_reason(request))
    except RoutingError as error:
        return refused(request, error, ANCHOR)
    messages.success(request, done)
    return to_page(ANCHOR)


def _form(request: HttpRequest, form: ScheduleForm, *, status: int = 200) -> HttpResponse:
    return page(
        request,
        "schedule.html",
        title="Plan a schedule",
        status=status,
        form=form,
        on_harm_choices=Schedule.OnHarm.choices,
    )
