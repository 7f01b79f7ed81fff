"""The page that a Prometheus server reads."""

from hmac import compare_digest

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.tracing import prometheus


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Only for whoever has the token: where a request comes from says nothing behind a proxy."""
    if not prometheus.is_on():
        raise Http404
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode()):
        return HttpResponse(
            "Send METRICS_TOKEN as a bearer token.\n",
            status=401,
            content_type="text/plain",
            headers={"WWW-Authenticate": "Bearer"},
        )
    body, content_type = prometheus.page()
    return HttpResponse(body, content_type=content_type)
