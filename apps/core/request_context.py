"""What the running code works for, carried by a context variable into every log line and every report of an error.

A task that is started takes a copy with it, and so does a thread that is given work with `copy_context` or by asyncio;
what these bind, nobody else sees.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ids: ContextVar[dict[str, str] | None] = ContextVar("gvses_ids", default=None)


def current_ids() -> dict[str, str]:
    """What is bound of `request_id`, `session_id`, `provider`, `channel` and `command`; nothing outside of all work."""
    return _ids.get() or {}


def bind_ids(
    *,
    request_id: object = None,
    session_id: object = None,
    provider: str | None = None,
    channel: str | None = None,
    command: str | None = None,
) -> None:
    """Adds what is given to what is bound, or puts it in its place, for the rest of this task or thread."""
    _ids.set(current_ids() | _given(request_id, session_id, provider, channel, command))


@contextmanager
def bound_ids(
    *,
    request_id: object = None,
    session_id: object = None,
    provider: str | None = None,
    channel: str | None = None,
    command: str | None = None,
) -> Iterator[None]:
    """The same for a part of a task, such as one utterance over a socket. No `yield` of a generator may stand in it.

    Left by an exception it stays bound: whoever reports it further out says for whom it was.
    """
    token = _ids.set(current_ids() | _given(request_id, session_id, provider, channel, command))
    yield
    _ids.reset(token)


def forget_ids() -> None:
    """For a task that works for nobody in particular, whoever has started it."""
    _ids.set(None)


def _given(
    request_id: object, session_id: object, provider: str | None, channel: str | None, command: str | None
) -> dict[str, str]:
    ids = {
        "session_id": session_id,
        "request_id": request_id,
        "provider": provider,
        "channel": channel,
        "command": command,
    }
    return {name: str(value) for name, value in ids.items() if value is not None}
