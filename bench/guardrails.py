"""How long one look at the evidence takes over a million turns, on SQLite and on PostgreSQL.

The turns are made in bulk, from a seed: a quarter of a million sessions over 28 days, a share of 10 % and then of 25 %.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.servers import MissingProgram, postgres

ROOT = Path(__file__).parents[1]
N_SESSIONS = 250_000
TURNS_PER_SESSION = 4
DAYS = 28
BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=DAYS)
LOOKS = 3
CHUNK = 10_000


def main() -> None:
    print(f"Guardrails over {N_SESSIONS * TURNS_PER_SESSION:,} turns")
    with tempfile.TemporaryDirectory(prefix="gvses-bench-") as folder:
        look("SQLite", f"sqlite:///{folder}/bench.sqlite3")
    try:
        with postgres() as url:
            look("PostgreSQL", url)
    except MissingProgram as missing:
        print(f"  PostgreSQL: {missing}")


def look(name: str, database_url: str) -> None:
    """Fills that database in one process and looks in another, whose memory is then that of the looks alone."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "DEBUG": "False",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECRET_KEY": "a key for benchmarks only, which protects nothing at all",
        "GVSES_ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "gvses.settings",
        "LOG_LEVEL": "WARNING",
    }
    print(f"  {name}", flush=True)
    for step in STEPS:
        subprocess.run([sys.executable, "-m", "bench.guardrails", step], cwd=ROOT, env=environment, check=True)


def make() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    begin = time.perf_counter()
    fill()
    print(f"    made in {time.perf_counter() - begin:.0f} s")


def measure() -> None:
    from apps.metrics.evidence.guardrails import evaluate

    before_mb = peak_mb()
    looks = [evaluate(candidate="workflow", now=END) for _ in range(LOOKS)]
    print(f"    {looks[-1].summary}")
    seconds = ", ".join(f"{look.took_ms / 1000:.2f}" for look in looks)
    print(f"    one evaluation {seconds} s; peak memory of the process {before_mb:.0f} → {peak_mb():.0f} MB")
    print(f"    rollout page: {', '.join(f'{seconds:.2f}' for seconds in page_s())} s (limit 1)")


def page_s() -> list[float]:
    """Seconds of the rollout page for a signed-in operator, from the request to the last byte."""
    from django.contrib.auth import get_user_model
    from django.test import Client
    from django.urls import reverse

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(get_user_model().objects.create_superuser("bench"))
    found = []
    for _ in range(LOOKS):
        begin = time.perf_counter()
        answer = client.get(reverse("admin:routing_rollout_change", args=[1]), secure=True)
        assert answer.status_code == 200, answer.status_code
        assert b"workflow against responses" in answer.content
        found.append(time.perf_counter() - begin)
    return found


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


STEPS = {"make": make, "measure": measure}


def fill() -> None:
    """The rows of a rollout that went from 10 % to 25 % half-way."""
    from django.db import connection

    from apps.routing.ledger import current_rollout
    from apps.routing.models import Rollout

    current_rollout()
    Rollout.objects.update(
        shares={"responses": 7500, "workflow": 2500},
        evidence_since={"responses": BEGIN.isoformat(), "workflow": BEGIN.isoformat()},
    )
    for table, columns, rows in tables():
        insert(table, columns, rows)
    if connection.vendor == "postgresql":
        # Its autovacuum would do so; SQLite plans without statistics, as it does for the product.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def insert(table: str, columns: str, rows: Iterator[list[tuple[object, ...]]]) -> None:
    from django.db import connection, transaction

    names = columns.split()
    with transaction.atomic(), connection.cursor() as cursor:
        for chunk in rows:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
                    for row in chunk:
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * len(names))
                cursor.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", chunk)


SESSION = "session_id provider bucket share_at_assign shares_at_assign reason assigned_at"
REQUEST = (
    "request_id session_id created_at status assigned_provider provider route_reason is_fallback attempts model "
    "tools_used latency_ms ttft_ms tokens_input tokens_output tokens_cached tokens_reasoning cost_usd success error "
    "is_voice intent trace_id"
)
ATTEMPT = (
    "request_id number provider model outcome error had_visible_text started_at latency_ms ttft_ms tokens_input "
    "tokens_output tokens_cached tokens_reasoning cost_usd"
)
TOOL_CALL = "request_id call_id name ok error_code latency_ms arguments started_at attempt retries was_reused"


