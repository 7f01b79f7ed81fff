"""Operations' pages in the admin: the rollout with its verbs, its history, and what each session was assigned."""

from collections.abc import Callable

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

import apps.routing.notification_admin  # noqa: F401  registers its page
from apps.core.read_only import ReadOnlyAdmin
from apps.routing.models import CircuitChange, Evaluation, Rollout, RolloutChange, SessionAssignment
from apps.routing.overrides.pin_admin import SessionPageAdmin
from apps.routing.pages import circuits, rollout, schedules, shares, stops
from apps.routing.pages.access import require, to_page

#: Route → view and name. Every verb is a POST of its own that checks its own permission.
VERBS: dict[str, tuple[Callable[..., HttpResponse], str]] = {
    "live.json": (rollout.live, "live"),
    "preview/": (shares.preview, "preview"),
    "shares/": (shares.save, "shares"),
    "propose/": (shares.propose, "propose"),
    "revert/<int:change_id>/": (shares.revert, "revert"),
    "approve/<int:proposal_id>/": (shares.approve, "approve"),
    "withdraw/<int:proposal_id>/": (shares.withdraw, "withdraw"),
    "stop/<slug:provider>/": (stops.stop, "stop"),
    "cut/<slug:provider>/": (stops.cut, "cut"),
    "explain/<slug:provider>/": (stops.explain, "explain"),
    "resume/<slug:provider>/": (stops.resume, "resume"),
    "circuit/<slug:provider>/": (circuits.confirm, "circuit"),
    "close-circuit/<slug:provider>/": (circuits.close, "close_circuit"),
    "schedule/": (schedules.draft, "schedule"),
    "schedule/<int:schedule_id>/start/": (schedules.start, "schedule_start"),
    "schedule/<int:schedule_id>/discard/": (schedules.discard, "schedule_discard"),
    "schedule/<int:schedule_id>/pause/": (schedules.pause, "schedule_pause"),
    "schedule/<int:schedule_id>/resume/": (schedules.resume, "schedule_resume"),
    "schedule/<int:schedule_id>/end/": (schedules.end, "schedule_end"),
    "schedule/<int:schedule_id>/sign/": (schedules.sign, "schedule_sign"),
    "schedule/<int:schedule_id>/begin/": (schedules.begin, "schedule_begin"),
    "roll-back/<slug:provider>/": (schedules.back, "roll_back"),
}


@admin.register(Rollout)
class RolloutAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """One row, so no list: its page opens directly. Every change goes through the services, by POST."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Rollout | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        verbs = [
            path(route, self.admin_site.admin_view(view), name=f"routing_rollout_{name}")
            for route, (view, name) in VERBS.items()
        ]
        return [*verbs, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        require(request, "view_rollout")
        return to_page()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        require(request, "view_rollout")
        if object_id != str(Rollout.ONLY_ID):
            return to_page()
        return rollout.rollout_page(request)


@admin.register(SessionAssignment)
class SessionAssignmentAdmin(SessionPageAdmin):
    list_display = ("session_id", "provider", "bucket", "share", "reason", "assigned_at")
    list_filter = ("provider", "reason")
    search_fields = ("session_id__startswith",)
    search_help_text = "A session id, whole or its beginning."
    id_fields = ("session_id",)

    @admin.display(description="share at assignment", ordering="share_at_assign")
    def share(self, row: SessionAssignment) -> str:
        return row.share_text


@admin.register(RolloutChange)
class RolloutChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "by", "summary", "reason", "version")
    list_filter = ("action",)
    search_fields = ("by", "reason", "provider", "what")


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnlyAdmin):
    list_display = ("at", "candidate", "verdict", "summary", "n_candidate", "n_control")
    list_filter = ("candidate", "verdict")
    date_hierarchy = "at"


@admin.register(CircuitChange)
class CircuitChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "summary", "why", "by")
    list_filter = ("provider", "action")
    date_hierarchy = "at"

    @admin.display(description="why")
    def why(self, row: CircuitChange) -> str:
        return row.why
