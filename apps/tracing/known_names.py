"""Names of providers and tools that may become labels: those the product has, and one word for all others.

A model can call a tool by any name it makes up. As labels such names would grow without end, and they may quote a
question.
"""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

OTHER = "other"
NONE = "none"


def known_provider(name: str) -> str:
    """The provider's name; "none" where nobody served."""
    return name if name in _names(settings.KNOWN_PROVIDERS) else OTHER if name else NONE


def known_tool(name: str) -> str:
    return name if name in _names(settings.KNOWN_TOOLS) else OTHER


@cache
def _names(path: str) -> frozenset[str]:
    return frozenset(import_string(path))
