"""Server-sent events of a model call, read from the bytes as they come.

The SDK would build a typed object of every event before anyone has asked for one field of it, which costs more than
all the rest of a turn. What a provider needs of an event it checks itself.
"""

import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from apps.providers.errors import ProviderProtocolError
from apps.providers.events import Json

LINE_END = re.compile(rb"\r\n|\n|\r")
#: How some servers say that nothing follows.
NO_MORE = b"[DONE]"
#: No event of a model call is near as long; a server that never ends a line must not fill the memory.
LONGEST_EVENT = 16_000_000


async def read_events(chunks: AsyncGenerator[bytes]) -> AsyncGenerator[list[Json]]:
    """Yields the events that arrived together, in order; an event split over chunks comes when it is whole.

    Raises ProviderProtocolError for data that is no JSON object. An event that the end of the body cuts is dropped.
    """
    # The line that has no end yet, in the pieces it came in: a long one is put together once.
    begun: list[bytes] = []
    data: list[bytes] = []
    half_end = b""
    n_held = n_begun = 0
    async with aclosing(chunks) as pieces:
        async for piece in pieces:
            received = half_end + piece
            # A carriage return at the end may be the first half of a line's end.
            half_end = b"\r" if received.endswith(b"\r") else b""
            *lines, last = LINE_END.split(received.removesuffix(half_end))
            if lines:
                lines[0] = b"".join((*begun, lines[0]))
                begun, n_begun = [], 0
            begun.append(last)
            n_begun += len(last)
            events: list[Json] = []
            for line in lines:
                if line.startswith(b"data:"):
                    data.append(line[5:].removeprefix(b" "))
                    n_held += len(line)
                elif not line and data:
                    whole, data, n_held = b"\n".join(data), [], 0
                    if whole == NO_MORE:
                        continue
                    try:
                        events.append(_parsed(whole))
                    except ProviderProtocolError:
                        if events:
                            yield events
                        raise
            if n_begun + n_held > LONGEST_EVENT:
                raise ProviderProtocolError(code="malformed")
            if events:
                yield events


def _parsed(data: bytes) -> Json:
    try:
        # Decoded here: of bytes, the parser would first find out the encoding.
        event = json.loads(data.decode(errors="surrogatepass"))
    except ValueError as error:
        raise ProviderProtocolError(code="malformed") from error
    if not isinstance(event, dict):
        raise ProviderProtocolError(code="malformed")
    return event
