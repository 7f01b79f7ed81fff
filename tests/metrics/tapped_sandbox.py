"""The project's own sandbox on a socket of its own, with a tap: what it said a model used, as it left over the wire.

Its counts have cached and reasoning tokens, so that a sum which loses or doubles them differs from what was sent.
"""

import asyncio
import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
import uvicorn

from apps.assistant import deadlines
from apps.providers.openai_api.upstream import sandbox_key
from apps.providers.workflow.nodes import classify
from apps.sandbox import decisions, wire_events
from apps.sandbox.asgi import application
from apps.sandbox.faults import ARSENAL

STOP_TIMEOUT_S = 20
STEP = re.compile(r"^gvses\.(?P<provider>[a-z_]+)\..+\.(?P<step>\d+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What one call of a model used, as the server wrote it; of a call that said nothing of it there is none."""

    provider: str
    path: str
    model: str
    usage: dict[str, Any]

    @property
    def tokens(self) -> Counter[str]:
        return Counter(
            input=self.usage["input_tokens"],
            output=self.usage["output_tokens"],
            cached=self.usage["input_tokens_details"]["cached_tokens"],
            reasoning=self.usage["output_tokens_details"]["reasoning_tokens"],
        )


@dataclass(slots=True)
class TappedSandbox:
    base_url: str
    sent: list[Sent] = field(default_factory=list)
    #: Provider and path of every request that came, answered or not.
    asked: list[tuple[str, str]] = field(default_factory=list)
    n_open: int = 0

    def arm(self, fault: str, **details: Any) -> None:
        headers = {"Authorization": f"Bearer {sandbox_key()}"}
        answer = httpx2.post(f"{self.base_url}/faults", json={"fault": fault, **details}, headers=headers)
        answer.raise_for_status()

    def used_by(self, provider: str) -> list[Sent]:
        return [sent for sent in self.sent if sent.provider == provider]

    async def settled(self) -> "TappedSandbox":
        """Itself, once no request is being answered: a client may have gone a moment before the server has noticed."""
        async with asyncio.timeout(30):
            while True:
                if not self.n_open:
                    return self
                await asyncio.sleep(0.005)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        path = scope["path"].removeprefix("/sandbox/v1")
        named = STEP.match(headers.get("x-client-request-id", ""))
        provider = named["provider"] if named else ""
        if path != "/faults":
            self.asked.append((provider, path))
        body = bytearray()

        async def tapped(message: Any) -> None:
            await send(message)
            body.extend(message.get("body", b""))

        self.n_open += 1
        try:
            await application(scope, receive, tapped)
        finally:
            if path in ("/responses", "/decisions"):
                self.sent += [
                    Sent(provider=provider, path=path, model=told["model"], usage=told["usage"])
                    for told in _whole(bytes(body))
                    if told.get("usage")
                ]
            self.n_open -= 1


def _whole(body: bytes) -> Iterator[dict[str, Any]]:
    """The answer itself, or the response of each event that ends one."""
    if not body.startswith(b"event:"):
        with_json = body.strip()
        if with_json.startswith(b"{") and with_json.endswith(b"}"):
            yield json.loads(with_json)
        return
    for block in body.decode().split("\n\n"):
        data = block.partition("\ndata: ")[2]
        if data.endswith("}"):
            event = json.loads(data)
            if event["type"] in ("response.completed", "response.incomplete", "response.failed"):
                yield event["response"]


@pytest.fixture(scope="session")
def running_tap() -> Iterator[TappedSandbox]:
    with _running() as tapped:
        yield tapped


@pytest.fixture
def tapped(running_tap: TappedSandbox, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[TappedSandbox]:
    running_tap.sent.clear()
    running_tap.asked.clear()
    ARSENAL.disarm()
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = running_tap.base_url, sandbox_key()
    settings.SANDBOX_PACE_MS = 0
    # Time enough for a busy machine.
    settings.FIRST_TEXT_DEADLINE_S = settings.FIRST_TEXT_VOICE_DEADLINE_S = settings.CHUNK_GAP_DEADLINE_S = 60.0
    settings.TURN_DEADLINE_S = 600.0
    for name in ("DEADLINE_S", "DEADLINE_VOICE_S"):
        monkeypatch.setattr(classify, name, 60.0)
    monkeypatch.setattr(deadlines, "LATER_ATTEMPT_S", 60.0)
    count = wire_events.usage

    def with_parts(*, tokens_input: int, tokens_output: int) -> dict[str, Any]:
        counted = count(tokens_input=tokens_input, tokens_output=tokens_output)
        counted["input_tokens_details"]["cached_tokens"] = tokens_input // 3
        counted["output_tokens_details"]["reasoning_tokens"] = tokens_output // 2
        return counted

    monkeypatch.setattr(wire_events, "usage", with_parts)
    monkeypatch.setattr(decisions, "usage", with_parts)
    yield running_tap
    ARSENAL.disarm()


@contextmanager
def _running() -> Iterator[TappedSandbox]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        tapped = TappedSandbox(f"http://127.0.0.1:{listener.getsockname()[1]}/sandbox/v1")
        config = uvicorn.Config(
            tapped,
            lifespan="off",
            ws="none",
            http="h11",
            log_config=None,
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="tapped sandbox")
        thread.start()
        try:
            yield tapped
        finally:
            server.should_exit = server.force_exit = True
            thread.join(STOP_TIMEOUT_S)
            assert not thread.is_alive()
