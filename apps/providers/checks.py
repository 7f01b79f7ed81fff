"""Contradictions in the settings that the providers read, found at start."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from apps.providers.profiles.versions import why_no_label


def check_label_settings(**_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for number, name in enumerate(("GVSES_ASSISTANT_ID", "GVSES_WORKFLOW_ID"), start=1):
        label_id = getattr(settings, name)
        if label_id and (why := why_no_label(label_id)):
            found.append(Error(f"{name} is set, but {why}", id=f"providers.E{number:03}"))
    return found
