"""A long history of turns, made by PostgreSQL itself: four providers, five models, spoken and written, 90 days.

SQLite cannot make it as fast, so that its history is copied from a PostgreSQL.
"""

import sqlite3
from datetime import UTC, datetime, timedelta

import psycopg
from django.db import connection

from apps.metrics.models import Grain, ToolRollup, TurnRollup, VoiceRollup
from apps.metrics.rollups.from_log import Stretch
from apps.metrics.rollups.scope import HOURS_KEPT, start_of
from apps.metrics.rollups.stretch import read_stretch, replace_stretch

DAYS = 90
#: Midnight, so that the last day is whole.
END = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
BEGIN = END - timedelta(days=DAYS)
TABLES = ("metrics_requestlog", "metrics_attempt", "metrics_toolcall", "metrics_voiceturn")
CHUNK = 20_000

# Sessions of four turns; more by day than by night. Each `r` is a random number of the turn, each `s` of its session.
DRAWN = """
    CREATE UNLOGGED TABLE bench_drawn AS
    WITH turn AS (
        SELECT i, i / 4 AS session, random() AS r_status, random() AS r_fallback, random() AS r_intent,
               random() AS r_model, exp(6.4 + 0.5 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())) AS first_ms,
               exp(8.1 + 0.6 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())) AS rest_ms,
               500 + floor(random() * 4500)::int AS tokens, random() AS r_claim, random() AS r_cost
        FROM generate_series(0, %(n)s - 1) AS i
    ),
    session AS (
        SELECT g AS session, random() AS s_provider, random() < 0.2 AS is_voice, random() < 0.002 AS is_overridden
        FROM generate_series(0, %(n)s / 4) AS g
    ),
    placed AS (
        SELECT *, i * %(days)s::float8 / %(n)s AS day,
               CASE WHEN s_provider < 0.55 THEN 'responses' WHEN s_provider < 0.8 THEN 'workflow'
                    WHEN s_provider < 0.95 THEN 'agents_sdk' ELSE 'analyst' END AS assigned
        FROM turn JOIN session USING (session)
    )
    SELECT i, md5('turn' || i)::uuid AS request_id, md5('session' || session)::uuid AS session_id,
           %(begin)s + make_interval(secs => 86400 * (
               floor(day) + (day - floor(day)) + 0.13 * sin(2 * pi() * (day - floor(day))))) AS created_at,
           assigned, is_voice, is_overridden, r_status, r_model, first_ms, rest_ms, tokens, r_claim, r_cost,
           CASE WHEN r_fallback > 0.015 THEN assigned WHEN assigned = 'responses' THEN 'analyst'
                ELSE 'responses' END AS served,
           CASE WHEN r_intent < 0.35 THEN 'research' WHEN r_intent < 0.6 THEN 'analysis'
                WHEN r_intent < 0.75 THEN 'execution' WHEN r_intent < 0.85 THEN 'chart'
                WHEN r_intent < 0.93 THEN 'education' WHEN r_intent < 0.98 THEN 'other' ELSE '' END AS intent,
           CASE WHEN r_status < 0.965 THEN 'succeeded' WHEN r_status < 0.98 THEN 'failed'
                ELSE 'interrupted' END AS status
    FROM placed
"""
# Which model and which tool are two draws.
MODEL = """
           CASE served WHEN 'analyst' THEN 'analyst-1'
                WHEN 'responses' THEN CASE WHEN (r_cost * 7)::numeric %% 1 < 0.7 THEN 'gpt-6' ELSE 'gpt-5' END
                WHEN 'workflow' THEN CASE WHEN (r_cost * 7)::numeric %% 1 < 0.5 THEN 'gpt-6-mini' ELSE 'gpt-5' END
                ELSE CASE WHEN (r_cost * 7)::numeric %% 1 < 0.9 THEN 'gpt-6' ELSE 'gpt-5-mini' END END
"""
REQUESTS = f"""
    INSERT INTO metrics_requestlog (request_id, session_id, created_at, finished_at, status, assigned_provider,
        provider, route_reason, is_fallback, is_overridden, attempts, model, tools_used, latency_ms, ttft_ms,
        tokens_input, tokens_output, tokens_cached, tokens_reasoning, cost_usd, success, error, is_voice, intent,
        has_risk_disclaimer, mentions_stop_loss, has_entry_exit, trace_id)
    SELECT request_id, session_id, created_at, created_at + make_interval(secs => (first_ms + rest_ms) / 1000), status,
           assigned, served, 'assignment', served <> assigned, is_overridden, 1 + (served <> assigned)::int,
           {MODEL},
           '[]', first_ms + rest_ms, CASE WHEN status <> 'failed' THEN first_ms END,
           tokens, tokens / 10, tokens / 2, tokens / 20, CASE WHEN r_cost < 0.97 THEN round((tokens / 200000.0), 8) END,
           CASE status WHEN 'succeeded' THEN true WHEN 'failed' THEN false END, '', is_voice, intent,
           r_claim < 0.9, r_claim < 0.4, r_claim < 0.3, md5(i::text)
    FROM bench_drawn
"""
ATTEMPTS = f"""
    INSERT INTO metrics_attempt (request_id, number, provider, model, outcome, error, had_visible_text, started_at,
        latency_ms)
    SELECT request_id, 1, assigned, CASE WHEN served = assigned THEN {MODEL} ELSE '' END,
           CASE WHEN served = assigned THEN status ELSE 'failed' END,
           CASE WHEN served = assigned THEN '' ELSE 'cut' END, true, created_at, rest_ms
    FROM bench_drawn
    UNION ALL
    SELECT request_id, 2, served, {MODEL}, status, '', true, created_at, rest_ms
    FROM bench_drawn WHERE served <> assigned
"""
TOOL_CALLS = """
    INSERT INTO metrics_toolcall (request_id, call_id, name, ok, error_code, latency_ms, arguments, started_at, attempt,
        retries, was_reused)
    SELECT request_id, 'c1',
           (ARRAY['get_quote', 'get_bars', 'get_levels', 'get_news', 'get_plan', 'get_market', 'get_chart',
                  'get_calendar'])[1 + floor(r_model * 8)::int],
           r_cost > 0.02, CASE WHEN r_cost > 0.02 THEN '' WHEN r_cost > 0.01 THEN 'unknown_symbol'
                               ELSE 'source_unavailable' END,
           first_ms / 20, '{}', created_at, 1 + (served <> assigned)::int, 0, r_claim < 0.05
    FROM bench_drawn WHERE i %% 5 <> 0
"""
SPOKEN = """
    INSERT INTO metrics_voiceturn (request_id, session_id, spoken_at, outcome, error, was_barged_in, asr_ms,
        first_token_ms, tts_ms, voice_to_voice_ms, asr_model, tts_model)
    SELECT request_id, session_id, created_at, CASE WHEN r_claim < 0.1 THEN 'interrupted' ELSE 'completed' END, '',
           r_claim < 0.1, first_ms / 3, first_ms + 300, first_ms / 4, first_ms + 600, 'whisper-1', 'tts-1'
    FROM bench_drawn WHERE is_voice
"""


def fill_postgres(n: int) -> None:
    """So many turns with what belongs to them, in the database of this process."""
    parameters = {"n": n, "days": DAYS, "begin": BEGIN}
    with connection.cursor() as cursor:
        # A history that is made needs neither a log of what is written nor a look at each reference.
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off; SET work_mem = '256MB'")
        cursor.execute("SET max_parallel_workers_per_gather = 0; SELECT setseed(0.5)")
        marks = ", ".join(["%s"] * len(TABLES))
        cursor.execute(
            "SELECT i.schemaname || '.' || i.indexname, i.indexdef FROM pg_indexes AS i "
            f"WHERE i.tablename IN ({marks}) AND NOT EXISTS "
            "(SELECT 1 FROM pg_constraint AS c WHERE c.conname = i.indexname)",
            TABLES,
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute(DRAWN, parameters)
        for statement in (REQUESTS, ATTEMPTS, TOOL_CALLS, SPOKEN):
            cursor.execute(statement, ())
        cursor.execute("DROP TABLE bench_drawn; SET maintenance_work_mem = '1GB'")
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("RESET ALL")
        cursor.execute("VACUUM ANALYZE")


def copy_to_sqlite(*, postgres_url: str, file: str) -> None:
    """The tables of the log as they stand in that PostgreSQL, into a SQLite that has them empty."""
    target = sqlite3.connect(file, isolation_level=None)
    with psycopg.connect(postgres_url) as source:
        for table in TABLES:
            with source.cursor(name="bench") as cursor:
                cursor.itersize = CHUNK
                cursor.execute(f"SELECT * FROM {table}")
                first = cursor.fetchmany(CHUNK)
                names = ", ".join(column.name for column in cursor.description or ())
                marks = ", ".join("?" * len(cursor.description or ()))
                target.execute("BEGIN")
                while first:
                    rows = [[_for_sqlite(value) for value in row] for row in first]
                    target.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
                    first = cursor.fetchmany(CHUNK)
                target.execute("COMMIT")
    target.close()


def _for_sqlite(value: object) -> object:
    """As Django writes it there."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, datetime):
        return str(value.astimezone(UTC).replace(tzinfo=None))
    if isinstance(value, (list, dict)):
        return "[]" if isinstance(value, list) else "{}"
    return getattr(value, "hex", None) or float(str(value))


def copy_rollups(*, days_built: int, end: datetime) -> None:
    """Rollups from 180 days ago to today, the days that were built in turn, and the weeks that they add up to."""
    for days_ago in range(-1, 2 * DAYS):
        if 0 <= days_ago < days_built:
            continue
        target = end - timedelta(days=days_ago + 1)
        source = end - timedelta(days=max(days_ago, 0) % days_built + 1)
        _copy_rollups(Grain.DAY, source, target)
        if days_ago < HOURS_KEPT.days:
            for hour in range(24):
                _copy_rollups(Grain.HOUR, source + timedelta(hours=hour), target + timedelta(hours=hour))
    for week in {start_of(end - timedelta(days=days), Grain.WEEK) for days in range(2 * DAYS)}:
        stretch = Stretch(grain=Grain.WEEK, start=week)
        replace_stretch(stretch, read_stretch(stretch, from_log=False))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _copy_rollups(grain: Grain, source: datetime, target: datetime) -> None:
    at = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        for model in (TurnRollup, ToolRollup, VoiceRollup):
            table = model._meta.db_table
            names = ", ".join(
                field.column for field in model._meta.concrete_fields if field.column not in ("id", "start")
            )
            cursor.execute(
                f"INSERT INTO {table} (start, {names}) SELECT %s, {names} FROM {table} WHERE grain = %s AND start = %s",
                [at(target), str(grain), at(source)],
            )
