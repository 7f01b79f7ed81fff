"""Where database work runs: lasting threads in a served request, the caller's own thread elsewhere."""

import asyncio
import threading

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import connection

from apps.core import threads
from apps.core.request_context import bind_ids, current_ids
from apps.core.threads import MAX_IDLE, in_database_thread, in_express_thread, lent_executor


def where() -> tuple[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return threading.current_thread().name, id(connection.connection)


@pytest.mark.django_db(transaction=True)
async def test_requests_share_a_few_lasting_threads_and_their_connections() -> None:
    seen = []
    for _ in range(30):
        async with ThreadSensitiveContext():
            seen.append(await in_database_thread(where))
    assert all(name.startswith("database") for name, _ in seen)
    assert len({name for name, _ in seen}) <= 8
    if connection.vendor == "sqlite":
        assert len({opened for _, opened in seen}) <= 8


@pytest.mark.django_db
async def test_outside_a_request_the_work_shares_the_callers_transaction() -> None:
    name, _ = await in_database_thread(where)
    assert name == threading.main_thread().name


async def test_the_work_knows_whose_request_it_is() -> None:
    bind_ids(session_id=1, request_id=2)
    async with ThreadSensitiveContext():
        assert await in_database_thread(current_ids) == {"session_id": "1", "request_id": "2"}


async def test_a_request_is_lent_a_thread_that_outlives_it() -> None:
    used = set()
    for _ in range(5):
        with lent_executor() as executor:
            async with ThreadSensitiveContext(executor=executor):
                used |= {
                    await sync_to_async(threading.get_ident)(),
                    await sync_to_async(threading.get_ident)(),
                }
    assert len(used) == 1


async def test_a_thread_that_a_request_has_left_in_the_middle_is_lent_to_nobody() -> None:
    used = []

    async def fail() -> None:
        with lent_executor() as executor:
            async with ThreadSensitiveContext(executor=executor):
                used.append(await sync_to_async(threading.current_thread)())
                raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await fail()
    assert used[0] is not used[1]


async def test_requests_at_once_have_a_thread_each_and_a_rush_leaves_few_behind() -> None:
    both_inside = threading.Barrier(MAX_IDLE + 4)

    async def request() -> int:
        with lent_executor() as executor:
            async with ThreadSensitiveContext(executor=executor):
                await sync_to_async(both_inside.wait)(10)
                return await sync_to_async(threading.get_ident)()

    threads_used = await asyncio.gather(*[request() for _ in range(MAX_IDLE + 4)])
    assert len(set(threads_used)) == MAX_IDLE + 4
    assert len(threads._idle_executors) == MAX_IDLE


async def test_an_express_look_passes_by_whatever_the_others_wait_for() -> None:
    may_end = threading.Event()
    async with ThreadSensitiveContext():
        waiting = [asyncio.create_task(in_database_thread(may_end.wait)) for _ in range(30)]
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(20):
                assert (await in_express_thread(threading.current_thread)).name.startswith("express")
        finally:
            may_end.set()
            await asyncio.gather(*waiting)


@pytest.mark.django_db
async def test_outside_a_request_an_express_look_shares_the_callers_transaction() -> None:
    name, _ = await in_express_thread(where)
    assert name == threading.main_thread().name
