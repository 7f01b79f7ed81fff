"""The one way from async code to the database, for every app."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import connections

P = ParamSpec("P")
R = TypeVar("R")


async def in_database_thread(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs `function` in the request's own thread and gives the connection back when it returns.

    A stream lasts for seconds; a connection kept for as long would empty the pool.
    """

    def call() -> R:
        try:
            return function(*args, **kwargs)
        finally:
            _give_connections_back()

    return await sync_to_async(call)()


def _give_connections_back() -> None:
    for connection in connections.all(initialized_only=True):
        # Inside a transaction the connection belongs to whoever opened it.
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
