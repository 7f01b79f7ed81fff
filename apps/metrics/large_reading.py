"""Room for a query that reads a good part of the log, for as long as it runs.

PostgreSQL sorts in 64 MB instead of on disk, and does not compile the query first, which takes longer than running it.
SQLite keeps 16 MB of its file instead of 2 MB: the log is read through an index, a page here and a page there.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def large_reading() -> Iterator[None]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with transaction.atomic():
                cursor.execute("SET LOCAL work_mem = '64MB'")
                cursor.execute("SET LOCAL jit = off")
                yield
            return
        cursor.execute("PRAGMA cache_size")
        (before,) = cursor.fetchone()
        cursor.execute("PRAGMA cache_size = -16000")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA cache_size = {int(before)}")
