"""Whether the database can be reached, said once for the whole process.

Every failure of a connection that waits costs the person behind it. So the process remembers that the database is
away: nobody waits for it again until the next look, seconds later, which one caller takes for all.
"""

import logging
import sqlite3
import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, ParamSpec, TypeVar

from django.db import Error, InterfaceError, OperationalError

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")
K = TypeVar("K")

#: Seconds between two looks at a database that is away.
LOOK_EVERY_S = 5.0
#: Classes of PostgreSQL's errors that say it cannot serve us at all: the connection fails, it has too many clients, is
#: stopped or starts, its files fail. A lock, a deadlock and a cancelled statement are errors of a server that is there.
AWAY_STATES = ("08", "53300", "57P", "58")
#: SQLite's primary result codes for a file that cannot be opened or read; "locked" is a file that is in use.
AWAY_CODES = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR})


class DatabaseAway(OperationalError):
    """It could not be reached moments ago, so nobody has tried again."""


def is_away(error: BaseException) -> bool:
    """Whether this error of Django's says that the database cannot be reached, not that it refused a statement."""
    if isinstance(error, DatabaseAway):
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    # Django raises its own error from the driver's.
    match error.__cause__:
        case None:
            return False
        case sqlite3.Error() as cause:
            return getattr(cause, "sqlite_errorcode", 0) & 0xFF in AWAY_CODES
        case cause:
            # Without a state it is the driver's alone: a refused connection, a pool that gave none in time.
            state = getattr(cause, "sqlstate", None)
            return state is None or state.startswith(AWAY_STATES)


def with_second_look(function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Calls `function`, once more where its connection broke: the database may have restarted under a pooled one.

    It must not have done anything before it asks the database. Raises what the second call raises.
    """
    try:
        return function(*args, **kwargs)
    except (OperationalError, InterfaceError) as error:
        if isinstance(error, DatabaseAway) or not is_away(error):
            raise
    return function(*args, **kwargs)


class LastKnown(Generic[K, R]):
    """What was read last, by key, to go on with while the database is away."""

    def __init__(self) -> None:
        self._known: dict[K, R] = {}

    def read(self, key: K, read: Callable[[], R], *, otherwise: Callable[[], R]) -> R:
        """What `read` gives now; while the database is away what it gave last, and where it never did, `otherwise`."""
        try:
            found = with_second_look(read)
        except (OperationalError, InterfaceError) as error:
            if not is_away(error):
                raise
            return self._known[key] if key in self._known else otherwise()
        self._known[key] = found
        return found


class Reach:
    """What one process knows of one database: it is there, that is in doubt, or it is away."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._is_trusted = False
        self._away_since: float | None = None
        self._next_look_at = 0.0

    def doubt(self) -> None:
        """A connection failed: whoever asks next looks before they trust it."""
        self._is_trusted = False

    def require(self, look: Callable[[], None]) -> None:
        """Returns where the database may be asked. Raises DatabaseAway where it is away, at once but for the one
        caller that looks. `look` connects, and raises one of Django's database errors where it cannot.
        """
        if self._is_trusted:
            return
        if self._away_since is not None and self._clock() < self._next_look_at:
            raise DatabaseAway("The database is away.")
        # While nothing is known yet, a moment's wait is better than a turn that is not kept.
        if not self._lock.acquire(blocking=self._away_since is None):
            raise DatabaseAway("The database is away.")
        try:
            self._look(look)
        finally:
            self._lock.release()

    def _look(self, look: Callable[[], None]) -> None:
        if self._is_trusted:
            return
        if self._away_since is not None and self._clock() < self._next_look_at:
            raise DatabaseAway("The database is away.")
        try:
            look()
        except Error as error:
            self._next_look_at = self._clock() + LOOK_EVERY_S
            if self._away_since is None:
                self._away_since = self._clock()
                logger.error("Database away", extra={"error": type(error.__cause__ or error).__name__})
            raise DatabaseAway("The database is away.") from error
        if self._away_since is not None:
            logger.warning("Database back", extra={"away_s": round(self._clock() - self._away_since, 1)})
        self._away_since, self._is_trusted = None, True
