"""Staff's pages for trying a provider: pin one session to it, take the pin back, sign a header for single turns."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from apps.core.read_only import ReadOnlyAdmin
from apps.routing.errors import BadPin, RoutingError
from apps.routing.ledger import refuse
from apps.routing.models import SessionAssignment, SessionPin
from apps.routing.overrides.example import YOUR_SESSION, curl_example
from apps.routing.overrides.forms import HeaderForm, PinForm
from apps.routing.overrides.header import HEADER, PERMISSION, lifetime_text, sign_override
from apps.routing.overrides.pins import effect_of_pin, pin_session, session_id_of, unpin_session


class SessionPageAdmin(ReadOnlyAdmin):
    """A read-only row about one session, whose key is the session's id: its page says and sets the session's pin."""

    change_form_template = "admin/routing/sessionpin/session.html"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {**pin_context(request, unquote(object_id)), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)


class HoldsFilter(admin.SimpleListFilter):
    title = "whether it holds"
    parameter_name = "holds"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Holds"), ("no", "Taken back")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SessionPin]) -> QuerySet[SessionPin]:
        return queryset.filter(ended_at__isnull=self.value() == "yes") if self.value() else queryset


@admin.register(SessionPin)
class SessionPinAdmin(SessionPageAdmin):
    """The pins that hold and those taken back; every change goes through `pins`, by POST."""

    list_display = ("session_id", "provider", "by", "reason", "at", "holds")
    list_filter = (HoldsFilter, "provider")
    fields = ("session_id",)
    search_fields = ("session_id__startswith", "by")
    search_help_text = "A session id, whole or its beginning, or who pinned it."
    id_fields = ("session_id",)
    change_list_template = "admin/routing/sessionpin/list.html"

    def has_view_permission(self, request: HttpRequest, obj: SessionPin | None = None) -> bool:
        return request.user.has_perm(PERMISSION) or super().has_view_permission(request, obj)

    @admin.display(description="holds")
    def holds(self, row: SessionPin) -> str:
        return "yes" if row.ended_at is None else f"taken back {row.ended_at:%Y-%m-%d %H:%M} UTC"

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, handler: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(handler), name=f"routing_sessionpin_{name}")

        return [
            own("pin/", self.pin_view, "pin"),
            own("unpin/", self.unpin_view, "unpin"),
            own("header/", self.header_view, "header"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"title": "Session pins", "may_override": may_override(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def pin_view(self, request: HttpRequest) -> HttpResponse:
        require_override(request, what="pin a session")
        if request.method != "POST":
            return self._pin_page(request, PinForm(initial={"session_id": request.GET.get("session", "")}))
        form = PinForm(request.POST)
        if not form.is_valid():
            return self._pin_page(request, form, status=400)
        session, provider = form.cleaned_data["session_id"], form.cleaned_data["provider"]
        by, reason = request.user.get_username(), form.cleaned_data["reason"]
        try:
            change = pin_session(session_id=session, provider=provider, by=by, reason=reason)
        except RoutingError as error:
            form.blame(error)
            return self._pin_page(request, form, status=400)
        said = f"Pinned to {provider}." if change else f"It was pinned to {provider} already; nothing changed."
        messages.success(request, f"{said} {effect_of_pin(provider)}")
        return to_pin(session)

    @method_decorator(require_POST)
    def unpin_view(self, request: HttpRequest) -> HttpResponse:
        require_override(request, what="take a pin back")
        try:
            session = session_id_of(request.POST.get("session_id", ""))
            unpin_session(session_id=session, by=request.user.get_username())
        except BadPin as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(reverse("admin:routing_sessionpin_changelist"))
        messages.success(request, "The pin is taken back: from its next turn the session has its own provider again.")
        return to_pin(session)

    def header_view(self, request: HttpRequest) -> HttpResponse:
        """The value stands in the answer to one POST, which nobody may store; no message and no log line has it."""
        require_override(request, what="sign an override header")
        if request.method != "POST":
            return self._header_page(request, HeaderForm())
        form = HeaderForm(request.POST)
        if not form.is_valid():
            return self._header_page(request, form, status=400)
        provider = form.cleaned_data["provider"]
        try:
            value = sign_override(provider=provider, user_id=int(request.user.pk or 0))
        except RoutingError as error:
            form.blame(error)
            return self._header_page(request, form, status=400)
        origin = request.build_absolute_uri("/").rstrip("/")
        curl = curl_example(origin=origin, value=value)
        return self._header_page(request, form, provider=provider, value=value, curl=curl)

    def _pin_page(self, request: HttpRequest, form: PinForm, *, status: int = 200) -> HttpResponse:
        return self._page(request, "pin", title="Pin a session", form=form, status=status)

    def _header_page(self, request: HttpRequest, form: HeaderForm, *, status: int = 200, **signed: str) -> HttpResponse:
        words = {"header": HEADER, "lifetime": lifetime_text(), "placeholder": YOUR_SESSION}
        return self._page(request, "header", title="Override header", form=form, status=status, **words, **signed)

    def _page(self, request: HttpRequest, template: str, *, status: int, **context: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/routing/sessionpin/{template}.html", context, status=status)


def pin_context(request: HttpRequest, session_id: str) -> dict[str, Any]:
    """What the page of a session says of its pin, and the form for those who may set one."""
    try:
        session = session_id_of(session_id)
    except BadPin:
        return {}
    pin = SessionPin.objects.filter(pk=session).first()
    return {
        "session_id": session,
        "pin": pin,
        "assignment": SessionAssignment.objects.filter(pk=session).first(),
        "may_override": may_override(request),
        "pin_form": PinForm(initial={"session_id": session}),
    }


def may_override(request: HttpRequest) -> bool:
    return request.user.has_perm(PERMISSION)


def require_override(request: HttpRequest, *, what: str) -> None:
    """A refused try to change something is an entry of the audit log; a look is not."""
    if may_override(request):
        return
    if request.method == "POST":
        refuse(by=request.user.get_username(), what=what)
    raise PermissionDenied


def to_pin(session_id: UUID) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:routing_sessionpin_change", args=[session_id]))
