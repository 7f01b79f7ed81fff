"""A small Langfuse on a real socket: it takes spans and scores as the SDK sends them, and keeps what it read."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SPANS_PATH, SCORES_PATH = "/api/public/otel/v1/traces", "/api/public/scores"


@dataclass(frozen=True)
class Span:
    trace_id: str
    span_id: str
    parent_id: str
    name: str
    started_ns: int
    ended_ns: int
    attributes: dict[str, Any]
    is_error: bool
    error: str
    scope: str
    resource: dict[str, Any]

    def said(self, name: str) -> Any:
        """One of Langfuse's attributes; a value that is JSON is read."""
        value = self.attributes.get(f"langfuse.{name}")
        try:
            return json.loads(value)
        except (TypeError, ValueError):
            return value

    @property
    def type(self) -> str:
        return str(self.said("observation.type"))


@dataclass
class Receiver:
    """What came. `bodies` is every body in plain bytes, in the order of arrival."""

    url: str
    #: The status that every request is answered with.
    status: int = 200
    #: Unless it is set, requests are read and never answered.
    may_answer: threading.Event = field(default_factory=threading.Event)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.bodies.append(body)
        self.headers.append(headers)
        if path == SPANS_PATH:
            self.spans += list(spans_in(body))
        elif path == SCORES_PATH:
            self.scores += json.loads(body)

    def tree(self) -> tuple[Span, dict[str, list[Span]]]:
        """The only root, and the children of each span by its id, in the order in which they began."""
        children: dict[str, list[Span]] = {}
        for span in sorted(self.spans, key=lambda span: span.started_ns):
            children.setdefault(span.parent_id, []).append(span)
        (root,) = children[""]
        return root, children

    def of_type(self, kind: str) -> list[Span]:
        return sorted((span for span in self.spans if span.type == kind), key=lambda span: span.started_ns)


def spans_in(body: bytes) -> Iterator[Span]:
    # Langfuse's SDK brings it; a test without Langfuse shall not load it.
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Span(
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    name=span.name,
                    started_ns=span.start_time_unix_nano,
                    ended_ns=span.end_time_unix_nano,
                    attributes=_plain(span.attributes),
                    is_error=span.status.code == 2,
                    error=span.status.message,
                    scope=scope.scope.name,
                    resource=_plain(resource.resource.attributes),
                )


def _plain(attributes: Any) -> dict[str, Any]:
    return {attribute.key: _value(attribute.value) for attribute in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_value(item) for item in value.array_value.values] if kind == "array_value" else getattr(value, kind)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """It listens on a free loopback port; whoever it leaves without an answer is hung up on at the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            found.may_answer.wait()
            try:
                self.send_response(found.status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")
            except OSError:
                pass  # it has not waited

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        found = Receiver(url=f"http://127.0.0.1:{server.server_port}")
        found.may_answer.set()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield found
        found.may_answer.set()
        server.shutdown()
        thread.join()
