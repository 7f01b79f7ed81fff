"""A watch over stops that looks often and counts its looks, for the tests that ask for it."""

import pytest

from apps.assistant import stop_watch
from tests.assistant.stopping import Looks


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    found = Looks()
    monkeypatch.setattr(stop_watch, "POLL_S", 0.02)
    monkeypatch.setattr(stop_watch, "stops_in_force", found)
    return found
