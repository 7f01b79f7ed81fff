"""Settings of traces that contradict themselves fail at start, with a sentence that says what to set."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register("tracing")
def langfuse_is_whole(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    keys = {name: getattr(settings, name) for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")}
    if any(keys.values()):
        found += [
            Error(f"{name} is not set and the other key of Langfuse is. Set both or neither.", id="tracing.E001")
            for name, key in keys.items()
            if not key
        ]
    if not 0 <= settings.LANGFUSE_SAMPLE_RATE <= 1:
        found.append(
            Error("LANGFUSE_SAMPLE_RATE is no share. Set a number from 0 to 1, such as 0.25.", id="tracing.E002")
        )
    address = urlsplit(settings.LANGFUSE_BASE_URL)
    if address.scheme not in ("http", "https") or not address.hostname:
        found.append(
            Error(
                "LANGFUSE_BASE_URL is no address. Set it as people open it, such as https://cloud.langfuse.com.",
                id="tracing.E003",
            )
        )
    return found
