"""Settings fail at start with a sentence, and `.env.example` tells the truth."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def start(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs `manage.py` in a process that has only these variables and no `.env`."""
    environment = {"PATH": os.environ["PATH"], "GVSES_ENV_FILE": os.devnull, **variables}
    return subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )


def test_a_missing_secret_key_is_said_in_a_sentence() -> None:
    result = start("check")
    assert result.returncode != 0
    assert "SECRET_KEY is not set. Run `make run` once" in result.stderr


def test_missing_allowed_hosts_without_debug_is_said_in_a_sentence() -> None:
    result = start("check", SECRET_KEY="k" * 60)
    assert result.returncode != 0
    assert "ALLOWED_HOSTS is not set and DEBUG is off." in result.stderr


def test_a_production_configuration_passes_the_deployment_check(tmp_path: Path) -> None:
    result = start(
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        SECRET_KEY="kR7-vQ2xP9_wZ4mN8bT1cY6dF3gH5jL0aS-uE9iO7qW2rX-tM4yB6nK",
        ALLOWED_HOSTS="chat.example.com",
        DATABASE_URL=f"sqlite:///{tmp_path}/check.sqlite3",
    )
    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"MARKET_DATA": "astrology"}, "MARKET_DATA"),
        ({"MARKET_DATA": "alpaca"}, "ALPACA_API_KEY"),
        ({"MARKET_DATA": "csv:/nowhere/at/all"}, "/nowhere/at/all"),
        ({"TURNS_PER_PERSON": "many"}, "TURNS_PER_PERSON"),
        ({"GVSES_FORCE_PROVIDER": "astrologer"}, "astrologer"),
        ({"EMAIL_URL": "smtp://rollout:wonder/land@mail.example.com:25"}, "EMAIL_URL is no address of a mail server"),
        ({"LANGFUSE_PUBLIC_KEY": "pk-lf-alone"}, "LANGFUSE_SECRET_KEY is not set"),
        ({"LANGFUSE_SECRET_KEY": "sk-lf-alone"}, "LANGFUSE_PUBLIC_KEY is not set"),
        ({"LANGFUSE_SAMPLE_RATE": "10"}, "LANGFUSE_SAMPLE_RATE is no share"),
        ({"LANGFUSE_BASE_URL": "cloud.langfuse.com"}, "LANGFUSE_BASE_URL is no address"),
        ({"ROLLOUT_NOTIFY_EMAILS": "alice@example.com"}, "EMAIL_URL names no mail server"),
        ({"TEXT_RETENTION_DAYS": "-1"}, "or 0 to keep for ever"),
        ({"TEXT_RETENTION_DAYS": "60", "ROW_RETENTION_DAYS": "30"}, "but turns go after 30 days"),
        ({"ROLLOUT_WEBHOOK_URL": "https://hooks.example.com/"}, "without ROLLOUT_WEBHOOK_SECRET"),
    ],
)
def test_contradictory_settings_fail_the_system_check(variables: dict[str, str], words: str, tmp_path: Path) -> None:
    result = start(
        "check", SECRET_KEY="k" * 60, DEBUG="True", DATABASE_URL=f"sqlite:///{tmp_path}/check.sqlite3", **variables
    )
    assert result.returncode != 0
    assert words in result.stderr
    assert "wonder" not in result.stderr


def test_every_variable_the_settings_read_is_in_the_example_and_none_besides() -> None:
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "gvses/settings.py").read_text()))
    listed = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert read == listed


def test_the_example_works_as_a_whole_once_the_two_required_lines_are_filled(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text().replace("\nSECRET_KEY=\n", f"\nSECRET_KEY={'k' * 60}\n")
    env_file = tmp_path / ".env"
    env_file.write_text(text.replace("ALLOWED_HOSTS=\n", "ALLOWED_HOSTS=chat.example.com\n"))
    result = start("check", GVSES_ENV_FILE=str(env_file))
    assert result.returncode == 0, result.stderr
