"""A scripted upstream for each test that asks for one, with the settings pointing at it."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from tests.providers.openai_api.scripted_upstream import ScriptedUpstream, no_answer, scripted_upstream


@pytest.fixture(scope="session")
def running_upstream() -> Iterator[ScriptedUpstream]:
    with scripted_upstream() as running:
        yield running


@pytest.fixture
def upstream_server(running_upstream: ScriptedUpstream, settings: LazySettings) -> Iterator[ScriptedUpstream]:
    running_upstream.answers.clear()
    running_upstream.otherwise = no_answer
    running_upstream.requests.clear()
    running_upstream.asked.clear()
    running_upstream.left.clear()
    settings.OPENAI_BASE_URL = running_upstream.base_url
    settings.OPENAI_API_KEY = "sk-alice"
    yield running_upstream
    assert not running_upstream.answers, "an answer was set that nobody asked for"
