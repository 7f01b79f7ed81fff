"""A server with a key has its SDKs loaded before the first question; one without a key loads nothing."""

import os
import subprocess
import sys

import pytest

from tests.servers import ROOT

PROGRAM = """
import sys, threading, gvses.asgi
for thread in threading.enumerate():
    if thread.name == "warm-up":
        thread.join()
print(sorted({"openai", "agents", "genai_prices"} & set(sys.modules)))
"""


def loaded(**variables: str) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "GVSES_ENV_FILE": os.devnull,
        "SECRET_KEY": "a key for tests only, which protects nothing at all",
        "DEBUG": "True",
        "DJANGO_SETTINGS_MODULE": "gvses.settings",
        "DATABASE_URL": "sqlite:///:memory:",
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "OPENAI_BASE_URL"])
def test_with_somebody_to_talk_to_the_sdks_are_loaded(variable: str) -> None:
    assert loaded(**{variable: "http://127.0.0.1:9/v1"}) == "['agents', 'genai_prices', 'openai']"


def test_without_a_key_nothing_is_loaded() -> None:
    assert loaded() == "[]"
