"""How fast the figures of the dashboards are built and read: ten million turns on PostgreSQL, one million on SQLite.

`python -m bench.dashboards [--turns TURNS] [--sqlite TURNS] [--built DAYS]`; 0 leaves a database out. SQLite's turns
are made by a PostgreSQL and copied. Of a long history, the last DAYS alone can be built, and stand for the others.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.servers import MissingProgram, postgres

ROOT = Path(__file__).parents[1]
LIMIT_MS = 200
ROUNDS = 150
DAYS = {1: 2, 2: 1, 3: 1, 7: 3, 30: 3, 90: 4}
PROVIDERS = ("responses", "workflow", "agents_sdk", "analyst")
MODELS = ("gpt-5", "gpt-5-mini", "gpt-6", "gpt-6-mini", "analyst-1")
INTENTS = ("research", "analysis", "execution", "chart", "education", "other")


def main(*, n_postgres: int = 300_000, n_sqlite: int = 100_000, days_built: int = 90) -> None:
    try:
        if n_postgres:
            with postgres() as url:
                print(f"Dashboards over {n_postgres:,} turns on PostgreSQL", flush=True)
                for command in (
                    ["make", str(n_postgres)],
                    ["build", str(days_built)],
                    ["measure"],
                    ["pages"],
                    ["compare"],
                ):
                    run(url, *command)
        if n_sqlite:
            with tempfile.TemporaryDirectory(prefix="gvses-bench-") as folder:
                print(f"Dashboards over {n_sqlite:,} turns on SQLite", flush=True)
                file = f"{folder}/bench.sqlite3"
                with postgres() as url:
                    run(url, "make", str(n_sqlite))
                    run(f"sqlite:///{file}", "copy", url, file)
                for command in (["build", str(days_built)], ["measure"], ["pages"]):
                    run(f"sqlite:///{file}", *command)
    except MissingProgram as missing:
        print(f"  {missing}")


def run(database_url: str, *command: str) -> None:
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
    subprocess.run([sys.executable, "-m", "bench.dashboards", *command], cwd=ROOT, env=environment, check=True)


def make(n: str) -> None:
    from django.core.management import call_command

    from bench.dashboards_history import fill_postgres

    call_command("migrate", verbosity=0)
    begin = time.perf_counter()
    fill_postgres(int(n))
    print(f"    made in {time.perf_counter() - begin:.0f} s", flush=True)


def copy(postgres_url: str, file: str) -> None:
    from django.core.management import call_command

    from bench.dashboards_history import copy_to_sqlite

    call_command("migrate", verbosity=0)
    begin = time.perf_counter()
    copy_to_sqlite(postgres_url=postgres_url, file=file)
    print(f"    copied in {time.perf_counter() - begin:.0f} s", flush=True)


def build(days: str = "90") -> None:
    """The history, and then what one look has to build. What is not built, and the 90 days before, are copies."""
    from apps.metrics.models import Grain, RollupState
    from apps.metrics.rollups.due import ask_for_hours, hours_with_turns
    from apps.metrics.rollups.run import roll_up
    from bench.dashboards_history import DAYS as DAYS_MADE
    from bench.dashboards_history import copy_rollups

    n_days = min(int(days), DAYS_MADE)
    if n_days < DAYS_MADE:
        RollupState.objects.update_or_create(pk=RollupState.ONLY_ID, defaults={"found_to": end()})
        ask_for_hours(hours_with_turns(start=end() - timedelta(days=n_days)), now=end())
    ran = roll_up(now=end())
    took_s = ran.took_ms / 1000
    built = ", ".join(f"{n} {grain}s" for grain, n in ran.built.items())
    print(f"    built {ran.turns:,} turns in {took_s:.0f} s, {ran.turns / took_s:,.0f} a second ({built})")
    looks = []
    for _ in range(3):
        ask_for_hours([end() - timedelta(hours=8)], now=end())
        looks.append(roll_up(now=end()).took_ms)
    print(f"    one look, an hour with its day and week: {sorted(looks)[1]:.0f} ms")
    copy_rollups(days_built=n_days, end=end())
    rows = {str(grain): n_rows(grain) for grain in Grain}
    print(f"    {n_days} days built; the other days back to 180 days ago are their copies; rows {rows}", flush=True)


def pages() -> None:
    from bench.dashboards_pages import measure_pages

    measure_pages(rounds=ROUNDS)


def n_rows(grain: str) -> int:
    from apps.metrics.models import ToolRollup, TurnRollup, VoiceRollup

    return sum(model.every.filter(grain=grain).count() for model in (TurnRollup, ToolRollup, VoiceRollup))


def end() -> datetime:
    """The midnight after the last turn."""
    from apps.metrics.models import Grain, RequestLog
    from apps.metrics.rollups.scope import start_of

    last = RequestLog.objects.order_by("-created_at").values_list("created_at", flat=True)[0]
    return start_of(last, Grain.DAY) + timedelta(days=1)


def measure() -> None:
    """Each read over random periods and filters, then over the longest period without a filter."""
    from apps.metrics.rollups.read import freshness, known

    scopes = list(random_scopes(Random(7)))
    widest = [scope for scope in scopes if scope.end - scope.start > timedelta(days=80)]
    for name, read in reads().items():
        report(name, [timed(read, scope) for scope in scopes])
        report(f"{name}, 90 days", [timed(read, bare(scope)) for scope in widest[:20]])
    report("known names", [timed(lambda _: known(), None) for _ in range(20)])
    report("freshness", [timed(lambda _: freshness(), None) for _ in range(20)])


def reads() -> dict[str, Callable[[Any], object]]:
    from apps.metrics.rollups.read import tools, turns, voice
    from apps.metrics.rollups.scope import By

    return {
        "turns by served, over time": lambda scope: turns(scope, by=By.SERVED, over_time=True),
        "turns by assigned, over time": lambda scope: turns(scope, by=By.ASSIGNED, over_time=True),
        "turns by intent": lambda scope: turns(scope, by=By.INTENT),
        "tools, over time": lambda scope: tools(scope, over_time=True),
        "tools": tools,
        "voice, over time": lambda scope: voice(scope, over_time=True),
    }


def random_scopes(random: Random) -> Iterator[Any]:
    from apps.metrics.rollups.scope import By, Scope

    def maybe(names: tuple[str, ...]) -> str | None:
        return random.choice(names) if random.random() < 0.3 else None

    until = end()
    for _ in range(ROUNDS):
        (days,) = random.choices(list(DAYS), list(DAYS.values()))
        yield Scope(
            start=until - timedelta(days=days),
            end=until,
            channel=maybe(("text", "voice")),  # type: ignore[arg-type]
            intent=maybe(INTENTS),
            provider=maybe(PROVIDERS),
            model=maybe(MODELS),
            provider_is=random.choice((By.SERVED, By.ASSIGNED)),
            include_overridden=random.random() < 0.5,
        )


def bare(scope: Any) -> Any:
    return type(scope)(start=scope.start, end=scope.end)


def timed(read: Callable[[Any], object], scope: Any) -> float:
    begin = time.perf_counter()
    read(scope)
    return (time.perf_counter() - begin) * 1000


def report(name: str, times_ms: list[float]) -> None:
    times_ms = sorted(times_ms)
    p50, p95 = times_ms[len(times_ms) // 2], times_ms[int(len(times_ms) * 0.95)]
    late = "" if p95 <= LIMIT_MS else f"  OVER {LIMIT_MS}"
    print(f"    {name:34} p50 {p50:6.1f}  p95 {p95:6.1f}  max {times_ms[-1]:6.1f} ms{late}", flush=True)


def compare() -> None:
    """Percentiles of a week, as the rollups have them, beside PostgreSQL's own over the log."""
    from django.db import connection

    from apps.metrics.rollups.read import turns
    from apps.metrics.rollups.scope import By, Scope

    scope = Scope(start=end() - timedelta(days=7), end=end())
    fractions = [0.5, 0.95, 0.99]
    worst: dict[str, float] = defaultdict(float)
    found = turns(scope, by=By.SERVED)
    for column, condition in (("latency_ms", "status <> 'interrupted'"), ("ttft_ms", "true")):
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT provider, percentile_cont(%s::float8[]) WITHIN GROUP (ORDER BY {column}) "
                f"FROM metrics_requestlog WHERE created_at >= %s AND created_at < %s AND {condition} GROUP BY provider",
                [fractions, scope.start, scope.end],
            )
            for provider, exact in cursor.fetchall():
                histogram = found[provider].latency if column == "latency_ms" else found[provider].ttft
                for p, value in zip(fractions, exact, strict=True):
                    off = abs((histogram.quantile(p) or 0) / value - 1)
                    worst[f"{column} p{p * 100:.0f}"] = max(worst[f"{column} p{p * 100:.0f}"], off)
    print("    off the exact percentile at most: " + ", ".join(f"{name} {off:.2%}" for name, off in worst.items()))


STEPS: dict[str, Callable[..., None]] = {
    "make": make,
    "copy": copy,
    "build": build,
    "measure": measure,
    "pages": pages,
    "compare": compare,
}

if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in STEPS:
        import django

        django.setup()
        STEPS[sys.argv[1]](*sys.argv[2:])
    else:
        parser = argparse.ArgumentParser(description=__doc__)
        parser.add_argument("--turns", type=int, default=10_000_000, metavar="TURNS")
        parser.add_argument("--sqlite", type=int, default=1_000_000, metavar="TURNS")
        parser.add_argument("--built", type=int, default=90, metavar="DAYS")
        arguments = parser.parse_args()
        main(n_postgres=arguments.turns, n_sqlite=arguments.sqlite, days_built=arguments.built)
