"""The site's own entry point: the sandbox is there only where it is switched on, and is imported only then."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import LazySettings

from apps.providers.openai_api.upstream import sandbox_key
from gvses.asgi import application

ROOT = Path(__file__).parents[2]


async def status(path: str) -> int:
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {sandbox_key()}".encode()), (b"host", b"testserver")],
        "client": ["127.0.0.1", 50000],
        "server": ["testserver", 80],
    }
    asked = ApplicationCommunicator(application, scope)
    await asked.send_input({"type": "http.request", "body": b"", "more_body": False})
    start = await asked.receive_output(timeout=5)
    await asked.wait()
    return int(start["status"])


@pytest.mark.django_db
async def test_the_sandbox_is_there_where_it_is_on(settings: LazySettings) -> None:
    settings.SECURE_SSL_REDIRECT = False
    settings.GVSES_SANDBOX = True
    assert await status("/sandbox/v1/models") == 200
    assert await status("/sandbox/nothing") == 404
    settings.GVSES_SANDBOX = False
    assert await status("/sandbox/v1/models") == 404


def test_a_start_imports_neither_the_sandbox_nor_a_vendor() -> None:
    script = (
        "import sys, gvses.asgi, apps.providers.registry\n"
        "lazy = {'starlette', 'uvicorn', 'openai', 'agents', 'apps.sandbox.asgi'}\n"
        "print(sorted(lazy & set(sys.modules)))"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "gvses.settings", "GVSES_SANDBOX": "True"}
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert result.stdout.strip() == "[]", result.stderr
