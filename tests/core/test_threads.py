"""Where database work runs: lasting threads in a served request, the caller's own thread elsewhere."""

import threading

import pytest
from asgiref.sync import ThreadSensitiveContext
from django.db import connection

from apps.core.threads import in_database_thread


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
