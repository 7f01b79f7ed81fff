"""Who serves: what a look costs a turn, and a long rollout of a million turns.

The look is measured in a process of its own on each database, with a million assignments where there is time for them.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from uuid import UUID

from bench.simulated_rollout import simulate
from bench.turns import percentile
from tests.servers import MissingProgram, postgres

N_TURNS = 1_000_000
N_CHANGES = 20
N_LOOKS = 4_000
LIMIT_MS = 2.0


def measure() -> dict[str, object]:
    """In a process whose settings name the database: milliseconds of a look, and how many queries it makes."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    from apps.routing.changes import set_shares
    from apps.routing.services import resolve

    call_command("migrate", verbosity=0)
    set_shares(shares={"responses": 5_000, "workflow": 5_000}, by="bench")
    sessions = [UUID(int=number) for number in range(N_LOOKS)]

    def look(session: UUID) -> float:
        with transaction.atomic():
            begin = time.perf_counter()
            resolve(session_id=session)
            return (time.perf_counter() - begin) * 1000

    first = [look(session) for session in sessions]
    again = [look(session) for session in sessions]
    with CaptureQueriesContext(connection) as queries:
        resolve(session_id=sessions[0])
    n_again = len(queries)
    with CaptureQueriesContext(connection) as queries:
        resolve(session_id=UUID(int=N_LOOKS + 1))
    return {"first": first, "again": again, "n_again": n_again, "n_first": len(queries)}


def main() -> None:
    print("\nWho serves: the look of a turn, milliseconds")
    with tempfile.TemporaryDirectory() as folder:
        _print("SQLite", _in_a_process(f"sqlite:///{folder}/bench.sqlite3"))
    try:
        with postgres() as url:
            _print("PostgreSQL", _in_a_process(url))
    except MissingProgram as error:
        print(f"  PostgreSQL: {error}")
    begin = time.perf_counter()
    result = simulate(n_turns=N_TURNS, n_changes=N_CHANGES, seed=1)
    moved, fewest = (sum(column) for column in zip(*result.moves, strict=True))
    print(
        f"  {result.n_turns:,} simulated turns of {result.n_sessions:,} sessions over {len(result.moves)} changes of "
        f"shares in {time.perf_counter() - begin:.0f} s: {result.flips} unexplained flips, {result.n_diverted:,} "
        f"diverted by a stop; {moved:,} buckets moved, {fewest:,} is the minimum"
    )
    one = simulate(n_turns=400_000, n_changes=1, seed=2)
    [(n_sessions, gap)] = one.gaps
    print(f"  share of {n_sessions:,} new sessions: off by {gap:.2f} points at most (limit 0.5)")


def _in_a_process(url: str) -> dict[str, object]:
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "gvses.settings",
        "GVSES_ENV_FILE": os.devnull,
        "SECRET_KEY": "a key for benchmarks only",
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_URL": url,
        "LOG_LEVEL": "ERROR",
    }
    child = subprocess.run(
        [sys.executable, "-m", "bench.routing"], env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, object] = json.loads(child.stdout.splitlines()[-1])
    return found


def _print(name: str, found: dict[str, object]) -> None:
    for label, times, n_queries in (
        ("a session's first turn", found["first"], found["n_first"]),
        ("later turns", found["again"], found["n_again"]),
    ):
        p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
        print(f"  {name:<10} {label:<23} p50 {p50:5.2f}  p99 {p99:5.2f} (limit {LIMIT_MS}), {n_queries} statements")


if __name__ == "__main__":
    print(json.dumps(measure()))
