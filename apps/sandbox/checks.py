"""A site for the public must know that it answers from the sandbox."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register


@register("sandbox")
def sandbox_is_off_in_production(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    if settings.DEBUG or not settings.GVSES_SANDBOX:
        return []
    return [
        Warning(
            "The sandbox is served: answers of providers without a key come from the embedded analyst, not from "
            "OpenAI, and whoever has its key can make providers fail.",
            hint="Set OPENAI_API_KEY or OPENAI_BASE_URL and GVSES_SANDBOX=False, unless this site is a trial.",
            id="sandbox.W001",
        )
    ]
