"""Events on the wire: what goes in comes out, whatever the text holds."""

import json
import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.sse import STREAM_HEADERS, encode_event

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def parse_stream(stream: bytes) -> list[tuple[str, dict[str, Any]]]:
    """A reader that splits wherever any reader might: Python's `splitlines` knows more line ends than the format."""
    events, name, data = [], "message", []
    for line in stream.decode().splitlines():
        if not line:
            events.append((name, json.loads("\n".join(data))))
            name, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
    assert not data, "the stream ends inside an event"
    return events


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(st.text(), JSON, max_size=5), max_size=5))
def test_events_come_back_as_they_were_sent(payloads: list[dict[str, Any]]) -> None:
    stream = b"".join(encode_event("tool_result", payload) for payload in payloads)
    assert parse_stream(stream) == [("tool_result", payload) for payload in payloads]


@pytest.mark.parametrize(
    "content",
    [
        "two\nlines",
        "two\r\nlines",
        "\r",
        "data: forged\n\nevent: done\ndata: {}\n\n",
        "\u2028",
        "\u2029",
        "\x85",
        "\x0b\x0c\x1c\x1d\x1e",
        "\ud800",
        "\x00",
        "café ₿ 📈",
    ],
)
def test_no_text_breaks_out_of_its_line(content: str) -> None:
    encoded = encode_event("text", {"type": "text", "content": content})
    assert encoded.count(b"\n") == 3
    assert b"\r" not in encoded
    assert encoded.isascii()
    assert parse_stream(encoded) == [("text", {"type": "text", "content": content})]


def test_an_event_is_three_lines_by_the_letter() -> None:
    assert encode_event("text", {"type": "text", "content": "Hi"}) == (
        b'event: text\ndata: {"type":"text","content":"Hi"}\n\n'
    )


@pytest.mark.parametrize("name", ["", "a b", "done\ndata: {}", "done\r", "Done", "done\n", "dône"])
def test_a_name_that_could_break_the_stream_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="event name"):
        encode_event(name, {})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_no_browser_can_parse_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode_event("text", {"price": value})


def test_data_that_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        encode_event("text", {"day": date(2013, 3, 1)})


def test_the_headers_forbid_caching_buffering_and_compression() -> None:
    assert STREAM_HEADERS == {
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
        "Content-Encoding": "identity",
    }
