"""Which sessions and turns are evidence for a candidate against its control, as SQL that every reading shares.

A session is its provider's by assignment, whoever served it. It counts when the bucket map drew it while both providers
could get sessions, and no staff member ever chose its provider. Of its turns those count that ended, went where routing
meant them to go, and began while the kill switch held neither provider and no circuit was open: what one arm does not
see, the other does not. A circuit spares its own arm's sessions, so that failures of the other would stand there alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from apps.metrics.evidence import bad_turns
from apps.metrics.models import Status
from apps.metrics.services import ABANDONED
from apps.routing.choose import Reason
from apps.routing.evidence.evaluations import Span

ASSIGNED = """
    session.assigned_at >= %(since)s AND session.assigned_at < %(now)s AND session.reason = %(bucket_map)s
    AND session.provider IN (%(candidate)s, %(control)s) AND session.shares_at_assign IS NOT NULL
"""
# The condition of a partial index is written out: a parameter in its place would hide the index from SQLite.
TURNS = """
    routing_sessionassignment AS session
    LEFT JOIN (
        SELECT session_id FROM routing_sessionpin
        UNION SELECT session_id FROM metrics_requestlog WHERE is_overridden
    ) AS by_staff ON by_staff.session_id = session.session_id
    JOIN metrics_requestlog AS request ON request.session_id = session.session_id
"""
COUNTED = """
    {assigned} AND session.shares_at_assign IN ({shares}) AND by_staff.session_id IS NULL
    AND request.created_at >= %(since)s AND request.created_at < %(now)s
    AND NOT request.met_open_circuit
    AND request.status <> %(started)s AND request.error <> %(abandoned)s AND request.route_reason IN ({as_routed})
    {outside_stops}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Sessions assigned from `since` to before `now`, without the turns that began in one of the `stops`.

    `shares` are the sets of shares, as the database writes them, under which both providers could get sessions.
    """

    candidate: str
    control: str
    since: datetime
    now: datetime
    stops: Sequence[Span] = ()
    shares: Sequence[str] = ()

    @property
    def arms(self) -> tuple[str, str]:
        return self.candidate, self.control

    @property
    def assigned(self) -> str:
        """Holds for `session`, a row of routing_sessionassignment, under any shares."""
        return ASSIGNED

    @property
    def counted(self) -> str:
        """Holds for `session` and `request`, a turn of it, of TURNS."""
        value = "CAST(%(shares_{i})s AS jsonb)" if connection.vendor == "postgresql" else "%(shares_{i})s"
        return COUNTED.format(
            assigned=self.assigned,
            shares=", ".join(value.format(i=i) for i in range(len(self.shares))) or "NULL",
            as_routed=", ".join(f"'{reason.value}'" for reason in bad_turns.AS_ROUTED),
            outside_stops=" ".join(
                f"AND NOT (request.created_at >= %(stopped_{i})s AND request.created_at < %(resumed_{i})s)"
                for i in range(len(self.stops))
            ),
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the query answers; it may use the parameters of this scope by name."""
        with connection.cursor() as cursor:
            cursor.execute(sql, self.parameters())
            return list(cursor.fetchall())

    def parameters(self) -> dict[str, Any]:
        moments = {"since": self.since, "now": self.now}
        for i, stop in enumerate(self.stops):
            moments |= {f"stopped_{i}": stop.since, f"resumed_{i}": stop.until or self.now}
        return {
            **{name: connection.ops.adapt_datetimefield_value(moment) for name, moment in moments.items()},
            **{f"shares_{i}": shares for i, shares in enumerate(self.shares)},
            **bad_turns.parameters(),
            "candidate": self.candidate,
            "control": self.control,
            "bucket_map": Reason.BUCKET_MAP.value,
            "started": Status.STARTED.value,
            "abandoned": ABANDONED,
        }
