"""The stop button and what follows it: cut, say why, resume."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from apps.routing import kills, proposals
from apps.routing.errors import InsteadMissing, RoutingError
from apps.routing.ledger import current_rollout
from apps.routing.live import live_now
from apps.routing.live_notes import running_note
from apps.routing.overview import overview
from apps.routing.pages.access import given_reason, page, page_url, refused, require, to_page, who


@require_POST
def stop(request: HttpRequest, provider: str) -> HttpResponse:
    """Stops it. For the default provider the answer asks what serves instead, unless the form has said it."""
    require(request, "kill", tried=f"stop {provider[:64]}", provider=provider[:64])
    reason, instead = given_reason(request), request.POST.get("instead", "")
    try:
        change = kills.kill(provider=provider, by=who(request), reason=reason, instead=instead)
    except InsteadMissing as error:
        return _ask_instead(request, provider, reason=reason, error=str(error) if instead else "")
    except RoutingError as error:
        return refused(request, error)
    said = f"{provider} is stopped." if change else f"{provider} was stopped already."
    if reason or change is None:
        messages.warning(request, f"{said} {overview().headline}")
    else:
        link = page_url(f"why-{provider}")
        messages.warning(request, format_html('{} {} <a href="{}">Say why.</a>', said, overview().headline, link))
    return to_page()


@require_POST
def cut(request: HttpRequest, provider: str) -> HttpResponse:
    require(request, "kill", tried=f"cut the answers of {provider[:64]}", provider=provider[:64])
    try:
        change = kills.cut(provider=provider, by=who(request), reason=given_reason(request))
    except RoutingError as error:
        return refused(request, error)
    said = "are being cut; whoever can serve next answers those people from the start" if change else "were cut already"
    messages.warning(request, f"The running answers of {provider} {said}.")
    return to_page(f"provider-{provider}")


@require_POST
def explain(request: HttpRequest, provider: str) -> HttpResponse:
    require(request, "kill", tried=f"explain the stop of {provider[:64]}", provider=provider[:64])
    try:
        kills.explain_kill(provider=provider, by=who(request), reason=given_reason(request))
    except RoutingError as error:
        return refused(request, error, f"provider-{provider}")
    messages.success(request, f"The reason for stopping {provider} is kept.")
    return to_page()


@require_POST
def resume(request: HttpRequest, provider: str) -> HttpResponse:
    """Resumes it; where two people decide, asks for the second one."""
    require(request, "unkill", tried=f"resume {provider[:64]}", provider=provider[:64])
    by, reason = who(request), given_reason(request)
    try:
        if settings.ROLLOUT_TWO_PERSON:
            proposals.propose_resume(provider=provider, by=by, reason=reason)
            messages.info(request, f"Resuming {provider} waits for a second person, below. It is still stopped.")
        else:
            kills.unkill(provider=provider, by=by, reason=reason)
            messages.success(request, f"{provider} is resumed. {overview().headline}")
    except RoutingError as error:
        return refused(request, error, f"provider-{provider}")
    return to_page()


def _ask_instead(request: HttpRequest, provider: str, *, reason: str, error: str) -> HttpResponse:
    return page(
        request,
        "instead.html",
        title=f"Stop {provider}: what serves instead?",
        status=400 if error else 200,
        provider=provider,
        reason=reason,
        error=error,
        able=kills.able_instead(current_rollout(), provider),
        running_note=running_note(live_now().running.get(provider, 0)),
    )
