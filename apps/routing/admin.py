"""Operations' pages: the rollout with its stop buttons, its history, and what each session was assigned."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from apps.core.read_only import ReadOnlyAdmin
from apps.providers.registry import PROVIDERS
from apps.routing import changes, circuits, kills
from apps.routing.errors import RoutingError
from apps.routing.forms import REASON_MAX_CHARACTERS, SharesForm
from apps.routing.models import CircuitChange, Rollout, RolloutChange, SessionAssignment
from apps.routing.open_circuit import circuit_of
from apps.routing.overview import overview

N_CHANGES_SHOWN = 20


@admin.register(Rollout)
class RolloutAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """One row, so no list: its page opens directly. Every change goes through `services`, by POST."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Rollout | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        def view(route: str, handler: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(handler), name=f"routing_rollout_{name}")

        return [
            view("preview/", self.preview_view, "preview"),
            view("shares/", self.shares_view, "shares"),
            view("stop/<slug:provider>/", self.stop_view, "stop"),
            view("explain/<slug:provider>/", self.explain_view, "explain"),
            view("resume/<slug:provider>/", self.resume_view, "resume"),
            view("circuit/<slug:provider>/", self.circuit_view, "circuit"),
            view("close-circuit/<slug:provider>/", self.close_circuit_view, "close_circuit"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        require(self.has_view_permission(request))
        return to_page()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        require(self.has_view_permission(request))
        if object_id != str(Rollout.ONLY_ID):
            return to_page()
        return self._page(request)

    @method_decorator(require_POST)
    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """What the shares would move; saved only from the page that this answers."""
        require(may_propose(request))
        form = SharesForm(request.POST)
        if not form.is_valid():
            return self._page(request, form=form, status=400)
        preview = changes.preview_shares(shares=form.shares)
        if not preview.moves:
            messages.info(request, "These are the shares already; nothing changed.")
            return to_page()
        if preview.version != form.cleaned_data["version"]:
            messages.warning(
                request, "Someone else changed the rollout since you opened the page; this is the new one."
            )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Set these shares?",
            "form": form,
            "preview": preview,
            "page_url": page_url(),
        }
        return TemplateResponse(request, "admin/routing/rollout/preview.html", context)

    @method_decorator(require_POST)
    def shares_view(self, request: HttpRequest) -> HttpResponse:
        require(request.user.has_perm("routing.approve"))
        form = SharesForm(request.POST)
        if not form.is_valid():
            return self._page(request, form=form, status=400)
        try:
            change = changes.set_shares(
                shares=form.shares,
                by=request.user.get_username(),
                reason=form.cleaned_data["reason"],
                expected_version=form.cleaned_data["version"],
            )
        except RoutingError as error:
            messages.error(request, str(error))
        else:
            said = f"Saved: {change.summary}." if change else "These are the shares already; nothing changed."
            messages.success(request, said)
        return to_page()

    @method_decorator(require_POST)
    def stop_view(self, request: HttpRequest, provider: str) -> HttpResponse:
        require(request.user.has_perm("routing.kill"))
        reason = given_reason(request)
        try:
            change = kills.kill(provider=provider, by=request.user.get_username(), reason=reason)
        except RoutingError as error:
            messages.error(request, str(error))
            return to_page()
        said = f"{provider} is stopped." if change else f"{provider} was stopped already."
        if reason or change is None:
            messages.warning(request, f"{said} {overview().headline}")
        else:
            link = f"{page_url()}#why-{provider}"
            messages.warning(request, format_html('{} {} <a href="{}">Say why.</a>', said, overview().headline, link))
        return to_page()

    @method_decorator(require_POST)
    def explain_view(self, request: HttpRequest, provider: str) -> HttpResponse:
        require(request.user.has_perm("routing.kill"))
        try:
            kills.explain_kill(provider=provider, by=request.user.get_username(), reason=given_reason(request))
        except RoutingError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"The reason for stopping {provider} is kept.")
        return to_page()

    @method_decorator(require_POST)
    def resume_view(self, request: HttpRequest, provider: str) -> HttpResponse:
        require(request.user.has_perm("routing.unkill"))
        try:
            kills.unkill(provider=provider, by=request.user.get_username(), reason=given_reason(request))
        except RoutingError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{provider} is resumed. {overview().headline}")
        return to_page()

    def circuit_view(self, request: HttpRequest, provider: str) -> HttpResponse:
        """What closing the circuit by hand does; it is closed only from the page that this answers."""
        require(request.user.has_perm("routing.close_circuit"))
        row = next((row for row in overview().open_circuits if row.name == provider), None)
        if row is None:
            messages.info(request, f"{circuit_of(provider)} is not open; there is nothing to close.")
            return to_page()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Close {circuit_of(provider)} now?",
            "row": row,
            "circuit_of": circuit_of(provider),
            "page_url": page_url(),
            "reason_max_characters": REASON_MAX_CHARACTERS,
        }
        return TemplateResponse(request, "admin/routing/rollout/close_circuit.html", context)

    @method_decorator(require_POST)
    def close_circuit_view(self, request: HttpRequest, provider: str) -> HttpResponse:
        require(request.user.has_perm("routing.close_circuit"))
        try:
            circuits.close_circuit(provider=provider, by=request.user.get_username(), reason=given_reason(request))
        except RoutingError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{circuit_of(provider)} is closed. {overview().headline}")
        return to_page()

    def _page(self, request: HttpRequest, *, form: SharesForm | None = None, status: int = 200) -> HttpResponse:
        now = overview()
        form = form or SharesForm.of({row.name: row.share for row in now.rows}, version=now.version)
        fields = form.share_fields()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Rollout",
            "page_url": page_url(),
            "now": now,
            "form": form,
            "share_rows": [(row, fields[row.name]) for row in now.rows if row.name in PROVIDERS],
            "segments": segments({row.name: row.share for row in now.rows}),
            "changes": RolloutChange.objects.all()[:N_CHANGES_SHOWN],
            "circuit_changes": CircuitChange.objects.all()[:N_CHANGES_SHOWN],
            "may_change": may_propose(request),
            "may_stop": request.user.has_perm("routing.kill"),
            "may_resume": request.user.has_perm("routing.unkill"),
            "may_close_circuit": request.user.has_perm("routing.close_circuit"),
            "reason_max_characters": REASON_MAX_CHARACTERS,
        }
        return TemplateResponse(request, "admin/routing/rollout/page.html", context, status=status)


@admin.register(SessionAssignment)
class SessionAssignmentAdmin(ReadOnlyAdmin):
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
    search_fields = ("by", "reason", "provider")


@admin.register(CircuitChange)
class CircuitChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "summary", "why", "by")
    list_filter = ("provider", "action")
    date_hierarchy = "at"

    @admin.display(description="why")
    def why(self, row: CircuitChange) -> str:
        return row.why


def may_propose(request: HttpRequest) -> bool:
    return request.user.has_perm("routing.propose") or request.user.has_perm("routing.approve")


def require(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied


def page_url() -> str:
    return reverse("admin:routing_rollout_change", args=[Rollout.ONLY_ID])


def to_page() -> HttpResponseRedirect:
    return HttpResponseRedirect(page_url())


def given_reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:REASON_MAX_CHARACTERS]


def segments(shares: dict[str, int]) -> list[dict[str, object]]:
    """The bar's parts from left to right, in basis points of its width."""
    parts, start = [], 0
    for name, share in shares.items():
        if share:
            parts.append({"name": name, "start": start, "share": share})
            start += share
    return parts
