"""Which providers there are in a routing test: all four with a backend, or the analyst alone."""

from collections.abc import Iterator

import pytest

from apps.providers import registry

BACKEND = "tests.routing.backends.Backend"


@pytest.fixture
def only_analyst(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The registry of a version whose only backend is the analyst."""
    yield from _registry(monkeypatch, {"responses": None, "workflow": None, "agents_sdk": None, "analyst": BACKEND})


@pytest.fixture
def all_backends(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The registry of a version in which every provider has a backend."""
    yield from _registry(monkeypatch, dict.fromkeys(registry.PROVIDERS, BACKEND))


def _registry(monkeypatch: pytest.MonkeyPatch, paths: dict[str, str | None]) -> Iterator[None]:
    for name, path in paths.items():
        monkeypatch.setitem(registry.PROVIDERS, name, path)
    registry.get_provider.cache_clear()
    yield
    registry.get_provider.cache_clear()
