"""Which providers there are. A new one is a file of its own and a line here."""

from functools import cache

from django.utils.module_loading import import_string

from apps.providers.protocol import Provider

#: Name → dotted path of the class, imported at first use.
PROVIDERS: dict[str, str | None] = {
    "responses": "apps.providers.responses.provider.Responses",
    "workflow": "apps.providers.workflow.provider.Workflow",
    "agents_sdk": "apps.providers.agents_sdk.provider.AgentsSdk",
    "analyst": "apps.providers.analyst.provider.Analyst",
}
DEFAULT_PROVIDER = "responses"
#: Who serves when the wanted provider cannot, in this order; the last one is the floor under every turn.
FALLBACK_CHAIN: tuple[str, ...] = ("responses", "analyst")


@cache
def get_provider(name: str) -> Provider:
    """The provider of that name. Raises KeyError for a name that is not listed or has no backend here."""
    path = PROVIDERS[name]
    if path is None:
        raise KeyError(name)
    provider: Provider = import_string(path)()
    return provider


def why_unavailable(name: str) -> str | None:
    """Why this provider cannot serve, as the end of a sentence about it, or None when it can."""
    if PROVIDERS.get(name) is None:
        return "has no backend in this version"
    return get_provider(name).why_unavailable()
