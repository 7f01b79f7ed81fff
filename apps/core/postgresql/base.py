"""The connections of the pool, asked for only where the server answers. The engine looks for this file by its name.

Left alone, a pool whose server has gone makes each caller wait until its timeout, and tries again at ever longer
intervals, minutes after the server is back. Here one look at the server stands before it whenever a connection has
failed, and a new pool replaces one whose connections broke.
"""

from threading import Lock, Thread
from typing import Any

from django.db import Error, OperationalError
from django.db.backends.postgresql import base
from django.db.utils import DEFAULT_DB_ALIAS
from psycopg_pool import PoolTimeout

from apps.core.database_away import DatabaseAway, Reach, is_away

reach = Reach()
_leaving = Lock()


#: The stubs leave out most of what a backend is made of.
DjangosOwn: Any = base.DatabaseWrapper


class DatabaseWrapper(DjangosOwn):  # type: ignore[misc]
    @property
    def pool(self) -> Any:
        try:
            return super().pool
        except KeyError:
            # Another thread has left it at this moment; now a new one is made.
            return super().pool

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if not self._is_watched:
            return super().get_new_connection(conn_params)
        reach.require(lambda: self._look(conn_params))
        try:
            with self.wrap_database_errors:
                return super().get_new_connection(conn_params)
        except OperationalError as error:
            if is_away(error):
                reach.doubt()
            if isinstance(error.__cause__, PoolTimeout):
                # Whoever has waited this long shall not wait once more.
                raise DatabaseAway("No connection came free in time.") from error
            raise

    def _close(self) -> None:
        connection = self.connection
        broken_in = connection._pool if self._is_watched and connection is not None and connection.broken else None
        super()._close()
        if broken_in is not None:
            reach.doubt()
            # What lies beside it has broken with it.
            self._leave(broken_in)

    @property
    def _is_watched(self) -> bool:
        return self.alias == DEFAULT_DB_ALIAS and self.pool is not None

    def _look(self, conn_params: dict[str, Any]) -> None:
        try:
            with self.wrap_database_errors:
                self.Database.connect(**conn_params).close()
        except Error:
            self._leave(self.pool)
            raise

    def _leave(self, pool: Any) -> None:
        """The next connection opens a new pool; one that is lent closes when it comes back to the old one."""
        with _leaving:
            if self._connection_pools.get(self.alias) is not pool:
                return
            del self._connection_pools[self.alias]
        # Its threads may be in the middle of a try, and closing waits for them.
        Thread(target=pool.close, name="leave-pool", daemon=True).start()
