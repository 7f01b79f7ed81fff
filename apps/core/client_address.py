"""Whose address a request counts against, without believing what a client writes about itself."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "unknown"


def client_address(request: HttpRequest) -> str:
    """The client's address for limits, by `TRUSTED_PROXIES`."""
    return address_behind(
        remote=request.META.get("REMOTE_ADDR") or "",
        forwarded_for=request.META.get("HTTP_X_FORWARDED_FOR") or "",
        trusted_proxies=settings.TRUSTED_PROXIES,
    )


def address_behind(*, remote: str, forwarded_for: str, trusted_proxies: int) -> str:
    """The address that the outermost of our proxies saw: an IPv4 address, or an IPv6 network of 64 bits.

    Each proxy appends the address it was called from, so the entry to believe stands `trusted_proxies` from the
    end, the peer of our own socket (`remote`) being the last. What stands further left is the client's own text.
    A chain that is too short, or no address at that place, falls back to `remote`; no address at all to `UNKNOWN`.
    """
    chain = [*(forwarded_for.split(",") if forwarded_for else []), remote]
    if 0 < trusted_proxies < len(chain):
        believed = _parse(chain[-1 - trusted_proxies])
        if believed:
            return believed
    return _parse(remote) or UNKNOWN


def _parse(text: str) -> str | None:
    """An address as proxies write it: bare, quoted, bracketed, with or without a port."""
    text = text.strip().strip('"').strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    # A household or a rented server holds a whole /64; limits by single addresses would not bind it.
    return f"{ipaddress.IPv6Address(int(address) >> 64 << 64)}/64"
