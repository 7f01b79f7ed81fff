"""Settings of reports and counters that contradict themselves fail at start, with a sentence that says what to set."""

import os
from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from apps.tracing import prometheus

SHORTEST_TOKEN = 20


@register("tracing")
def shares_can_be_read(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    if 0 <= settings.SENTRY_TRACES_SAMPLE_RATE <= 1:
        return []
    return [Error("SENTRY_TRACES_SAMPLE_RATE is no share. Set it between 0 and 1.", id="tracing.E011")]


@register("tracing")
def prometheus_can_be_served(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    if not settings.METRICS_TOKEN:
        return []
    found: list[CheckMessage] = []
    if not prometheus.is_installed():
        found.append(
            Error(
                "METRICS_TOKEN is set and the package prometheus-client is missing. "
                "Install it with `pip install --require-hashes -r requirements-prometheus.txt`, "
                "or leave METRICS_TOKEN empty.",
                id="tracing.E012",
            )
        )
    if len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        found.append(
            Error(
                f"METRICS_TOKEN is shorter than {SHORTEST_TOKEN} characters. Set it to a long random text.",
                id="tracing.E013",
            )
        )
    folder = settings.PROMETHEUS_MULTIPROC_DIR
    if folder and not (os.path.isdir(folder) and os.access(folder, os.W_OK)):
        found.append(
            Error(
                f"PROMETHEUS_MULTIPROC_DIR is {folder}, which is no folder that this process can write to. "
                "Make it first.",
                id="tracing.E014",
            )
        )
    return found
