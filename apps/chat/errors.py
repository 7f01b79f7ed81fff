"""The error pages: what happened and what to do next, in the product's clothes, or as JSON where a script asked."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render


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
