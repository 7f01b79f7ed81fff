"""The threads of a served request, all of which outlive it: starting one costs more than most of what it would do.

`in_database_thread` is the way from async code to the database, for every app; `in_express_thread` is a lane beside it,
for looks that must not be late. A request that streams lives for seconds, and Django would give it a connection of its
own for as long. A few threads do this work for all requests instead, and keep their connection where keeping one costs
nobody anything.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from asgiref.sync import SyncToAsync, sync_to_async
from django.db import connections

P = ParamSpec("P")
R = TypeVar("R")

#: More would only wait for one another: for the interpreter, for SQLite's one writer, for PostgreSQL's pool of ten.
_executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="database")
#: For a look that many wait for and that takes a moment: it does not queue behind the writes of others.
_express = ThreadPoolExecutor(max_workers=1, thread_name_prefix="express")
#: Threads of requests that have ended, for the next ones; those of a rush go with it.
_idle_executors: list[Executor] = []
MAX_IDLE = 16


async def in_database_thread(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Runs `function` where it may use the ORM, and gives a pooled connection back when it returns.

    In a served request that is one of a few lasting threads; in a command or a test it is the caller's own thread, so
    that both share its transaction.
    """
    return await _run(_executor, partial(function, *args, **kwargs))


async def in_express_thread(look: Callable[[], R]) -> R:
    """The same for one short look at a time that whole turns wait for: it passes by all that is queued there."""
    return await _run(_express, look)


async def _run(executor: Executor, function: Callable[[], R]) -> R:
    def call() -> R:
        try:
            return function()
        finally:
            give_connections_back()

    if SyncToAsync.thread_sensitive_context.get(None) is None:
        return await sync_to_async(call)()
    return await asyncio.get_running_loop().run_in_executor(executor, copy_context().run, call)


@contextmanager
def lent_executor() -> Iterator[Executor]:
    """The one thread of a request, for its synchronous views and Django's own steps around them.

    A task that outlives its request may use `in_database_thread` alone: to this thread the library lets it no more.
    """
    executor = (
        _idle_executors.pop() if _idle_executors else ThreadPoolExecutor(max_workers=1, thread_name_prefix="request")
    )
    try:
        yield executor
    except BaseException:
        # Nobody knows what such a request has left behind.
        _end(executor)
        raise
    if len(_idle_executors) < MAX_IDLE:
        _idle_executors.append(executor)
    else:
        _end(executor)


def _end(executor: Executor) -> None:
    executor.submit(connections.close_all)
    executor.shutdown(wait=False)


def give_connections_back() -> None:
    """This thread's pooled connections; for a thread that waits for something else now."""
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block:
            # It belongs to whoever opened the transaction.
            continue
        if connection.vendor == "sqlite" and not connection.errors_occurred:
            # A file has no pool to go back to; opening it again would cost more than most queries.
            continue
        connection.close_if_unusable_or_obsolete()
