"""A process that is killed while it builds, at any place, leaves rollups that the next one makes whole."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BEGIN = "import django; django.setup(); from datetime import timedelta; from tests.metrics.rollups.history import *; "
MAKE = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
for days in (0, 1, 20):
    for hours in range(8):
        make_call(make_turn(at=AT - timedelta(days=days, hours=hours), latency_ms=100.0 + hours))
"""
RUN = """
from apps.metrics.rollups.run import roll_up
print(roll_up(now=AT + timedelta(hours=1)).left)
"""
# Rows of the stretch are deleted by then, and its new ones are not there yet.
KILLED = """
import os, signal
from apps.metrics.rollups import stretch
real, calls = stretch._replace, 0
def replace(*arguments):
    global calls
    calls += 1
    if calls == {at}:
        os.kill(os.getpid(), signal.SIGKILL)
    real(*arguments)
stretch._replace = replace
"""


def run_in_process(script: str, file: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "gvses.settings",
        "GVSES_ENV_FILE": os.devnull,
        "DEBUG": "True",
        "SECRET_KEY": "a key for tests only, which protects nothing at all",
        "DATABASE_URL": f"sqlite:///{file}",
    }
    command = [sys.executable, "-c", BEGIN + script]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


def contents(file: Path) -> list[tuple[object, ...]]:
    found = []
    with sqlite3.connect(file) as database:
        for table in ("metrics_turnrollup", "metrics_toolrollup", "metrics_rollupdue"):
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != "id"]
            names = ", ".join(name for name in columns if name != "token")
            found += sorted(database.execute(f"SELECT '{table}', {names} FROM {table}"), key=repr)
    database.close()
    return found


@pytest.mark.parametrize("at", [2, 32, 52])
def test_a_killed_run_is_made_whole_by_the_next(tmp_path: Path, at: int, made: Path) -> None:
    whole, killed = tmp_path / "whole.sqlite3", tmp_path / "killed.sqlite3"
    shutil.copy(made, whole)
    shutil.copy(made, killed)
    assert run_in_process(RUN, whole).stdout == "0\n"
    assert run_in_process(KILLED.format(at=at) + RUN, killed).returncode == -signal.SIGKILL
    assert contents(killed) != contents(whole)
    assert run_in_process(RUN, killed).stdout == "0\n"
    assert contents(killed) == contents(whole)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a history that nobody has added up."""
    file = tmp_path_factory.mktemp("made") / "made.sqlite3"
    done = run_in_process(MAKE, file)
    assert done.returncode == 0, done.stderr
    return file
