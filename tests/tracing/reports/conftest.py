"""What the product sends to Sentry and prints while everything goes wrong, once for all tests."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tracing.reports.faulty import planted
from tests.tracing.reports.ingest import Ingest, ingest

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Session:
    """`said` are the request ids that the answers said, by what was asked."""

    ingest: Ingest
    said: dict[str, str]
    log: str


def run(*command: str, dsn: str, rate: str = "1") -> subprocess.CompletedProcess[str]:
    """A process of the product with the faults, which reports to `dsn`."""
    environment = {
        "PATH": os.environ["PATH"],
        "GVSES_ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "tests.tracing.reports.faulty.settings",
        "FAULTY_DSN": dsn,
        "SENTRY_TRACES_SAMPLE_RATE": rate,
    }
    if os.environ["DATABASE_URL"].startswith("postgres"):
        environment["DATABASE_URL"] = os.environ["DATABASE_URL"]
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )


@pytest.fixture(scope="session")
def session() -> Session:
    with ingest() as kept:
        drive = run("-m", "tests.tracing.reports.faulty.drive", dsn=kept.dsn)
        assert drive.returncode == 0, drive.stderr
        # With its traceback asked for, Django lets the refusal through to the end of the process.
        for options in ([], ["--politely"], ["--politely", "--traceback"]):
            crash = run("manage.py", "crash", planted.COMMAND_LINE, *options, dsn=kept.dsn)
            assert crash.returncode == 1, crash.stderr
    line = next(line for line in drive.stdout.splitlines() if line.startswith("SAID "))
    return Session(ingest=kept, said=json.loads(line.removeprefix("SAID ")), log=drive.stderr)
