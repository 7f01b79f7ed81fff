"""Server-sent events of a model call, read from the bytes as they come.

The SDK would build a typed object of every event before anyone has asked for one field of it, which costs more than
all the rest of a turn. What a provider needs of an event it checks itself.
"""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator

from apps.providers.errors import ProviderProtocolError
from apps.providers.events import Json

LINE_END = re.compile(rb"\r\n|\n|\r")
#: How some servers say that nothing follows.
NO_MORE = b"[DONE]"
#: No event of a model call is near as long; a server that never ends a line must not fill the memory.
LONGEST_EVENT = 16_000_000


async def read_events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[list[Json]]:
    """Yields the events that arrived together, in order; an event split over chunks comes when it is whole.

    Raises ProviderProtocolError for data that is no JSON object. An event that the end of the body cuts is dropped.
    """
    rest, data = b"", []
    n_held = 0
    async for chunk in chunks:
        received = rest + chunk
        # A carriage return at the end may be the first half of a line's end.
        n_whole = len(received) - 1 if received.endswith(b"\r") else len(received)
        *lines, last = LINE_END.split(received[:n_whole])
        rest = last + received[n_whole:]
        events: list[Json] = []
        for line in lines:
            if line.startswith(b"data:"):
                data.append(line[5:].removeprefix(b" "))
                n_held += len(line)
            elif not line and data:
                if (whole := b"\n".join(data)) != NO_MORE:
                    events.append(_parsed(whole))
                data, n_held = [], 0
        if len(rest) + n_held > LONGEST_EVENT:
            raise ProviderProtocolError(code="malformed")
        if events:
            yield events


def _parsed(data: bytes) -> Json:
    try:
        event = json.loads(data)
    except ValueError as error:
        raise ProviderProtocolError(code="malformed") from error
    if not isinstance(event, dict):
        raise ProviderProtocolError(code="malformed")
    return event
