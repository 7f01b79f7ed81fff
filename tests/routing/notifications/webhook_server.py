"""A receiver of webhooks on the loopback: it checks each signature by itself and answers what it is told to."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    id: str
    path: str
    content: Any
    is_genuine: bool


class WebhookServer:
    """`statuses` are answered in turn, then 204; with `hold` set, no answer begins before `go_on`."""

    def __init__(self, *, secret: bytes) -> None:
        self.secret = "whsec_" + base64.b64encode(secret).decode()
        self.received: list[Received] = []
        self.statuses: list[int] = []
        self.hold = False
        self.go_on = threading.Event()
        self.arrived = threading.Event()
        self.url = ""

    def is_genuine(self, headers: Any, body: bytes) -> bool:
        """As the specification tells a receiver to check."""
        if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
            return False
        text = ".".join((headers["webhook-id"], headers["webhook-timestamp"], body.decode()))
        mac = hmac.new(base64.b64decode(self.secret[6:]), text.encode(), hashlib.sha256)
        wanted = base64.b64encode(mac.digest()).decode()
        return any(
            version == "v1" and hmac.compare_digest(wanted, given)
            for version, _, given in (part.partition(",") for part in headers["webhook-signature"].split())
        )


class _Request(BaseHTTPRequestHandler):
    server: "_Listener"

    def do_POST(self) -> None:
        kept = self.server.kept
        body = self.rfile.read(int(self.headers["content-length"]))
        kept.received.append(
            Received(
                id=self.headers["webhook-id"],
                path=self.path,
                content=json.loads(body),
                is_genuine=kept.is_genuine(self.headers, body),
            )
        )
        kept.arrived.set()
        if kept.hold:
            kept.go_on.wait(30)
        try:
            self.send_response(kept.statuses.pop(0) if kept.statuses else 204)
            self.send_header("location", "/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()
        except OSError:
            # The sender did not wait for it.
            pass

    def log_message(self, *args: Any) -> None:
        pass


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    kept: WebhookServer


@contextmanager
def webhook_server() -> Iterator[WebhookServer]:
    kept = WebhookServer(secret=b"a secret for tests only, of thirty-seven")
    with _Listener(("127.0.0.1", 0), _Request) as listener:
        listener.kept, kept.url = kept, f"http://127.0.0.1:{listener.server_address[1]}/hook"
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield kept
        finally:
            kept.go_on.set()
            listener.shutdown()
            thread.join()
