"""How fast whole dashboard pages are: view, template and all, each read anew, for staff who filter as they like."""

import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random
from urllib.parse import urlencode

from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings

PERIODS = {"24h": 2, "48h": 1, "7d": 3, "30d": 3, "90d": 4}
CHOICES = {
    "channel": ("text", "voice"),
    "intent": ("research", "analysis", "execution", "chart", "education", "other"),
    "provider": ("responses", "workflow", "agents_sdk", "analyst"),
    "model": ("gpt-5", "gpt-5-mini", "gpt-6", "gpt-6-mini", "analyst-1"),
}
CHOSEN = 0.3
PLAIN_STATIC = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
LIMIT_MS = 200
N_BARE = 20
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def measure_pages(*, rounds: int) -> None:
    """Each page over random filters, then over 90 days without one; CPU time beside the time that passed."""
    from apps.metrics.dashboards.book import DASHBOARDS
    from tests.metrics.dashboards.staff import ALL, sign_in

    alice = sign_in("Alice", *ALL)
    for name, one in {"": None, **DASHBOARDS}.items():
        path = f"/dashboards/{name}/" if name else "/dashboards/"
        pictures = one.pictures if one else ()
        # The first page also imports and compiles.
        timed_page(alice, path)
        queries = list(random_queries(Random(11), pictures=pictures, rounds=rounds))
        report(name or "overview", [timed_page(alice, f"{path}?{query}") for query in queries], queries)
        report(f"{name or 'overview'}, 90 days", [timed_page(alice, f"{path}?period=90d") for _ in range(N_BARE)])


def random_queries(random: Random, *, pictures: tuple[str, ...], rounds: int) -> Iterator[str]:
    for _ in range(rounds):
        (period,) = random.choices(list(PERIODS), list(PERIODS.values()))
        chosen = {"period": period}
        chosen |= {name: random.choice(values) for name, values in CHOICES.items() if random.random() < CHOSEN}
        if random.random() < 0.5:
            chosen["side"] = "served"
        if pictures and random.random() < 0.5:
            chosen["picture"] = random.choice(pictures)
        yield urlencode(chosen)


def timed_page(client: Client, path: str) -> tuple[float, float, float]:
    """Milliseconds: that passed, of this process's CPU, and of the database servers' CPU."""
    cache.clear()
    backends = backend_ms()
    # Without collected static files their names have no hashes.
    with override_settings(STORAGES=PLAIN_STATIC):
        cpu, begin = time.process_time(), time.perf_counter()
        response = client.get(path, secure=True, headers={"host": "127.0.0.1"})
        wall_ms, cpu_ms = 1000 * (time.perf_counter() - begin), 1000 * (time.process_time() - cpu)
    assert response.status_code == 200, response.status_code
    return wall_ms, cpu_ms, sum(now - backends.get(pid, 0) for pid, now in backend_ms().items())


def backend_ms() -> dict[int, float]:
    """The CPU time of each PostgreSQL backend of this database so far, where the system tells it."""
    if connection.vendor != "postgresql":
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        pids = [pid for (pid,) in cursor.fetchall()]
    found: dict[int, float] = defaultdict(float)
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found[pid] = (int(fields[11]) + int(fields[12])) * TICK_MS
    return found


def report(name: str, times: list[tuple[float, float, float]], queries: list[str] | None = None) -> None:
    walls, cpus = sorted(wall for wall, _, _ in times), sorted(cpu for _, cpu, _ in times)
    at = int(len(times) * 0.95)
    backend = sum(backend for _, _, backend in times) / len(times)
    late = "" if walls[at] <= LIMIT_MS else f"  OVER {LIMIT_MS}"
    print(
        f"    page {name:20} p50 {walls[len(walls) // 2]:6.1f}  p95 {walls[at]:6.1f}  max {walls[-1]:6.1f} ms"
        f"  (CPU p95 {cpus[at]:5.1f}, database {backend:5.1f} on average, load {os.getloadavg()[0]:.1f}){late}",
        flush=True,
    )
    if queries and "BENCH_SLOWEST" in os.environ:
        for (wall, cpu, _), query in sorted(zip(times, queries, strict=True), reverse=True)[:6]:
            print(f"        {wall:6.1f} ms, CPU {cpu:6.1f}: {query}")
