"""Which session and request the running code works for, carried by a context variable into every log line."""

from contextvars import ContextVar

_ids: ContextVar[dict[str, str] | None] = ContextVar("gvses_ids", default=None)


def current_ids() -> dict[str, str]:
    """The ids of the running turn: `session_id` and `request_id`, or nothing outside a turn."""
    return _ids.get() or {}


def bind_ids(*, session_id: object, request_id: object) -> None:
    """Sets the ids for the current task or thread; a task started for one request forgets them with it."""
    _ids.set({"session_id": str(session_id), "request_id": str(request_id)})


def forget_ids() -> None:
    """For a task that works for all turns, whichever of them has started it."""
    _ids.set(None)
