"""The scripted upstream serves these tests too."""

from tests.providers.openai_api.conftest import running_upstream, upstream_server

__all__ = ["running_upstream", "upstream_server"]
