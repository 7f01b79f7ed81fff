"""A scripted upstream for the workflow, and no memory of earlier servers."""

from collections.abc import Iterator

import pytest

from apps.providers.workflow.classifier_calls import forget_servers
from tests.providers.openai_api.conftest import running_upstream, upstream_server

__all__ = ["running_upstream", "upstream_server"]


@pytest.fixture(autouse=True)
def _forget_servers() -> Iterator[None]:
    forget_servers()
    yield
    forget_servers()