def tables() -> Iterator[tuple[str, str, Iterator[list[tuple[object, ...]]]]]:
    import numpy as np

    rng = np.random.default_rng(4)
    n, m = N_SESSIONS, N_SESSIONS * TURNS_PER_SESSION
    session_ids, request_ids = hexes(rng, n), hexes(rng, m)
    assigned_s = np.sort(rng.uniform(0, DAYS * 86_400, n))
    share = np.where(assigned_s < DAYS * 86_400 / 2, 1000, 2500)
    bucket = rng.integers(0, 10_000, n)
    is_candidate = bucket < share
    # Turns per session vary; each begins some minutes after the one before it.
    of_session = np.sort(np.concatenate([np.arange(n), rng.integers(0, n, m - n)]))
    created_s = assigned_s[of_session] + rng.exponential(600, m)
    candidate_turn = is_candidate[of_session]
    failed = rng.random(m) < np.where(candidate_turn, 0.012, 0.01)
    ttft = rng.lognormal(6.6, 0.5, m) + np.where(failed, 2000, 0)
    latency = ttft + rng.lognormal(8.2, 0.6, m)
    cost = rng.lognormal(-5, 0.8, m).round(8)
    tokens = rng.integers(500, 5000, m)
    tool_failed = rng.random(m) < 0.01

    def at(seconds: float) -> str:
        return str(BEGIN.replace(tzinfo=None) + timedelta(seconds=float(seconds)))

    def arm(i: int) -> str:
        return "workflow" if is_candidate[i] else "responses"

    def shares(i: int) -> str:
        return json.dumps({"responses": 10_000 - int(share[i]), "workflow": int(share[i])})

    def session(i: int) -> list[tuple[object, ...]]:
        own = int(share[i]) if is_candidate[i] else 10_000 - int(share[i])
        return [(session_ids[i], arm(i), int(bucket[i]), own, shares(i), "bucket_map", at(assigned_s[i]))]

    def request(j: int) -> list[tuple[object, ...]]:
        i = int(of_session[j])
        first = j == 0 or of_session[j - 1] != i
        served = "analyst" if failed[j] else arm(i)
        return [
            (
                request_ids[j], session_ids[i], at(created_s[j]), "succeeded", arm(i), served,
                "bucket_map" if first else "assignment", bool(failed[j]), 1 + int(failed[j]), "gpt-5", '["get_quote"]',
                float(latency[j]), float(ttft[j]), int(tokens[j]), int(tokens[j]) // 10, 0, 0, float(cost[j]), True, "",
                False, "quote", request_ids[j],
            )
        ]  # fmt: skip

    def attempts(j: int) -> list[tuple[object, ...]]:
        provider, when = arm(int(of_session[j])), at(created_s[j])
        if not failed[j]:
            return [
                (request_ids[j], 1, provider, "gpt-5", "succeeded", "", True, when, float(latency[j]), float(ttft[j]),
                 int(tokens[j]), int(tokens[j]) // 10, 0, 0, float(cost[j]))
            ]  # fmt: skip
        return [
            (request_ids[j], 1, provider, "", "failed", "cut", False, when, 2000.0, None, None, None, None, None, None),
            (request_ids[j], 2, "analyst", "analyst-1", "succeeded", "", True, when, 20.0, 10.0, 0, 0, 0, 0, 0.0),
        ]

    def tool_call(j: int) -> list[tuple[object, ...]]:
        ok = not tool_failed[j]
        code = "" if ok else "source_unavailable"
        when = at(created_s[j])
        return [(request_ids[j], "c1", "get_quote", ok, code, 12.5, "{}", when, 1, 0, False)]

    def chunks(count: int, of) -> Iterator[list[tuple[object, ...]]]:
        for start in range(0, count, CHUNK):
            yield [row for k in range(start, min(count, start + CHUNK)) for row in of(k)]

    yield "routing_sessionassignment", SESSION, chunks(n, session)
    yield "metrics_requestlog", REQUEST, chunks(m, request)
    yield "metrics_attempt", ATTEMPT, chunks(m, attempts)
    yield "metrics_toolcall", TOOL_CALL, chunks(m, tool_call)


def hexes(rng, n: int) -> list[str]:
    """So many random ids of 32 hexadecimal digits."""
    digits = rng.bytes(16 * n).hex()
    return [digits[i : i + 32] for i in range(0, 32 * n, 32)]


if __name__ == "__main__":
    import django

    django.setup()
    STEPS[sys.argv[1]]()
