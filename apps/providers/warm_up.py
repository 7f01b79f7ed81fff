"""Loads the vendor SDKs before the first question wants them.

They take three seconds and a hundred megabytes, out of the time that the first answer of a process has for its first
text. A process without a key loads nothing until somebody asks.
"""

import logging
import threading

from django.conf import settings

from apps.providers.agents_runtime.sdk import load as load_agents
from apps.providers.openai_api.client import load as load_openai

logger = logging.getLogger(__name__)


def warm_up() -> threading.Thread | None:
    """Begins loading in a thread of its own; None where there is neither a key nor a server to talk to."""
    if not (settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL):
        return None
    thread = threading.Thread(target=_load, name="warm-up", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    try:
        load_openai()
        load_agents()
    except Exception:  # the outermost edge of a thread; the first answer meets the same error and says so
        logger.exception("SDKs not loaded")
