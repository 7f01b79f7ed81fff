"""A Sentry that keeps what it is sent: the envelope endpoint over a real socket."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "a1b2c3d4e5f60718293a4b5c6d7e8f90"


@dataclass
class Ingest:
    port: int
    #: Each envelope as it came, and the requests' heads.
    bodies: list[bytes] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    @property
    def dsn(self) -> str:
        return f"http://{KEY}@127.0.0.1:{self.port}/1"

    def text(self) -> str:
        return "\n".join([body.decode() for body in self.bodies] + self.heads)

    def items(self, kind: str) -> list[dict[str, Any]]:
        return [payload for header, payload in self._items() if header["type"] == kind]

    def kinds(self) -> set[str]:
        return {header["type"] for header, _ in self._items()}

    def _items(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for body in self.bodies:
            rest = body.partition(b"\n")[2]
            while rest:
                line, _, rest = rest.partition(b"\n")
                header = json.loads(line)
                payload, rest = rest[: header["length"]], rest[header["length"] + 1 :]
                yield header, json.loads(payload)


@contextmanager
def ingest() -> Iterator[Ingest]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.bodies.append(gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body)
            kept.heads.append(f"{self.path}\n{self.headers}")
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        kept = Ingest(port=server.server_port)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
