"""Operations' pages of alerts: what fires and why, the rules, their silence. Every change goes through `rules`."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from apps.core.read_only import ReadOnlyAdmin
from apps.metrics.alerts import notes, rules
from apps.metrics.alerts.catalogue import KINDS, window_in_words
from apps.metrics.alerts.forms import WHY_CHARACTERS, AlertRuleForm, silence_until
from apps.metrics.alerts.words import figure, headline, limit_in_words
from apps.metrics.models import Alert, AlertRule

PER_PAGE = 50
VALUE_NAMES = tuple(AlertRuleForm.Meta.fields)


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """What fires now, what has fired, and why. Its permission is `metrics.view_alert`."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        _require(request, "view_alert")
        now = timezone.now()
        ended = Paginator(Alert.objects.filter(ended_at__isnull=False), PER_PAGE).get_page(request.GET.get("page"))
        return _page(
            request,
            self,
            "alert/list",
            title="Alerts",
            firing=[_card(alert, now=now) for alert in Alert.objects.filter(ended_at=None)],
            ended=ended,
            ended_cards=[_card(alert, now=now) for alert in ended],
            n_on=AlertRule.objects.filter(is_on=True).count(),
            may_see_rules=request.user.has_perm("metrics.view_alertrule"),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        _require(request, "view_alert")
        if request.method != "GET":
            raise PermissionDenied
        alert = self.get_object(request, object_id)
        if alert is None:
            raise Http404
        now = timezone.now()
        readings = list(alert.readings.all())
        may_see_rows = request.user.has_perm("metrics.view_requestlog")
        return _page(
            request,
            self,
            "alert/detail",
            title=headline(alert),
            card=_card(alert, now=now),
            picture=notes.picture_of(alert, readings),
            readings=[(reading.at, figure(alert, reading.value), reading.n) for reading in reversed(readings)],
            rows_url=notes.rows_url(alert, now=now) if may_see_rows else "",
            dashboard_url=notes.dashboard_url(alert, now=now)
            if request.user.has_perm("metrics.view_dashboards")
            else "",
            may_see_rules=request.user.has_perm("metrics.view_alertrule"),
        )


@admin.register(AlertRule)
class AlertRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The rules, each with where it stands; who changed what is in its history."""

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, handler: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(handler), name=f"metrics_alertrule_{name}")

        return [
            own("<int:rule_id>/silence/", self.silence_view, "silence"),
            own("<int:rule_id>/end-silence/", self.end_silence_view, "end_silence"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        _require(request, "view_alertrule", "change_alertrule")
        now = timezone.now()
        found = AlertRule.objects.prefetch_related("states")
        rows = [
            (
                rule,
                notes.rule_in_words(rule),
                *notes.state_in_words(rule),
                notes.silence_in_words(rule, now=now),
            )
            for rule in found
        ]
        return _page(
            request,
            self,
            "alertrule/list",
            title="Alert rules",
            rows=rows,
            may_add=self.has_add_permission(request),
            may_see_alerts=request.user.has_perm("metrics.view_alert"),
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        _require(request, "add_alertrule")
        return self._edit(request, AlertRule())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        _require(request, "view_alertrule", "change_alertrule")
        rule = self.get_object(request, object_id)
        if rule is None:
            raise Http404
        if request.method != "GET":
            _require(request, "change_alertrule")
        return self._edit(request, rule)

    @method_decorator(require_POST)
    def silence_view(self, request: HttpRequest, rule_id: int) -> HttpResponse:
        _require(request, "change_alertrule")
        rule = self._rule(request, rule_id)
        why = " ".join(request.POST.get("why", "").replace("\0", "").split())[:WHY_CHARACTERS]
        try:
            until = silence_until(
                chosen=request.POST.get("for", ""), until=request.POST.get("until", ""), now=timezone.now()
            )
        except ValueError as error:
            messages.error(request, str(error))
            return _to_rule(rule)
        rules.silence_rule(rule_id=rule.pk, until=until, why=why)
        said = f"Silent until {until:%d %b %Y, %H:%M} UTC."
        self.log_change(request, rule, f"{said} {why}".strip())
        messages.warning(request, f"{said} What fires is kept and told nobody until then.")
        return _to_rule(rule)

    @method_decorator(require_POST)
    def end_silence_view(self, request: HttpRequest, rule_id: int) -> HttpResponse:
        _require(request, "change_alertrule")
        rule = self._rule(request, rule_id)
        rules.end_silence(rule_id=rule.pk)
        self.log_change(request, rule, "Silence ended.")
        messages.success(request, "The rule speaks again; what still fires is told with the next look.")
        return _to_rule(rule)

    def delete_model(self, request: HttpRequest, obj: AlertRule) -> None:
        rules.delete_rule(rule=obj, now=timezone.now())

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[str], list[Any]]:
        """Its alerts stay, and where it stood goes with it: neither needs a permission of its own."""
        return [str(rule) for rule in objs], {"alert rules": len(objs)}, set(), []

    def _edit(self, request: HttpRequest, rule: AlertRule) -> HttpResponse:
        before = {name: getattr(rule, name) for name in VALUE_NAMES}
        is_new, now = rule.pk is None, timezone.now()
        form = AlertRuleForm(request.POST if request.method == "POST" else None, instance=rule)
        if request.method == "POST" and form.is_valid() and "preview" not in request.POST:
            changed = _changes(before, form)
            rules.save_rule(rule=rule, by=request.user.get_username(), now=now)
            if is_new:
                self.log_addition(request, rule, f"Added: {notes.rule_in_words(rule)}")
            else:
                self.log_change(request, rule, f"Changed {changed or 'nothing'}.")
            messages.success(request, f"“{rule.name}” is kept; the watch follows it with its next look.")
            return _to_rule(rule)
        is_readable = form.is_valid() if request.method == "POST" else not is_new
        stored = AlertRule.objects.filter(pk=rule.pk).first()
        return _page(
            request,
            self,
            "alertrule/form",
            title=stored.name if stored else "Add an alert rule",
            status=400 if form.errors else 200,
            form=form,
            rule=stored,
            preview=notes.preview(rule, now=now) if is_readable else [],
            is_unsaved=request.method == "POST",
            silence=notes.silence_in_words(stored, now=now) if stored else "",
            why_characters=WHY_CHARACTERS,
            may_change=self.has_change_permission(request) or (is_new and self.has_add_permission(request)),
            may_delete=stored is not None and self.has_delete_permission(request),
        )

    def _rule(self, request: HttpRequest, rule_id: int) -> AlertRule:
        rule: AlertRule | None = self.get_object(request, str(rule_id))
        if rule is None:
            raise Http404
        return rule


def _card(alert: Alert, *, now: Any) -> dict[str, Any]:
    """An alert as the pages show it."""
    return {
        "alert": alert,
        "headline": headline(alert),
        "lasted": notes.lasted(alert, now=now),
        "value": figure(alert, alert.value),
        "last": figure(alert, alert.last_value),
        "worst": figure(alert, alert.worst_value),
        "limit": limit_in_words(alert),
        "clears": figure(alert, alert.clear_at),
        "window": window_in_words(alert.window_minutes) if KINDS[alert.measure].has_window else "",
        "counted": KINDS[alert.measure].counted,
        "to_do": KINDS[alert.measure].to_do,
    }


def _changes(before: dict[str, Any], form: AlertRuleForm) -> str:
    """ "threshold 5.0 → 8.0, is on True → False", for the history."""
    changed = [
        f"{name.replace('_', ' ')} {before[name] or '–'} → {form.cleaned_data[name] or '–'}"
        for name in VALUE_NAMES
        if before[name] != form.cleaned_data[name]
    ]
    return ", ".join(changed)


def _require(request: HttpRequest, *permissions: str) -> None:
    if not any(request.user.has_perm(f"metrics.{permission}") for permission in permissions):
        raise PermissionDenied


def _to_rule(rule: AlertRule) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:metrics_alertrule_change", args=[rule.pk]))


def _page(
    request: HttpRequest, of: Any, template: str, *, title: str, status: int = 200, **context: Any
) -> TemplateResponse:
    """A page in the admin's clothes."""
    context = {**of.admin_site.each_context(request), "opts": of.opts, "title": title, **context}
    return TemplateResponse(request, f"admin/metrics/{template}.html", context, status=status)
