"""The sandbox in a thread: once per process, on the loopback, and gone without a word when the process ends."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.conf import LazySettings

from apps.providers.openai_api.client import close_client, openai_client
from apps.sandbox.server import start_sandbox

ROOT = Path(__file__).parents[2]
SCRIPT = """
import django; django.setup()
import urllib.request
from apps.sandbox.server import start_sandbox
request = urllib.request.Request(start_sandbox() + "/models", headers={"Host": "127.0.0.1"})
with urllib.request.urlopen(request) as answer:
    print(answer.status, len(answer.read()))
body = b'{"model": "m", "input": "price of AAPL", "stream": true}'
headers = {"Content-Type": "application/json", "X-Sandbox-Fault": "stall;after=2"}
left = urllib.request.urlopen(urllib.request.Request(start_sandbox() + "/responses", data=body, headers=headers))
print(left.readline())
"""


def test_it_starts_once_however_many_ask_at_the_same_time() -> None:
    with ThreadPoolExecutor(max_workers=8) as pool:
        (url,) = set(pool.map(lambda _: start_sandbox(), range(32)))
    assert url.startswith("http://127.0.0.1:")
    assert url.endswith("/sandbox/v1")


def test_a_process_ends_without_a_warning_even_while_an_answer_stalls() -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "gvses.settings",
        "DEBUG": "True",
        "PYTHONPATH": str(ROOT),
    }
    result = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", SCRIPT],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "b'event: response.created\\n'"
    assert result.stderr == ""


async def test_a_provider_without_a_key_reaches_it_by_itself(settings: LazySettings) -> None:
    settings.GVSES_SANDBOX, settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = True, "", ""
    settings.SANDBOX_PACE_MS = 0
    client = await openai_client()
    try:
        response = await client.responses.create(model="gpt-6.1-terra", input="hello")
    finally:
        await close_client()
    assert str(client.base_url).rstrip("/") == start_sandbox()
    assert response.output_text.startswith("Hello.")
