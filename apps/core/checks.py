"""Settings that contradict themselves fail at start, with a sentence that says what to set."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from apps.core.rate_limit import parse_rates

RATES = ("TURNS_PER_PERSON", "TURNS_PER_ADDRESS", "TURNS_PER_DAY", "LOGINS_PER_ADDRESS")


@register("limits")
def limits_can_be_read(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for name in RATES:
        try:
            parse_rates(getattr(settings, name))
        except ValueError as error:
            found.append(Error(f"{name} is no limit. {error}", id="core.E001"))
    return found
