"""Langfuse: one trace a turn, under an id that can be told from the row's.

Spans are made after the fact, with the times that the turn has noted, on a tracer of our own: whatever else the process
traces with OpenTelemetry stays apart. The SDK brings the sending of spans and of scores. It is imported only where
keys are set, and its own steps at the end of a process, which wait for a dead host for a minute, are taken off.
"""

import atexit
import logging
import os
import time
from dataclasses import dataclass, field, replace
from threading import Event, Thread
from typing import TYPE_CHECKING

from django.conf import settings

from apps.tracing.langfuse_observations import Observation, observations, scores
from apps.tracing.turn_trace import TurnTrace

if TYPE_CHECKING:
    from langfuse import Langfuse
    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

#: What Langfuse takes for spans of its SDK; of others it keeps every attribute as metadata too.
SCOPE = "langfuse-sdk"
#: Spans of one request to Langfuse. Encoding them takes a millisecond or two in which nothing else in the process runs.
BATCH = 32
FLUSH_EVERY_S = 5.0
#: Of a request, with all its retries.
TIMEOUT_S = 3
#: These log each request that fails, also when the host is down for a day.
TALKATIVE = (
    "langfuse",
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.sdk._shared_internal",
)
QUIET_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Connection:
    client: "Langfuse"
    tracer: "Tracer"
    ids: "_TurnIds"
    #: Set for the thread that shuts the client down, and set by it.
    told_to_end: Event = field(default_factory=Event)
    has_ended: Event = field(default_factory=Event)
    pid: int = field(default_factory=os.getpid)

    def await_the_end(self) -> None:
        """Begins to wait in a thread: at the end of a process none can be started any more."""
        Thread(target=self._end_when_told, name="langfuse-end", daemon=True).start()

    def _end_when_told(self) -> None:
        self.told_to_end.wait()
        try:
            self.client.shutdown()
        finally:
            self.has_ended.set()


class _TurnIds:
    """Gives the trace that is being made the id of its turn. One thread makes one trace at a time."""

    def __init__(self) -> None:
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

        self.trace_id = 0
        self.generate_span_id = RandomIdGenerator().generate_span_id

    def generate_trace_id(self) -> int:
        return self.trace_id

    def is_trace_id_random(self) -> bool:
        return False


class OncePerMinute(logging.Filter):
    """Lets one line of a logger through a minute; a host that is down is news once."""

    def __init__(self) -> None:
        super().__init__()
        self._told_at = float("-inf")

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        if now - self._told_at < QUIET_S:
            return False
        self._told_at = now
        return True


_connection: _Connection | None = None


def is_on() -> bool:
    return bool(settings.LANGFUSE_PUBLIC_KEY and settings.LANGFUSE_SECRET_KEY)


def trace_url(trace_id: str) -> str:
    """Where people find the trace of a row; "" where there is none."""
    if not (is_on() and trace_id):
        return ""
    base = settings.LANGFUSE_BASE_URL.rstrip("/")
    project = settings.LANGFUSE_PROJECT_ID
    # Langfuse leads on from the short form to the project that has the trace.
    return f"{base}/project/{project}/traces/{trace_id}" if project else f"{base}/trace/{trace_id}"


def load() -> None:
    """Imports the SDK, which takes up to a second, and sends nothing yet."""
    _connected()


def record(trace: TurnTrace) -> None:
    connection = _connected()
    connection.ids.trace_id = int(trace.trace_id, 16)
    turn = observations(trace, with_text=settings.LANGFUSE_TEXT)
    if not _send(connection.tracer, turn, within=None):
        return
    for score in scores(trace):
        connection.client.create_score(
            trace_id=trace.trace_id,
            name=score.name,
            value=int(score.value),
            data_type="BOOLEAN",
            score_id=score.id,
            timestamp=trace.ended_at,
        )


def close(within_s: float) -> None:
    """Sends what is held. The SDK has no bound for that, so it is left alone when the time is over."""
    global _connection
    connection, _connection = _connection, None
    if connection is not None:
        connection.told_to_end.set()
        connection.has_ended.wait(within_s)


def _send(tracer: "Tracer", observation: Observation, *, within: "Context | None") -> bool:
    """The observation and all that it holds; whether the trace is one that is kept."""
    from opentelemetry.context import Context
    from opentelemetry.trace import Status, StatusCode, set_span_in_context

    span = tracer.start_span(
        observation.name,
        context=Context() if within is None else within,
        start_time=observation.started_ns,
        attributes=observation.attributes,
    )
    is_sampled = span.is_recording()
    if is_sampled:
        if observation.error:
            span.set_status(Status(StatusCode.ERROR, observation.error))
        inside = set_span_in_context(span, Context())
        for child in observation.children:
            _send(tracer, child, within=inside)
        span.end(end_time=observation.ended_ns)
        # Lets whoever answers a person go first.
        time.sleep(0)
    return is_sampled


def _connected() -> _Connection:
    global _connection
    if _connection is None:
        _connection = _connect()
        _connection.await_the_end()
    elif _connection.pid != os.getpid():
        # A forked process: the SDK sees to its own threads, with nothing in them that the other process sends.
        _connection = replace(_connection, told_to_end=Event(), has_ended=Event(), pid=os.getpid())
        _connection.await_the_end()
    return _connection


def _connect() -> _Connection:
    from langfuse import Langfuse
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

    for name in TALKATIVE:
        quiet = logging.getLogger(name)
        if not any(isinstance(known, OncePerMinute) for known in quiet.filters):
            quiet.addFilter(OncePerMinute())
    # The SDK prints the lines of this logger by itself, beside ours.
    logging.getLogger("httpx").handlers.clear()

    ids = _TurnIds()
    environment = settings.LANGFUSE_TRACING_ENVIRONMENT
    provider = TracerProvider(
        resource=Resource({"service.name": "gvses"} | ({"langfuse.environment": environment} if environment else {})),
        sampler=TraceIdRatioBased(settings.LANGFUSE_SAMPLE_RATE),
        id_generator=ids,  # type: ignore[arg-type]
        shutdown_on_exit=False,
    )
    client = Langfuse(
        public_key=settings.LANGFUSE_PUBLIC_KEY,
        secret_key=settings.LANGFUSE_SECRET_KEY,
        base_url=settings.LANGFUSE_BASE_URL.rstrip("/"),
        tracer_provider=provider,
        environment=environment or None,
        sample_rate=settings.LANGFUSE_SAMPLE_RATE,
        flush_at=BATCH,
        flush_interval=FLUSH_EVERY_S,
        timeout=TIMEOUT_S,
    )
    if client._resources is not None:
        # There is no public way to keep it from waiting without end.
        atexit.unregister(client._resources.shutdown)
    tracer = provider.get_tracer(SCOPE, attributes={"public_key": settings.LANGFUSE_PUBLIC_KEY})
    return _Connection(client=client, tracer=tracer, ids=ids)
