"""The server looks at the rollout by itself, once a period however many servers there are, and tells who listens."""

import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest

from tests.routing.notifications.webhook_server import webhook_server
from tests.servers import ROOT, MissingProgram, Product, postgres, product

pytestmark = pytest.mark.e2e
INTERVAL_S = 0.5
LOOKED = re.compile(r"apps\.metrics\.watch: Looked began_at=(\S+)")
EVERY_LOOK = {"WATCH_INTERVAL_S": str(INTERVAL_S), "LOG_LEVEL": "DEBUG"}


def wait_until(is_so: Callable[[], object]) -> None:
    give_up = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < give_up, "It did not come to pass within 30 s."
        time.sleep(0.02)


def looks(server: Product) -> list[datetime]:
    """When each of this server's looks began, by its log."""
    return [datetime.fromisoformat(at) for at in LOOKED.findall(server.log.read_text())]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_looks_by_itself_until_it_is_told_to_stop(tmp_path: Path, number: int) -> None:
    with product(tmp_path, **EVERY_LOOK) as server:
        wait_until(lambda: len(looks(server)) >= 3)
        server.process.send_signal(number)
        assert server.process.wait(timeout=30) == 0
    assert server.log.read_text().count("apps.metrics.watch: Watch ended") == 1
    assert "Traceback" not in server.log.read_text()
    row = sqlite3.connect(tmp_path / "product.sqlite3").execute("SELECT by, ended_at, error FROM routing_watch")
    by, ended_at, error = row.fetchone()
    assert by.endswith(f":{server.process.pid}")
    assert (bool(ended_at), error) == (True, "")


def test_a_server_whose_watch_is_off_does_not_look(tmp_path: Path) -> None:
    with product(tmp_path, **EVERY_LOOK, GVSES_WATCH="False") as server:
        assert "looked in" in server.manage("watch", "--once").stdout
    assert looks(server) == []


def test_two_servers_on_one_database_look_once_a_period_and_one_goes_on_alone(tmp_path: Path) -> None:
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        folder.mkdir()
    # Three threads of the watch and two connections: one that keeps its own would leave none for people.
    variables = {
        **EVERY_LOOK,
        "DB_POOL_SIZE": "2",
        "ROLLOUT_NOTIFY_EMAILS": "alice@example.com",
        "EMAIL_URL": "dummymail://",
        "DEFAULT_FROM_EMAIL": "rollout@example.com",
        "ROLLOUT_WEBHOOK_URL": "http://127.0.0.1:9/",
        "ROLLOUT_WEBHOOK_SECRET": "whsec_" + "b25l" * 10,
    }
    try:
        with (
            postgres() as url,
            product(folders[0], **variables, DATABASE_URL=url) as one,
            product(folders[1], **variables, DATABASE_URL=url) as two,
        ):
            # Both are there: whoever comes second looks too once the first has gone.
            together = len(looks(one) + looks(two))
            wait_until(lambda: len(looks(one) + looks(two)) >= together + 6)
            one.process.send_signal(signal.SIGTERM)
            assert one.process.wait(timeout=30) == 0
            alone = len(looks(two))
            wait_until(lambda: len(looks(two)) >= alone + 3)
            assert [httpx2.get(f"{two.url}/readyz").status_code for _ in range(5)] == [200] * 5
    except MissingProgram as error:
        pytest.skip(str(error))
    began = sorted(looks(one) + looks(two))
    gaps = [later - earlier for earlier, later in pairwise(began)]
    assert min(gaps) >= timedelta(seconds=INTERVAL_S)
    assert "Traceback" not in one.log.read_text() + two.log.read_text()


def test_whoever_listens_hears_of_a_stop_from_the_shell_within_moments(tmp_path: Path) -> None:
    with webhook_server() as hook:
        listens = {"ROLLOUT_WEBHOOK_URL": hook.url, "ROLLOUT_WEBHOOK_SECRET": hook.secret}
        with product(tmp_path, **listens) as server:
            result = server.manage("rollout", "kill", "workflow", "--reason", "Prices are wrong.")
            assert result.returncode == 0, result.stderr
            wait_until(lambda: hook.received)
            hook.hold = True
            hook.arrived.clear()
            server.manage("rollout", "unkill", "workflow", "--reason", "Prices are right.")
            assert hook.arrived.wait(30)
            # While it sends and nobody answers, it still ends at once.
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(timeout=30) == 0
    assert [call.content["type"] for call in hook.received] == ["rollout.stopped", "rollout.resumed"]
    assert all(call.is_genuine for call in hook.received)
    assert "Traceback" not in server.log.read_text()


def test_the_watch_of_the_shell_ends_well_when_it_is_told_to(tmp_path: Path) -> None:
    with product(tmp_path, GVSES_WATCH="False") as server:
        environment = server.environment | EVERY_LOOK | {"LOG_LEVEL": "INFO"}
        log = tmp_path / "watch.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "watch"], cwd=ROOT, env=environment, stdout=output, stderr=output
            )
        try:
            wait_until(lambda: log.read_text().count(" UTC: looked in ") >= 2)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()
        assert "Traceback" not in log.read_text()
