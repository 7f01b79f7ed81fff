"""A conversation as its rows have it, for staff: what each turn was and cost; its text only for who may read it."""

from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from apps.metrics.models import RequestLog, RequestText
from apps.tracing.langfuse import trace_url

#: The newest so many; a longer conversation is read in the request log.
N_TURNS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTurn:
    """One row. `text` is None where it was not asked for or is no longer kept."""

    row: RequestLog
    text: RequestText | None
    href: str
    trace_url: str

    @property
    def served(self) -> str:
        """Who answered, and whose session it is where they differ."""
        row = self.row
        if row.assigned_provider == row.provider:
            return row.provider
        return f"{row.assigned_provider} → {row.provider or 'nobody'}"


def session_turns(session_id: UUID, *, with_text: bool) -> list[SessionTurn]:
    """The turns of the session, oldest first; one query, and one more for the text."""
    rows = list(RequestLog.objects.filter(session_id=session_id).order_by("-created_at", "-pk")[:N_TURNS])
    texts = RequestText.objects.in_bulk([row.pk for row in rows]) if with_text else {}
    return [
        SessionTurn(
            row=row,
            text=texts.get(row.pk),
            href=reverse("admin:metrics_requestlog_change", args=[row.pk]),
            trace_url=trace_url(row.trace_id),
        )
        for row in reversed(rows)
    ]
