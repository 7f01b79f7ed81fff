"""How often people may ask: per person, per address, and for the whole site per day."""

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from apps.assistant.owner import Owner
from apps.core.client_address import client_address
from apps.core.rate_limit import hit, parse_rate, parse_rates


def turn_wait_s(request: HttpRequest, owner: Owner) -> int:
    """Seconds until this person may ask again; 0 when they may ask now.

    A try counts with each limit up to the one that refuses it; the address comes first, so that one address cannot
    use up what belongs to others.
    """
    now = timezone.now().timestamp()
    for key, rates in (
        (f"turn:address:{client_address(request)}", settings.TURNS_PER_ADDRESS),
        (f"turn:{owner.key}", settings.TURNS_PER_PERSON),
        ("turn:site", settings.TURNS_PER_DAY),
    ):
        for rate in parse_rates(rates):
            verdict = hit(key=key, rate=rate, now=now)
            if not verdict.allowed:
                return max(1, verdict.retry_after_s)
    return 0


def login_wait_s(request: HttpRequest) -> int:
    """Seconds until this address may try to log in again; 0 when it may try now."""
    verdict = hit(
        key=f"login:{client_address(request)}",
        rate=parse_rate(settings.LOGINS_PER_ADDRESS),
        now=timezone.now().timestamp(),
    )
    return 0 if verdict.allowed else max(1, verdict.retry_after_s)
