"""Who may talk to the sandbox: whoever has its key, or, on a development machine, whoever sits at it."""

import hmac
import ipaddress
import re

from django.conf import settings
from starlette.datastructures import Headers
from starlette.types import Scope

from apps.providers.openai_api.upstream import sandbox_key
from apps.sandbox.wire_errors import WireError

#: Headers that proxies and tunnels add, each its own.
PROXIED = re.compile(r"x-forwarded-|forwarded$|via$|x-real-ip$|x-client-ip$|true-client-ip$|cf-|fly-|x-original-")


def why_refused(scope: Scope) -> WireError | None:
    """The error for a request that is not let in, or None."""
    headers = Headers(scope=scope)
    if settings.DEBUG:
        if is_local(scope, headers):
            return None
        return WireError(
            403,
            "With DEBUG on the sandbox answers this machine only, at a loopback address.",
            type="permission_error",
            code="forbidden",
        )
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and hmac.compare_digest(key.strip().encode(), sandbox_key().encode()):
        return None
    return WireError(401, "Incorrect API key provided: the sandbox takes its own key.", code="invalid_api_key")


def is_local(scope: Scope, headers: Headers) -> bool:
    """Whether the client is this machine itself, and means to call it.

    A proxy in front makes everybody look local. A page of another site that points its own name at the loopback
    calls by that name.
    """
    client = scope.get("client")
    if not client or not is_loopback(client[0]) or any(PROXIED.match(name) for name in headers):
        return False
    host = headers.get("host", "")
    name = host.partition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    return name == "localhost" or is_loopback(name)


def is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback
