"""How many turns a second `export_requests` writes, and with how much memory, on SQLite and on PostgreSQL.

The same command at two sizes: at constant memory the peak does not grow with the rows. On a machine that others use,
the processor's seconds (PostgreSQL's among them) say more than the clock's.
"""

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.servers import MissingProgram, postgres_cluster

ROOT = Path(__file__).parents[1]
SIZES = (200_000, 1_000_000)
FORMATS = ("csv", "jsonl", "parquet")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
WANTED = 50_000


def main(sizes: tuple[int, ...] = SIZES) -> None:
    print(f"Exports of {' and '.join(f'{size:,}' for size in sizes)} turns (wanted: {WANTED:,} a second)")
    with tempfile.TemporaryDirectory(prefix="gvses-bench-") as folder:
        exports("SQLite", f"sqlite:///{folder}/bench.sqlite3", folder, sizes)
        try:
            with postgres_cluster() as cluster:
                assert cluster.process is not None
                exports("PostgreSQL", cluster.url, folder, sizes, server=cluster.process.pid)
        except MissingProgram as missing:
            print(f"  PostgreSQL: {missing}")


def exports(name: str, database_url: str, folder: str, sizes: tuple[int, ...], *, server: int = 0) -> None:
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
    for size in sizes:
        subprocess.run([sys.executable, "-m", "bench.export", "fill", str(size)], cwd=ROOT, env=environment, check=True)
        for form in FORMATS:
            file = Path(folder) / f"turns.{form}"
            command = ["manage.py", "export_requests", "--since", "2026-01-01", "--format", form, "--output", str(file)]
            before_s = cpu_of_children_s(server)
            said, peak_mb, cpu_s = run([sys.executable, *command], environment)
            time.sleep(0.3)  # until the server has noticed that the connection ended
            cpu_s += cpu_of_children_s(server) - before_s
            took_s = float(said.split(" in ")[1].split()[0])
            print(
                f"  {name}, {form}, {size:,}: {took_s} s, {size / took_s:,.0f} turns/s; processor {cpu_s:.1f} s "
                f"with the start of Python, {size / cpu_s:,.0f} turns/s; peak {peak_mb:.0f} MB; "
                f"file {file.stat().st_size / 1e6:.0f} MB",
                flush=True,
            )
            file.unlink()


def run(command: list[str], environment: dict[str, str]) -> tuple[str, float, float]:
    """What it said, the most memory it had, and its seconds of processor."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(said)
    return said, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def cpu_of_children_s(pid: int) -> float:
    """Of all processes of that server that have ended; each connection to PostgreSQL is one."""
    if not pid:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


#: `n(i)` counts; the two databases differ in how a number becomes an id and a time.
REQUESTS = """
    INSERT INTO metrics_requestlog (request_id, session_id, person_hash, created_at, finished_at, status,
        assigned_provider, provider, route_reason, met_open_circuit, is_fallback, is_overridden, attempts, model,
        tools_used, latency_ms, ttft_ms, tokens_input, tokens_output, tokens_cached, tokens_reasoning, cost_usd,
        price_version, success, error, is_voice, intent, read_as, has_risk_disclaimer, mentions_stop_loss,
        has_entry_exit, classifier_version, trace_id)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {size})
    SELECT {request_id}, {session_id}, 'a1b2c3d4', {at}, {at}, 'succeeded', 'workflow', 'responses', 'assignment',
        {no}, {no}, {no}, 1, 'gpt-5-mini-2025-08-07', '["get_quote", "get_levels"]', 4000.25 + i % 997, 612.5 + i % 89,
        1000 + i % 700, 100, 0, 64, 0.00123456, 'genai-prices 0.2.3', {yes}, '', {voice}, 'analysis', 'levels', {yes},
        {no}, {no}, 2, '0123456789abcdef0123456789abcdef'
    FROM n
"""
ASSIGNMENTS = """
    INSERT INTO routing_sessionassignment (session_id, provider, bucket, share_at_assign, reason, assigned_at)
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 4 FROM n WHERE i + 4 <= {size})
    SELECT {session_id}, 'workflow', i % 10000, 2500, 'bucket_map', {at} FROM n
"""
VOICE_TURNS = """
    INSERT INTO metrics_voiceturn (request_id, session_id, spoken_at, outcome, error, was_barged_in, speech_ms, asr_ms,
        first_token_ms, tts_ms, voice_to_voice_ms, asr_model, tts_model)
    SELECT request_id, session_id, created_at, 'completed', '', {no}, 2100.5, 310.25, 900.75, 205.5, 1400.25,
        'local-asr', 'local-tts'
    FROM metrics_requestlog WHERE is_voice
"""
DIALECTS = {
    "sqlite": {
        "request_id": "printf('%032x', i)",
        "session_id": "printf('%032x', i / 4)",
        "at": "strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', '+' || i || ' seconds') || '123'",
        "yes": "1",
        "no": "0",
        "voice": "i % 5 = 0",
    },
    "postgresql": {
        "request_id": "CAST(lpad(to_hex(i), 32, '0') AS uuid)",
        "session_id": "CAST(lpad(to_hex(i / 4), 32, '0') AS uuid)",
        "at": "timestamptz '2026-01-01 00:00:00.123456+00' + i * interval '1 second'",
        "yes": "true",
        "no": "false",
        "voice": "i % 5 = 0",
    },
}


def fill(size: int) -> None:
    """So many turns and none besides: a session of four, every fifth spoken, one a second."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    words = {**DIALECTS[connection.vendor], "size": size}
    with connection.cursor() as cursor:
        for table in ("metrics_voiceturn", "metrics_requestlog", "routing_sessionassignment"):
            cursor.execute(f"DELETE FROM {table}")
        for sql in (ASSIGNMENTS, REQUESTS, VOICE_TURNS):
            cursor.execute(sql.format(**words))
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")


if __name__ == "__main__":
    if sys.argv[1:2] == ["fill"]:
        import django

        django.setup()
        fill(int(sys.argv[2]))
    else:
        main(tuple(map(int, sys.argv[1:])) or SIZES)
