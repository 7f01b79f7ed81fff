"""How each provider and intent is drawn: the same colour everywhere, and a shape for those who see no colours."""

from collections.abc import Iterable

from apps.metrics.dashboards.filters import INTENTS

#: Provider → slot: colour, dash and marker of its line. What has no place of its own has the last.
PROVIDER_SLOTS = {"responses": 1, "workflow": 2, "analyst": 3, "agents_sdk": 4}
OTHER_PROVIDER = 5
INTENT_SLOTS = {intent: slot for slot, intent in enumerate(INTENTS, start=1)}
OTHER_INTENT = 7
#: What a name that is empty in the log stands for.
NOBODY, UNREAD = "nobody", "not read"


def provider_slot(name: str) -> int:
    return PROVIDER_SLOTS.get(name, OTHER_PROVIDER)


def intent_slot(name: str) -> int:
    return INTENT_SLOTS.get(name, OTHER_INTENT)


def by_slot(names: Iterable[str], slots: dict[str, int]) -> list[str]:
    """Known names in their fixed order, then the others by name."""
    return sorted(names, key=lambda name: (slots.get(name, len(slots) + 1), name))
