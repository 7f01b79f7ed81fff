"""Admin pages of rows that are added and never edited: profiles, workflow versions, prices."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst

MOST_DIGITS = 9


class VersionedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows are added, never edited or deleted; pages of its own stand in for Django's forms."""

    actions = None
    show_full_result_count = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def own(self, route: str, handler: Callable[..., HttpResponse], name: str) -> URLPattern:
        url_name = f"{self.opts.app_label}_{self.opts.model_name}_{name}"
        return path(route, self.admin_site.admin_view(handler), name=url_name)

    def page(self, request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        folder = f"admin/{self.opts.app_label}/{self.opts.model_name}"
        return TemplateResponse(request, f"{folder}/{template}.html", context, status=status)

    def to_row(self, row: Any) -> HttpResponseRedirect:
        url_name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(url_name, args=[row.pk]))


def number_in(text: str) -> int:
    """A row's number as an address or a form gives it; 0, which no row has, for what is none or too long for one."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else 0


def require(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied
