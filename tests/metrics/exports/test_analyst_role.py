"""The role of `docs/analyst_role.sql` reads figures and nobody's words, on a PostgreSQL of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.apps import apps

from tests.servers import MissingProgram, postgres

ROOT = Path(__file__).parents[3]
SCRIPT = (ROOT / "docs/analyst_role.sql").read_text()
READABLE = {
    "analytics_requests",
    "analytics_toolcalls",
    "metrics_requestlog",
    "metrics_attempt",
    "metrics_voiceturn",
    "routing_sessionassignment",
    "routing_evaluation",
}
IN_PART = {"metrics_toolcall": {"arguments"}, "routing_sessionpin": {"by", "reason"}}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Where the role may log in; the script has run there twice."""
    try:
        with postgres() as owners_url:
            environment = {**os.environ, "DATABASE_URL": owners_url, "DJANGO_SETTINGS_MODULE": "gvses.settings"}
            filled = subprocess.run(
                [sys.executable, "-m", "bench.export", "fill", "10"],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
            )
            assert filled.returncode == 0, filled.stderr
            for _ in range(2):
                with psycopg.connect(owners_url) as connection:
                    connection.execute(SCRIPT)
            yield owners_url.replace("gvses@", "gvses_analyst@")
    except MissingProgram as missing:
        pytest.skip(str(missing))


@pytest.fixture
def analyst(url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("table", sorted(READABLE))
def test_figures_can_be_read(analyst: psycopg.Connection[tuple[object, ...]], table: str) -> None:
    analyst.execute(f"SELECT * FROM {table} LIMIT 1").fetchall()


def test_the_views_show_what_there_is(analyst: psycopg.Connection[tuple[object, ...]]) -> None:
    assert analyst.execute("SELECT COUNT(*), SUM(cost_usd) > 0 FROM analytics_requests").fetchone() == (10, True)


def test_no_other_table_can_be_read(analyst: psycopg.Connection[tuple[object, ...]]) -> None:
    """Whichever table the product has, with text or without."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert {"metrics_requesttext", "assistant_turn", "assistant_conversation", "auth_user", "django_session"} <= tables
    for table in sorted(tables - READABLE):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            analyst.execute(f"SELECT * FROM {table}")


@pytest.mark.parametrize("table", sorted(IN_PART))
def test_of_some_tables_the_figures_can_be_read_alone(
    analyst: psycopg.Connection[tuple[object, ...]], table: str
) -> None:
    (model,) = (model for model in apps.get_models() if model._meta.db_table == table)
    for field in model._meta.concrete_fields:
        sql = f"SELECT {field.column} FROM {table}"
        if field.column in IN_PART[table]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                analyst.execute(sql)
        else:
            analyst.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM metrics_requestlog",
        "UPDATE metrics_requestlog SET provider = ''",
        "CREATE TABLE mine (id int)",
        "SET default_transaction_read_only = off; DELETE FROM metrics_requestlog",
        "SET ROLE gvses",
    ],
)
def test_nothing_can_be_changed(analyst: psycopg.Connection[tuple[object, ...]], sql: str) -> None:
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)):
        analyst.execute(sql)


def test_the_file_has_no_password() -> None:
    assert not re.search(r"password\s+'", SCRIPT, re.IGNORECASE)
