"""Who may open a dashboard: staff with the permission; others are told what is missing."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.models import Permission
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

DASHBOARDS, EXPORT = "metrics.view_dashboards", "metrics.export_requests"
ROWS, TEXT = "metrics.view_requestlog", "metrics.view_requesttext"

View = Callable[..., HttpResponse]


def staff_page(permission: str) -> Callable[[View], View]:
    """A page for staff who have the permission; never kept by a browser or a proxy."""

    def guarded_by_it(view: View) -> View:
        @require_safe
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not request.user.is_staff:
                raise PermissionDenied
            if not request.user.has_perm(permission):
                return missing(request, permission)
            return view(request, *args, **kwargs)

        return guarded

    return guarded_by_it


def missing(request: HttpRequest, permission: str) -> HttpResponse:
    """A refusal that names the permission, so that whoever gives permissions knows which."""
    app, codename = permission.split(".")
    found = Permission.objects.filter(content_type__app_label=app, codename=codename).first()
    context = {"permission": permission, "permission_name": found.name if found else permission}
    return render(request, "dashboards/forbidden.html", context, status=403)
