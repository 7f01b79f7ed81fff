"""A real sandbox on a real socket, without pace and without faults that another test has armed."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from apps.sandbox.faults import ARSENAL
from apps.sandbox.server import start_sandbox


@pytest.fixture
def base_url(settings: LazySettings) -> Iterator[str]:
    settings.SANDBOX_PACE_MS = 0
    ARSENAL.disarm()
    yield start_sandbox()
    ARSENAL.disarm()
