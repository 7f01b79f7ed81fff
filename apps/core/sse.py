"""Events on the wire of a server-sent event stream, and the headers that let one through unbuffered."""

import json
import re
from typing import Any, Final

#: What a streamed response needs beside its content type: no cache, no proxy buffer, no compression. A stream that
#: a middleware compresses chunk by chunk is read by browsers up to its first chunk only.
STREAM_HEADERS: Final[dict[str, str]] = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "Content-Encoding": "identity",
}

_NAME = re.compile(r"[a-z][a-z0-9_.-]*")


def encode_event(name: str, data: dict[str, Any]) -> bytes:
    """One event: its name, its data as one line of JSON, and the blank line that sends it.

    The bytes are ASCII: U+2028, U+0085 and lone surrogates leave as escapes, so no reader can split a line there.
    Raises ValueError for a name with other characters than `a-z0-9_.-` or for NaN and infinities, which no browser
    parses; TypeError for data that is no JSON.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no event name")
    line = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return f"event: {name}\ndata: {line}\n\n".encode("ascii")
