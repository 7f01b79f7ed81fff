"""Whatever goes wrong on the wire comes out as our own error, with the right code and none of the vendor's words."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
import httpx2
import openai
import pytest
from django.conf import LazySettings

from apps.providers.errors import (
    AccessRefused,
    ProviderError,
    ProviderProtocolError,
    ProviderUnavailable,
    RequestRejected,
)
from apps.providers.openai_api.client import close_client, openai_client
from apps.providers.openai_api.failures import LATE, failed_in_stream, in_our_words, translated
from tests.providers.openai_api.answers import answer
from tests.providers.openai_api.scripted_upstream import Refusal, ScriptedUpstream, Stream

SENTENCES = {LATE} | {
    kind.sentence for kind in (ProviderUnavailable, ProviderProtocolError, AccessRefused, RequestRejected)
}


async def listen() -> list[str]:
    """Reads one response to its end, as a provider does; gives the types of its events."""
    try:
        with translated():
            client = await openai_client()
            async with await client.responses.create(model="gpt-6.1-terra", input="q", stream=True) as stream:
                return [event.type async for event in stream]
    finally:
        await close_client()


async def failure() -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await listen()
    assert str(caught.value) in SENTENCES
    return caught.value


def body(code: str | None = None, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": "vendor words", "type": kind, "code": code, "param": None}}


@pytest.mark.parametrize(
    ("status", "json", "kind", "code"),
    [
        (400, body(), RequestRejected, "rejected"),
        (400, body("context_length_exceeded"), RequestRejected, "rejected"),
        (400, body("content_policy_violation"), RequestRejected, "content_filter"),
        (400, body("model_not_found"), AccessRefused, "model_not_found"),
        (401, body("invalid_api_key"), AccessRefused, "unauthorized"),
        (402, body(), AccessRefused, "quota"),
        (403, body(), AccessRefused, "forbidden"),
        (404, body("model_not_found"), AccessRefused, "model_not_found"),
        (405, b"Method Not Allowed", AccessRefused, "model_not_found"),
        (408, body(), ProviderUnavailable, "server_error"),
        (409, body(), ProviderUnavailable, "server_error"),
        (413, body(), RequestRejected, "rejected"),
        (422, {"detail": [{"msg": "vendor words"}]}, RequestRejected, "rejected"),
        (429, body("rate_limit_exceeded", "requests"), ProviderUnavailable, "rate_limited"),
        (429, b"slow down", ProviderUnavailable, "rate_limited"),
        (429, body("insufficient_quota", "insufficient_quota"), AccessRefused, "quota"),
        (429, body(None, "insufficient_quota"), AccessRefused, "quota"),
        (429, body("billing_not_active"), AccessRefused, "quota"),
        (500, body("server_error", "server_error"), ProviderUnavailable, "server_error"),
        (502, b"<html>Bad Gateway</html>", ProviderUnavailable, "server_error"),
        (503, b"", ProviderUnavailable, "server_error"),
        (529, body(), ProviderUnavailable, "server_error"),
        (400, ["vendor", "words"], RequestRejected, "rejected"),
        (400, {"error": "vendor words"}, RequestRejected, "rejected"),
        (400, {"error": None}, RequestRejected, "rejected"),
        (400, {"error": {"code": 17}}, RequestRejected, "rejected"),
    ],
)
async def test_a_refusal_is_told_by_its_status_and_code(
    upstream_server: ScriptedUpstream, status: int, json: Any, kind: type[ProviderError], code: str
) -> None:
    upstream_server.will(Refusal(status=status, body=json))
    error = await failure()
    assert (type(error), error.code, error.retry_after_s) == (kind, code, None)
    # The SDK would have asked three times.
    assert len(upstream_server.requests) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "in an hour, as a date"}, 3600),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Fri, 99 Foo 2026 99:99:99 GMT"}, None),
    ],
)
async def test_how_long_to_wait_is_read(
    upstream_server: ScriptedUpstream, status: int, headers: dict[str, str], seconds: float | None
) -> None:
    if seconds == 3600:
        headers = {"retry-after": format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)}
    upstream_server.will(Refusal(status=status, body=body(), headers=headers))
    waited = (await failure()).retry_after_s
    assert waited is None if seconds is None else waited == pytest.approx(seconds, abs=60 if seconds > 60 else 0.01)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(upstream_server: ScriptedUpstream, status: int) -> None:
    upstream_server.will(
        Refusal(status=status, headers={"location": f"{upstream_server.base_url}/elsewhere"}),
    )
    error = await failure()
    assert (type(error), error.code) == (ProviderUnavailable, "refused")
    assert [request.path for request in upstream_server.requests] == ["/v1/responses"]


FIRST = answer("One ", "two.")[:6]


@pytest.mark.parametrize(
    ("then", "code"),
    [
        (Stream(events=FIRST, then="cut"), "cut"),
        (Stream(events=[], then="cut"), "cut"),
        (Stream(events=FIRST, then="hold"), "stalled"),
        (Stream(events=[], then="hold"), "stalled"),
        (Stream(events=[*FIRST, b'data: {"type": "response.outp\n\n']), "malformed"),
        (Stream(events=[*FIRST, b"data: \n\n"]), None),
        (Stream(events=[*FIRST, b'data: "\xff\xfe"\n\n']), "malformed"),
        (Stream(events=[*FIRST, b"data: " + b"[" * 100_000 + b"\n\n"]), "malformed"),
        (Stream(events=[b"not gzip"], headers={"content-encoding": "gzip"}), "malformed"),
        (Stream(events=[*FIRST, b'event: error\ndata: {"error": {"message": "vendor words"}}\n\n']), "upstream_failed"),
        (Stream(events=[b'data: {"error": {"code": "insufficient_quota", "message": "vendor words"}}\n\n']), "quota"),
        (Stream(events=[b'data: {"error": {"type": "insufficient_quota"}}\n\n']), "quota"),
        (Stream(events=[b'data: {"error": {"code": "rate_limit_exceeded"}}\n\n']), "rate_limited"),
        (Stream(events=[b'data: {"error": "vendor words"}\n\n']), "upstream_failed"),
    ],
)
async def test_a_stream_that_breaks_is_told_by_how_it_broke(
    upstream_server: ScriptedUpstream, settings: LazySettings, then: Stream, code: str | None
) -> None:
    settings.CHUNK_GAP_DEADLINE_S = 0.3
    upstream_server.will(then)
    assert (await failure()).code == (code or "malformed")


async def test_an_error_event_is_yielded_and_not_raised(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will([*FIRST, {"type": "error", "code": "server_error", "message": "m", "param": None}])
    assert (await listen())[-1] == "error"


async def test_an_end_without_a_last_event_is_silent(upstream_server: ScriptedUpstream) -> None:
    upstream_server.will(FIRST)
    assert (await listen())[-1] == FIRST[-1]["type"]


async def test_a_refusal_whose_body_never_ends_is_late(settings: LazySettings) -> None:
    settings.CHUNK_GAP_DEADLINE_S = 0.3
    with raw_server(b"HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nhalf") as url:
        settings.OPENAI_BASE_URL = url
        assert (await failure()).code == "stalled"


async def test_words_that_are_no_http_are_a_cut(settings: LazySettings) -> None:
    with raw_server(b"SSH-2.0-OpenSSH_9.6\r\n\r\n") as url:
        settings.OPENAI_BASE_URL = url
        assert (await failure()).code == "cut"


async def test_a_port_that_nobody_listens_on_refuses(settings: LazySettings) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.OPENAI_BASE_URL = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        assert (await failure()).code == "refused"


async def test_a_server_that_takes_no_connection_is_late(settings: LazySettings) -> None:
    settings.CONNECT_DEADLINE_S = 0.3
    with full_server() as url:
        settings.OPENAI_BASE_URL = url
        error = await failure()
    assert (error.code, str(error)) == ("connect_timeout", LATE)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("localhost:11434/v1", "refused"),
        ("ftp://127.0.0.1/v1", "refused"),
        ("http://127.0.0.1:99999/v1", "refused"),
        ("http://[::1/v1", "refused"),
        ("https://no-such-host.invalid/v1", "refused"),
    ],
)
async def test_an_address_that_is_none_refuses(settings: LazySettings, url: str, code: str) -> None:
    settings.OPENAI_BASE_URL = url
    assert (await failure()).code == code


async def test_a_server_without_tls_behind_a_tls_address_refuses(
    upstream_server: ScriptedUpstream, settings: LazySettings
) -> None:
    settings.OPENAI_BASE_URL = upstream_server.base_url.replace("http", "https")
    assert (await failure()).code == "refused"


@pytest.mark.parametrize("key", ["sk-Schlüssel", "sk-line\nbreak", "sk-密"])
async def test_a_key_that_no_header_can_carry_is_no_key(
    upstream_server: ScriptedUpstream, settings: LazySettings, key: str
) -> None:
    settings.OPENAI_API_KEY = key
    assert (await failure()).code == "unauthorized"
    assert not upstream_server.requests


REQUEST = httpx2.Request("POST", "http://127.0.0.1/v1/responses")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx2.PoolTimeout("vendor words"), "connect_timeout"),
        (httpx2.WriteTimeout("vendor words"), "stalled"),
        (httpx2.ProxyError("vendor words"), "refused"),
        (httpx2.CloseError("vendor words"), "cut"),
        (httpx2.StreamClosed(), "cut"),
        (httpx2.TooManyRedirects("vendor words"), "malformed"),
        (ssl.SSLError("vendor words"), "cut"),
        (aiohttp.ServerDisconnectedError(), "cut"),
        (aiohttp.ClientPayloadError("vendor words"), "cut"),
        (aiohttp.NonHttpUrlClientError("vendor words"), "refused"),
        (openai.APIConnectionError(request=REQUEST), "cut"),
        (openai.OpenAIError("vendor words"), "malformed"),
        (openai.APIResponseValidationError(httpx2.Response(200, request=REQUEST), body=None), "malformed"),
    ],
)
def test_what_no_server_here_can_provoke_has_a_code_too(error: Exception, code: str) -> None:
    ours = in_our_words(error)
    assert ours is not None
    assert ours.code == code
    assert str(ours) in SENTENCES


def every_kind(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for child in kind.__subclasses__():
        yield from every_kind(child)


@pytest.mark.parametrize("kind", sorted({*every_kind(httpx2.RequestError)}, key=lambda kind: kind.__name__))
def test_no_kind_of_transport_error_is_left_out(kind: type[httpx2.RequestError]) -> None:
    assert isinstance(in_our_words(kind("vendor words")), ProviderError)


@pytest.mark.parametrize("error", [KeyError("a fault of ours"), ValueError("a fault of ours"), ZeroDivisionError()])
def test_a_fault_of_our_own_stays_what_it_is(error: Exception) -> None:
    assert in_our_words(error) is None
    with pytest.raises(type(error)), translated():
        raise error


@pytest.mark.parametrize(
    ("code", "kind", "ours"),
    [
        ("server_error", ProviderUnavailable, "upstream_failed"),
        ("", ProviderUnavailable, "upstream_failed"),
        ("rate_limit_exceeded", ProviderUnavailable, "rate_limited"),
        ("insufficient_quota", AccessRefused, "quota"),
        ("invalid_prompt", RequestRejected, "rejected"),
        ("content_filter", RequestRejected, "content_filter"),
        ("model_not_found", AccessRefused, "model_not_found"),
        ("invalid_api_key", AccessRefused, "unauthorized"),
    ],
)
def test_a_failure_inside_a_stream_is_told_by_its_code(code: str, kind: type[ProviderError], ours: str) -> None:
    error = failed_in_stream(code=code)
    assert (type(error), error.code) == (kind, ours)


@contextmanager
def raw_server(reply: bytes) -> Iterator[str]:
    """Answers one connection with these bytes and then holds it open."""
    import threading

    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(reply)
                done.wait(20)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            done.set()
            thread.join(20)


@contextmanager
def full_server() -> Iterator[str]:
    """A port whose queue is full and which accepts nothing: a further connection is never answered."""
    with ExitStack() as open_sockets:
        listener = open_sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        while True:
            waiting = open_sockets.enter_context(socket.socket())
            waiting.settimeout(0.2)
            try:
                waiting.connect(listener.getsockname())
            except TimeoutError:
                break
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
