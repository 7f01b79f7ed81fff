"""Time enough for a busy machine: a test that is about a deadline shortens its own."""

from typing import Any

import pytest

from apps.assistant import deadlines


@pytest.fixture(autouse=True)
def _ample_deadlines(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FIRST_TEXT_DEADLINE_S = settings.CHUNK_GAP_DEADLINE_S = 60.0
    settings.TURN_DEADLINE_S = 600.0
    monkeypatch.setattr(deadlines, "LATER_ATTEMPT_S", 60.0)
