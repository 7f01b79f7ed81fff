"""Which server the OpenAI providers talk to: OpenAI, a compatible server by base URL, or the sandbox without a key."""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from apps.core.own_address import own_address

OPENAI_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """`kind` is "openai", "compatible" or "sandbox"."""

    base_url: str
    #: Left out where it is printed: a page or a report of an error shows the values around it.
    api_key: str = field(repr=False)
    kind: str


def why_no_upstream() -> str | None:
    """Why the OpenAI providers cannot serve, as the end of a sentence about one of them, or None."""
    if settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL or settings.GVSES_SANDBOX:
        return None
    return "has no key: OPENAI_API_KEY is not set"


def upstream() -> Upstream:
    """The server to talk to; starts the sandbox where this process serves none itself, which takes a moment."""
    if settings.OPENAI_BASE_URL:
        # A compatible server may want no key; the SDK wants one.
        return Upstream(
            base_url=settings.OPENAI_BASE_URL.rstrip("/"), api_key=settings.OPENAI_API_KEY or "none", kind="compatible"
        )
    if settings.OPENAI_API_KEY:
        return Upstream(base_url=OPENAI_URL, api_key=settings.OPENAI_API_KEY, kind="openai")
    return Upstream(base_url=_sandbox_url(), api_key=sandbox_key(), kind="sandbox")


def sandbox_key() -> str:
    """The key that the sandbox of this installation takes."""
    return "sk-sandbox-" + hmac.new(settings.SECRET_KEY.encode(), b"sandbox", hashlib.sha256).hexdigest()[:32]


def _sandbox_url() -> str:
    if address := own_address():
        return f"{address}/sandbox/v1"
    return cast(str, import_string(settings.SANDBOX_SERVER)())
