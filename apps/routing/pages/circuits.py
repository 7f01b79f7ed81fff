"""Closing a circuit by hand: a page that says what it does, and the deed."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from apps.routing.circuits import close_circuit
from apps.routing.errors import RoutingError
from apps.routing.open_circuit import circuit_of
from apps.routing.overview import overview
from apps.routing.pages.access import given_reason, page, refused, require, to_page, who


def confirm(request: HttpRequest, provider: str) -> HttpResponse:
    """What closing it does; it is closed only from the page that this answers."""
    require(request, "close_circuit")
    row = next((row for row in overview().open_circuits if row.name == provider), None)
    if row is None:
        messages.info(request, f"{circuit_of(provider)} is not open; there is nothing to close.")
        return to_page()
    title = f"Close {circuit_of(provider)} now?"
    return page(request, "close_circuit.html", title=title, row=row, circuit_of=circuit_of(provider))


@require_POST
def close(request: HttpRequest, provider: str) -> HttpResponse:
    require(request, "close_circuit", tried=f"close the circuit of {provider[:64]}", provider=provider[:64])
    try:
        close_circuit(provider=provider, by=who(request), reason=given_reason(request))
    except RoutingError as error:
        return refused(request, error)
    messages.success(request, f"{circuit_of(provider)} is closed. {overview().headline}")
    return to_page()
