"""What every page of the rollout shares: who may do what, where it leads back to, and what a refused try leaves."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.routing import ledger
from apps.routing.errors import RoutingError
from apps.routing.forms import REASON_MAX_CHARACTERS
from apps.routing.models import Rollout


def require(request: HttpRequest, *permissions: str, tried: str = "", provider: str = "") -> None:
    """Raises PermissionDenied unless the person has one of the permissions of routing.

    `tried` says what they tried, for the audit log; without it the try is not kept.
    """
    if may(request, *permissions):
        return
    if tried:
        ledger.refuse(by=who(request), what=f"tried to {tried} without the permission", provider=provider)
    raise PermissionDenied


def may(request: HttpRequest, *permissions: str) -> bool:
    return any(request.user.has_perm(f"routing.{permission}") for permission in permissions)


def who(request: HttpRequest) -> str:
    return request.user.get_username()


def page_url(anchor: str = "") -> str:
    url = reverse("admin:routing_rollout_change", args=[Rollout.ONLY_ID])
    return f"{url}#{anchor}" if anchor else url


def to_page(anchor: str = "") -> HttpResponseRedirect:
    return HttpResponseRedirect(page_url(anchor))


def refused(request: HttpRequest, error: RoutingError, anchor: str = "") -> HttpResponseRedirect:
    messages.error(request, str(error))
    return to_page(anchor)


def given_reason(request: HttpRequest) -> str:
    return ledger.plain(request.POST.get("reason", "")).strip()[:REASON_MAX_CHARACTERS]


def page(request: HttpRequest, template: str, *, title: str, status: int = 200, **context: Any) -> TemplateResponse:
    """A page in the admin's clothes."""
    return TemplateResponse(
        request,
        f"admin/routing/rollout/{template}",
        {
            **admin.site.each_context(request),
            "opts": Rollout._meta,
            "title": title,
            "page_url": page_url(),
            "reason_max_characters": REASON_MAX_CHARACTERS,
            **context,
        },
        status=status,
    )
