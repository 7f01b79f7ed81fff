"""Langfuse's place taken by a receiver of this test alone."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from apps.tracing import recorder
from tests.tracing.receiver import Receiver, receiver

#: Time enough for a busy machine.
LONG_S = 60.0


@pytest.fixture
def langfuse(settings: Any) -> Iterator[Receiver]:
    """Every turn from now on is sent there; `recorder.close(LONG_S)` waits until it has come."""
    with receiver() as found:
        # The SDK keeps one client for each key as long as the process lives.
        settings.LANGFUSE_PUBLIC_KEY = f"pk-lf-{uuid.uuid4()}"
        settings.LANGFUSE_SECRET_KEY = "sk-lf-planted-secret"
        settings.LANGFUSE_BASE_URL = found.url
        recorder.close()
        yield found
        found.may_answer.set()
        recorder.close(LONG_S)


@pytest.fixture
def sandbox(settings: Any) -> None:
    """The OpenAI providers talk to the sandbox, which does not make them wait."""
    settings.GVSES_SANDBOX = True
    settings.SANDBOX_PACE_MS = 0
    settings.FIRST_TEXT_DEADLINE_S = settings.CHUNK_GAP_DEADLINE_S = 60.0
    settings.TURN_DEADLINE_S = 600.0
