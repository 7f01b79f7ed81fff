"""A database that cannot be reached, for code that talks to it over one connection."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from apps.core.database_away import DatabaseAway


class Lose(Protocol):
    """Every statement fails as while PostgreSQL is away; gives those that were tried."""

    def __call__(self) -> AbstractContextManager[list[str]]: ...


def losing(connection: BaseDatabaseWrapper) -> Lose:
    @contextmanager
    def lose() -> Iterator[list[str]]:
        tried: list[str] = []

        def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            tried.append(sql)
            raise DatabaseAway("The database is away.")

        with connection.execute_wrapper(refuse):
            yield tried

    return lose
