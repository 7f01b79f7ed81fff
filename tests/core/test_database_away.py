"""A database that is away is told from one that refuses, and a process waits for it once, not at every turn."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import psycopg_pool
import pytest
from django.db import IntegrityError, InterfaceError, OperationalError, ProgrammingError
from django.db.backends.sqlite3.base import DatabaseWrapper

from apps.core.database_away import LOOK_EVERY_S, DatabaseAway, LastKnown, Reach, is_away, with_second_look


def raised(kind: type[Exception], cause: Exception | None) -> Exception:
    """Django's error as it is raised from the driver's."""
    try:
        raise kind("said the database") from cause
    except kind as error:
        return error


@pytest.mark.parametrize(
    ("kind", "cause", "expected"),
    [
        (OperationalError, psycopg.OperationalError("connection refused"), True),
        (OperationalError, psycopg.errors.ConnectionTimeout(), True),
        (OperationalError, psycopg_pool.PoolTimeout("no connection in time"), True),
        (OperationalError, psycopg_pool.PoolClosed(), True),
        (OperationalError, psycopg.errors.AdminShutdown(), True),
        (OperationalError, psycopg.errors.CannotConnectNow(), True),
        (OperationalError, psycopg.errors.ConnectionFailure(), True),
        (OperationalError, psycopg.errors.TooManyConnections(), True),
        (OperationalError, psycopg.errors.IoError(), True),
        (InterfaceError, psycopg.InterfaceError("closed"), True),
        (OperationalError, psycopg.errors.LockNotAvailable(), False),
        (OperationalError, psycopg.errors.DeadlockDetected(), False),
        (OperationalError, psycopg.errors.SerializationFailure(), False),
        (OperationalError, psycopg.errors.QueryCanceled(), False),
        (IntegrityError, psycopg.errors.UniqueViolation(), False),
        (ProgrammingError, psycopg.errors.UndefinedTable(), False),
        (OperationalError, None, False),
        (DatabaseAway, None, True),
        (ValueError, None, False),
    ],
)
def test_postgresqls_errors_are_told_apart(kind: type[Exception], cause: Exception | None, expected: bool) -> None:
    assert is_away(raised(kind, cause)) is expected


def sqlite(path: Path) -> DatabaseWrapper:
    settings = {"NAME": str(path), "OPTIONS": {"timeout": 0.01}, "TIME_ZONE": None, "CONN_MAX_AGE": 0,
                "CONN_HEALTH_CHECKS": False, "AUTOCOMMIT": True, "ATOMIC_REQUESTS": False}  # fmt: skip
    return DatabaseWrapper(settings, alias="a file")


def error_of(database: DatabaseWrapper, statement: str) -> Exception:
    with pytest.raises(OperationalError) as caught, database.cursor() as cursor:
        cursor.execute(statement)
    database.close()
    return caught.value


@pytest.mark.django_db
def test_sqlites_errors_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "there.sqlite3"
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    locked = error_of(sqlite(file), "SELECT * FROM sqlite_master")
    holder.execute("ROLLBACK")
    holder.close()
    no_table = error_of(sqlite(file), "SELECT * FROM nowhere")
    no_file = error_of(sqlite(tmp_path / "no folder" / "x.sqlite3"), "SELECT 1")
    assert ("locked" in str(locked), is_away(locked)) == (True, False)
    assert ("no such table" in str(no_table), is_away(no_table)) == (True, False)
    assert ("unable to open" in str(no_file), is_away(no_file)) == (True, True)


def failing(*errors: Exception) -> Callable[[], str]:
    waiting = list(errors)

    def read() -> str:
        if waiting:
            raise waiting.pop(0)
        return "read"

    return read


BROKEN = raised(OperationalError, psycopg.errors.AdminShutdown())
LOCKED = raised(OperationalError, psycopg.errors.LockNotAvailable())


def test_a_connection_that_broke_gets_a_second_look_and_no_third() -> None:
    assert with_second_look(failing(BROKEN)) == "read"
    for errors in ([BROKEN, BROKEN], [LOCKED], [DatabaseAway()], [ValueError()]):
        with pytest.raises(type(errors[0])):
            with_second_look(failing(*errors))


def test_what_was_read_last_stands_in_by_key_and_a_refusal_is_raised() -> None:
    known: LastKnown[str, str] = LastKnown()
    away = [DatabaseAway()]
    assert known.read("a", failing(*away), otherwise=lambda: "shipped") == "shipped"
    assert known.read("a", failing(), otherwise=lambda: "shipped") == "read"
    assert known.read("a", failing(*away), otherwise=lambda: "shipped") == "read"
    assert known.read("b", failing(*away), otherwise=lambda: "shipped") == "shipped"
    with pytest.raises(OperationalError):
        known.read("a", failing(LOCKED), otherwise=lambda: "shipped")


class Server:
    """A server to look at, and a clock."""

    def __init__(self) -> None:
        self.is_there, self.now, self.n_looks = True, 100.0, 0
        self.reach = Reach(clock=lambda: self.now)

    def look(self) -> None:
        self.n_looks += 1
        if not self.is_there:
            raise BROKEN

    def can_be_asked(self) -> bool:
        try:
            self.reach.require(self.look)
        except DatabaseAway:
            return False
        return True


def test_a_server_that_is_there_is_looked_at_once() -> None:
    server = Server()
    assert [server.can_be_asked() for _ in range(3)] == [True] * 3
    assert server.n_looks == 1


def test_one_that_is_away_is_looked_at_once_in_a_while_and_trusted_again_with_the_next_look(caplog) -> None:
    server = Server()
    server.can_be_asked()
    server.is_there = False
    assert server.can_be_asked(), "nothing has failed yet"
    server.reach.doubt()
    assert [server.can_be_asked() for _ in range(3)] == [False] * 3
    assert server.n_looks == 2
    server.now += LOOK_EVERY_S - 0.1
    assert not server.can_be_asked()
    server.now += 0.2
    assert not server.can_be_asked()
    assert server.n_looks == 3
    server.is_there, server.now = True, server.now + LOOK_EVERY_S
    assert [server.can_be_asked() for _ in range(3)] == [True] * 3
    assert server.n_looks == 4
    told = [record.message for record in caplog.records]
    assert told == ["Database away", "Database back"]
    assert caplog.records[-1].away_s == pytest.approx(10.1)


def test_a_connection_that_broke_on_a_server_that_is_there_stops_nobody() -> None:
    server = Server()
    server.can_be_asked()
    server.reach.doubt()
    assert server.can_be_asked()


def test_while_one_looks_at_a_server_that_is_away_nobody_else_waits() -> None:
    server = Server()
    server.is_there = False
    server.can_be_asked()
    server.now += LOOK_EVERY_S
    looking, others_asked = threading.Event(), threading.Event()

    def slow_look() -> None:
        looking.set()
        assert others_asked.wait(10)
        raise BROKEN

    def ask() -> None:
        with pytest.raises(DatabaseAway):
            server.reach.require(slow_look)

    one = threading.Thread(target=ask)
    one.start()
    assert looking.wait(10)
    assert not server.can_be_asked()
    others_asked.set()
    one.join(10)
    assert server.n_looks == 1
