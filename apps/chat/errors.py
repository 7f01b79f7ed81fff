"""The error pages: what happened and what to do next, in the product's clothes, or as JSON where a script asked."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

from apps.core.database_away import LOOK_EVERY_S

#: Whole seconds after which the database is looked for again.
AWAY_RETRY_S = int(LOOK_EVERY_S)


def wants_json(request: HttpRequest) -> bool:
    """Whether the caller reads streams or JSON rather than pages."""
    return not request.accepts("text/html")


def refusal(*, status: int, code: str, message: str, retry_after_s: int | None = None) -> JsonResponse:
    """A refusal as JSON: `{"error": {"code", "message", "retry_after_s"?}}`, with Retry-After where it helps."""
    error: dict[str, Any] = {"code": code, "message": message}
    headers = {}
    if retry_after_s is not None:
        error["retry_after_s"] = retry_after_s
        headers["Retry-After"] = str(retry_after_s)
    return JsonResponse({"error": error}, status=status, headers=headers)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A post without this site's own token. `reason` is Django's, for its log; people read ours."""
    if wants_json(request):
        return refusal(
            status=403,
            code="csrf",
            message="This page is out of date or was opened from another site. Reload it and send again.",
        )
    return render(request, "403_csrf.html", status=403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if wants_json(request):
        return refusal(status=400, code="bad_request", message="This request could not be read. Reload the page.")
    return render(request, "400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if wants_json(request):
        return refusal(status=404, code="not_found", message="There is no such conversation here.")
    return render(request, "404.html", status=404)


def database_away(request: HttpRequest) -> HttpResponse:
    """A page that reads nothing itself; the database it would be made from cannot be reached."""
    response: HttpResponse
    if wants_json(request):
        message = "Our records cannot be reached right now. Try again in a moment."
        response = refusal(status=503, code="database_away", message=message, retry_after_s=AWAY_RETRY_S)
    else:
        # Without the request: what a page's context brings along may ask the database.
        response = HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": str(AWAY_RETRY_S)})
    add_never_cache_headers(response)
    return response
