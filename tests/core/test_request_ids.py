"""Each request and each socket has an id before anything else sees it, and gives none of its ids to the next."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.testing import WebsocketCommunicator
from django.conf import LazySettings

from apps.core.request_context import bind_ids, bound_ids, current_ids, forget_ids
from apps.core.request_ids import request_id_of, session_of, with_request_ids

SESSION = "6f1c1d6a-8f0e-4f43-9c5d-0d8a4a7a0c11"
Seen = list[dict[str, str]]


async def answer(path: str, *, headers: list[tuple[bytes, bytes]], own: list[tuple[bytes, bytes]]) -> tuple[Any, Seen]:
    """The headers of the answer, and the ids that the application saw."""
    seen: Seen = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append(current_ids())
        await send({"type": "http.response.start", "status": 200, "headers": own})
        await send({"type": "http.response.body", "body": b""})

    scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
    talk = ApplicationCommunicator(with_request_ids(application), scope)
    start = await talk.receive_output(10)
    await talk.wait(10)
    return start["headers"], seen


async def test_a_request_has_an_id_which_its_answer_says() -> None:
    bind_ids(command="serve")
    headers, (ids,) = await answer("/", headers=[], own=[(b"etag", b"1")])
    assert set(ids) == {"request_id"}
    assert UUID(ids["request_id"]).version == 4
    assert headers == [(b"etag", b"1"), (b"x-request-id", ids["request_id"].encode())]


async def test_an_id_that_the_application_says_itself_stays() -> None:
    headers, _ = await answer("/", headers=[], own=[(b"X-Request-Id", b"req_1")])
    assert headers == [(b"X-Request-Id", b"req_1")]


async def test_a_conversations_address_binds_its_session() -> None:
    _, (ids,) = await answer(f"/chat/{SESSION}/turns/", headers=[], own=[])
    assert ids["session_id"] == SESSION


@pytest.mark.parametrize("path", ["/", "/chat/", "/chat/conversations/", f"/chat/{'-' * 36}/", f"/x/chat/{SESSION}/"])
def test_no_other_address_does(path: str) -> None:
    assert session_of(path) is None


@pytest.mark.parametrize(
    ("given", "trusted_proxies", "is_taken"),
    [
        ([b"proxy-0001.a_b"], 1, True),
        ([b"proxy-0001.a_b"], 0, False),
        ([b"short"], 1, False),
        ([b"x" * 65], 1, False),
        ([b"two words of it"], 1, False),
        ([b"line\nof-a-log"], 1, False),
        ([b"proxy-0001", b"proxy-0002"], 1, False),
        ([], 1, False),
    ],
)
def test_only_a_proxy_of_ours_may_name_a_request(given: list[bytes], trusted_proxies: int, is_taken: bool) -> None:
    taken = request_id_of([(b"X-Request-ID", value) for value in given], trusted_proxies=trusted_proxies)
    assert (taken.encode() in given) == is_taken


async def test_the_setting_says_whether_there_is_a_proxy(settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = 1
    _, (ids,) = await answer("/", headers=[(b"x-request-id", b"proxy-0001")], own=[])
    assert ids["request_id"] == "proxy-0001"


class Listening(AsyncWebsocketConsumer):
    """Answers each utterance with the ids it was heard under, also in a thread and in a task of its own."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        before = current_ids()
        with bound_ids(session_id=SESSION, request_id=text_data, provider="analyst"):
            seen = [current_ids(), await asyncio.to_thread(current_ids), await asyncio.create_task(ids_of_a_task())]
        await self.send(repr((before, seen, current_ids() == before)))


async def ids_of_a_task() -> dict[str, str]:
    return current_ids()


async def test_a_socket_has_an_id_and_each_utterance_its_own_session_and_request() -> None:
    talks = [WebsocketCommunicator(with_request_ids(Listening.as_asgi()), "/v1/realtime") for _ in range(2)]
    connections = set()
    for talk in talks:
        await talk.connect()
    for utterance in ("u-1", "u-2"):
        for talk in talks:
            await talk.send_to(text_data=utterance)
        for talk in talks:
            before, seen, is_as_before = eval(await talk.receive_from(10))
            assert set(before) == {"request_id", "channel"}
            assert before["channel"] == "voice"
            connections.add(before["request_id"])
            expected = {"session_id": SESSION, "request_id": utterance, "channel": "voice", "provider": "analyst"}
            assert seen == [expected] * 3
            assert is_as_before
    assert len(connections) == 2
    for talk in talks:
        await talk.disconnect()


def test_what_fails_keeps_its_ids_for_whoever_reports_it() -> None:
    forget_ids()
    with pytest.raises(ValueError, match="lost"), bound_ids(session_id=SESSION, request_id="u-1"):
        raise ValueError("lost")
    assert current_ids()["request_id"] == "u-1"


def test_binding_adds_and_replaces() -> None:
    forget_ids()
    bind_ids(request_id="r-1", session_id=SESSION)
    bind_ids(request_id="r-2", provider="analyst", channel="text", command="ask")
    assert current_ids() == {
        "session_id": SESSION,
        "request_id": "r-2",
        "provider": "analyst",
        "channel": "text",
        "command": "ask",
    }
