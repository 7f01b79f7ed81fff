"""Contradictions in the settings that routing reads, found at start instead of at a person's first turn."""

from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.providers.registry import PROVIDERS, why_unavailable
from apps.routing.errors import BadShares
from apps.routing.services import forced_provider
from apps.routing.shares import parse_share
from apps.routing.webhook import LOOPBACK, keys


def check_routing_settings(**_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    try:
        parse_share(str(settings.WORKFLOW_PERCENTAGE), provider="workflow")
    except BadShares as error:
        found.append(Error(f"WORKFLOW_PERCENTAGE is no share. {error}", id="routing.E001"))
    forced = forced_provider()
    if forced is None:
        return found
    if forced not in PROVIDERS:
        known = ", ".join(PROVIDERS)
        found.append(
            Error(
                f"GVSES_FORCE_PROVIDER is “{forced}”, which is no provider.",
                hint=f"Set it to one of {known}, or unset it.",
                id="routing.E002",
            )
        )
    elif why := why_unavailable(forced):
        found.append(Warning(f"GVSES_FORCE_PROVIDER names {forced}, which {why}.", id="routing.W001"))
    return found


def check_notification_settings(**_: Any) -> list[CheckMessage]:
    found = [*_site_faults(), *_email_faults(), *_webhook_faults()]
    if settings.WATCH_INTERVAL_S <= 0:
        found.append(Error("WATCH_INTERVAL_S is no time between two looks: it is more than 0.", id="routing.E003"))
    return found


def _site_faults() -> Iterator[CheckMessage]:
    if settings.SITE_URL and not _is_web_address(settings.SITE_URL):
        yield Error(
            "SITE_URL is no address that people reach this site by, such as https://chat.example.com.",
            id="routing.E004",
        )


def _email_faults() -> Iterator[CheckMessage]:
    if not settings.ROLLOUT_NOTIFY_EMAILS:
        return
    for number, address in enumerate(settings.ROLLOUT_NOTIFY_EMAILS, start=1):
        if not _is_email(address):
            yield Error(f"ROLLOUT_NOTIFY_EMAILS: number {number} is no e-mail address.", id="routing.E005")
    if not _is_email(parseaddr(settings.DEFAULT_FROM_EMAIL)[1]):
        yield Error(
            "ROLLOUT_NOTIFY_EMAILS is set, and DEFAULT_FROM_EMAIL is no address to send from.", id="routing.E006"
        )
    if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend") and not settings.EMAIL_HOST:
        yield Error("ROLLOUT_NOTIFY_EMAILS is set, and EMAIL_URL names no mail server.", id="routing.E007")


def _webhook_faults() -> Iterator[CheckMessage]:
    address, secrets = settings.ROLLOUT_WEBHOOK_URL, settings.ROLLOUT_WEBHOOK_SECRET
    if not address:
        if secrets:
            yield Warning(
                "ROLLOUT_WEBHOOK_SECRET is set, and ROLLOUT_WEBHOOK_URL is not: nothing is sent.", id="routing.W003"
            )
        return
    if not secrets:
        yield Error(
            "ROLLOUT_WEBHOOK_URL is set without ROLLOUT_WEBHOOK_SECRET, so nobody could tell who calls it.",
            id="routing.E008",
        )
    try:
        keys()
    except ValueError as error:
        yield Error(str(error), id="routing.E009")
    if not _is_web_address(address):
        yield Error("ROLLOUT_WEBHOOK_URL is no http or https address.", id="routing.E010")
    elif urlsplit(address).scheme == "http" and urlsplit(address).hostname not in LOOPBACK:
        yield Warning(
            "ROLLOUT_WEBHOOK_URL is plain http: everybody on the way reads the messages. Use https.",
            id="routing.W002",
        )


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
