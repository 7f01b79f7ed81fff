"""Server-sent events out of bytes, however the bytes are cut."""

import json
from collections.abc import AsyncGenerator

import pytest

from apps.providers.errors import ProviderProtocolError
from apps.providers.events import Json
from apps.providers.openai_api.event_stream import read_events

EVENTS: list[Json] = [
    {"type": "response.created", "n": 1},
    {"type": "response.output_text.delta", "delta": "Ünïcode\u2028 and\nlines"},
    {"type": "response.completed", "n": 3},
]
BODY = b"".join(
    b"event: %s\ndata: %s\n\n" % (event["type"].encode(), json.dumps(event, ensure_ascii=False).encode())
    for event in EVENTS
)


async def read(*chunks: bytes) -> list[list[Json]]:
    async def arriving() -> AsyncGenerator[bytes]:
        for chunk in chunks:
            yield chunk

    return [batch async for batch in read_events(arriving())]


async def test_events_that_arrive_together_come_together() -> None:
    assert await read(BODY) == [EVENTS]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
async def test_no_cut_and_no_line_end_changes_what_is_read(size: int, line_end: bytes) -> None:
    # A lone carriage return at the very end may be half a line's end, so a comment follows it.
    body = BODY.replace(b"\n", line_end) + b": end"
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    batches = await read(*pieces)
    assert [event for batch in batches for event in batch] == EVENTS


async def test_comments_other_fields_and_the_word_done_are_no_events() -> None:
    body = b': keep-alive\n\nid: 7\nretry: 10\ndata: {"type": "a"}\n\ndata: [DONE]\n\n'
    assert await read(body) == [[{"type": "a"}]]


async def test_data_of_several_lines_is_one_event() -> None:
    assert await read(b'data: {"type":\ndata: "a"}\n\n') == [[{"type": "a"}]]


async def test_an_event_that_the_end_cuts_is_dropped() -> None:
    assert await read(b'data: {"type": "a"}\n\ndata: {"type": "b"') == [[{"type": "a"}]]


@pytest.mark.parametrize("body", [b"data: {broken\n\n", b"data: [1]\n\n", b"data: \xff\xfe\n\n", b"data: 7\n\n"])
async def test_data_that_is_no_object_is_malformed(body: bytes) -> None:
    with pytest.raises(ProviderProtocolError) as caught:
        await read(body)
    assert caught.value.code == "malformed"


async def test_a_line_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.providers.openai_api.event_stream.LONGEST_EVENT", 1000)
    with pytest.raises(ProviderProtocolError):
        await read(b"data: " + b"x" * 600, b"x" * 600)
