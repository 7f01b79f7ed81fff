"""What the rows of one turn cost: its beginning, before the first byte, and its end, after the last.

A turn of two model calls and three tool calls by one provider, in conversations of four turns. Measured in a process of
its own on each database, by the services that every turn calls; nothing else runs in it. On a machine that does
something else as well, only the CPU time of the process says what the code costs.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any
from uuid import UUID

from bench.turns import percentile
from tests.servers import MissingProgram, postgres

N_TURNS = 2_000
WARM_UP = 50
TURNS_A_SESSION = 4
LIMIT_MS = 5.0
ANSWER = "AAPL closed at 430.47 on 1 Mar 2013 (sample data). It stands below its 50-day average. " * 12
RESULT = {"symbol": "AAPL", "close": 430.47, "bars": [[430.0 + step, 431.0, 429.0, 430.47] for step in range(60)]}


def measure() -> dict[str, list[float]]:
    """In a process whose settings name the database: milliseconds of each turn's beginning and end."""
    import django

    django.setup()
    from django.core.management import call_command

    from apps.assistant.models import Turn
    from apps.assistant.owner import Owner
    from apps.assistant.turns import begin_turn, finish_turn
    from apps.metrics import services as log
    from apps.metrics.models import RequestLog

    spent = _timed(log, "start_request", "finish_request")
    call_command("migrate", verbosity=0)
    found: dict[str, list[float]] = {"begin": [], "finish": [], "both": [], "log": []}
    owner = Owner(visitor_id=UUID(int=1))
    transcripts = [_transcript() for _ in range(WARM_UP + N_TURNS)]
    cpu = 0.0
    for number, transcript in enumerate(transcripts):
        if number == WARM_UP:
            # Once for all turns: on some machines the reading takes as long as what it measures.
            cpu = time.process_time()
        started = time.perf_counter()
        begun = begin_turn(
            session_id=UUID(int=1 + number // TURNS_A_SESSION), question="Where does AAPL stand?", owner=owner
        )
        begin_ms = (time.perf_counter() - started) * 1000
        ended = time.perf_counter()
        finish_turn(begun=begun, transcript=transcript, status=Turn.Status.SUCCEEDED, error=None, ended=ended)
        finish_ms = (time.perf_counter() - ended) * 1000
        if number >= WARM_UP:
            found["begin"].append(begin_ms)
            found["finish"].append(finish_ms)
            found["both"].append(begin_ms + finish_ms)
            found["log"].append(sum(spent) * 1000)
        spent.clear()
    found["cpu"] = [(time.process_time() - cpu) * 1000 / N_TURNS]
    assert RequestLog.objects.filter(status="succeeded", cost_usd__gt=0).count() == WARM_UP + N_TURNS
    return found


def _timed(module: Any, *names: str) -> list[float]:
    """Seconds of each call of these functions, one after the other, from now on."""
    spent: list[float] = []

    def timed(call: Any) -> Any:
        def timing(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                spent.append(time.perf_counter() - began)

        return timing

    for name in names:
        setattr(module, name, timed(getattr(module, name)))
    return spent


def _transcript() -> Any:
    """What a provider of two model calls and three tools has said by its end."""
    from django.utils import timezone

    from apps.assistant.transcript import Attempt, Outcome, Transcript
    from apps.assistant.turn_toolbox import TurnToolbox
    from apps.market.tools.market_toolbox import default_toolbox
    from apps.providers.events import Done, Text, ToolCall, ToolResult, Usage
    from apps.providers.sidecar import Sidecar

    now = time.perf_counter()
    transcript = Transcript(started=now, started_at=timezone.now())
    attempt = Attempt(number=1, provider="responses", toolbox=TurnToolbox(default_toolbox()).for_attempt(), started=now)
    used = Usage(
        tokens_input=3_000,
        tokens_output=200,
        tokens_cached=1_000,
        tokens_reasoning=80,
        cost_usd=0.00305,
        model="gpt-6.1-terra",
        price_version="genai-prices 0.2.3",
    )
    events: list[Any] = [used]
    for name in ("get_quote", "get_indicators", "get_levels"):
        events.append(ToolCall(call_id=name, name=name, arguments={"symbol": "AAPL"}))
        events.append(ToolResult(call_id=name, name=name, ok=True, result=RESULT, latency_ms=4.0))
    events += [Text(content=ANSWER), used]
    sidecar = Sidecar(intent="quote", symbols=["AAPL"]).as_json()
    events.append(Done(request_id="", provider="responses", model="gpt-6.1-terra", sidecar=sidecar))
    for event in events:
        attempt.add(event, now=now)
    attempt.end(Outcome.SUCCEEDED, now=now)
    transcript.attempts.append(attempt)
    return transcript


def main() -> None:
    print(f"\nThe rows of one turn, {N_TURNS:,} turns")
    with tempfile.TemporaryDirectory() as folder:
        _print("SQLite", _in_a_process(f"sqlite:///{folder}/bench.sqlite3"))
    try:
        with postgres() as url:
            _print("PostgreSQL", _in_a_process(url))
            print("  PostgreSQL runs on this machine and does not wait for its disk (fsync off)")
    except MissingProgram as error:
        print(f"  PostgreSQL: {error}")


def _in_a_process(url: str) -> dict[str, list[float]]:
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
        [sys.executable, "-m", "bench.writes"], env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, list[float]] = json.loads(child.stdout.splitlines()[-1])
    return found


def _print(name: str, found: dict[str, list[float]]) -> None:
    shown = {"the log's own": "log", "beginning": "begin", "end": "finish", "both": "both"}
    for label, times in ((label, found[name]) for label, name in shown.items()):
        limit = f"  (limit of the p50 {LIMIT_MS})" if label in ("both", "the log's own") else ""
        print(
            f"  {name:<10} {label:<13} p50 {percentile(times, 0.5):5.2f}  p95 {percentile(times, 0.95):5.2f} ms{limit}"
        )
    print(f"  {name:<10} CPU of the process, a turn: {found['cpu'][0]:.2f} ms")


if __name__ == "__main__":
    print(json.dumps(measure()))
