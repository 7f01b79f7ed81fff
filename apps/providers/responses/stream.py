"""One model call: its events read into pieces of text and one ending, whatever a server makes of the format."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from apps.providers.errors import ProviderError, ProviderProtocolError
from apps.providers.events import Json
from apps.providers.openai_api.client import DRAIN_S
from apps.providers.openai_api.event_stream import read_events
from apps.providers.openai_api.failures import failed_at_the_end, failed_in_stream, translated

if TYPE_CHECKING:
    from openai import AsyncOpenAI


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some text; `message` names the message it belongs to."""

    content: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the call ended. With `error` it failed, and what it used up counts all the same."""

    model: str
    usage: Any
    #: All that the model put out, to be sent along with the next call.
    output: list[Json]
    error: ProviderError | None = None


async def stream_call(client: "AsyncOpenAI", body: Json, *, headers: dict[str, str]) -> AsyncGenerator[Piece | Ending]:
    """Yields pieces of text and then exactly one ending. Raises ProviderError; closing it closes the connection.

    Text that arrives together is one piece.
    """
    # Finished items, for a server that leaves them out of its last event.
    finished: list[Json] = []
    is_said = False
    with translated():
        async with (
            # The body is JSON already; given as arguments, the SDK would walk through the schema of every tool.
            client.responses.with_streaming_response.create(
                stream=True, extra_body=body, extra_headers=headers
            ) as response,
            aclosing(read_events(cast("AsyncGenerator[bytes]", response.iter_bytes()))) as batches,
        ):
            async for batch in batches:
                for part in _parts(batch, finished):
                    if isinstance(part, Piece):
                        is_said = is_said or bool(part.content.strip())
                        yield part
                        continue
                    await _drain(batches)
                    if not is_said and part.error is None:
                        # A server may send a message whole, without its pieces.
                        for piece in _whole_messages(part.output):
                            yield piece
                    yield part
                    return
    raise ProviderProtocolError(code="no_terminal_event")


def _parts(batch: list[Json], finished: list[Json]) -> Iterator[Piece | Ending]:
    """What a batch of events comes to; adds to `finished` the items it finishes. Raises ProviderError.

    Text stands before what follows it, an error too.
    """
    held: list[str] = []
    message = ""
    for event in batch:
        try:
            part = _part(event, finished)
        except ProviderError:
            if held:
                yield Piece(content="".join(held), message=message)
            raise
        if isinstance(part, Piece) and (not held or part.message == message):
            held.append(part.content)
            message = part.message
            continue
        if held and part is not None:
            yield Piece(content="".join(held), message=message)
            held = []
        if isinstance(part, Piece):
            held, message = [part.content], part.message
        elif part is not None:
            yield part
    if held:
        yield Piece(content="".join(held), message=message)


def _part(event: Json, finished: list[Json]) -> Piece | Ending | None:
    match event:
        case {"type": "response.output_text.delta" | "response.refusal.delta", "delta": str(delta)}:
            return Piece(content=delta, message=str(event.get("item_id", "")))
        case {"type": "response.output_item.done", "item": dict(item)}:
            finished.append(item)
            return None
        case {
            "type": "response.completed" | "response.incomplete" | "response.failed" as kind,
            "response": dict(response),
        }:
            return _ending(response, kind=kind, finished=finished)
        case {"type": "error", "code": str(code)} | {"error": {"code": str(code)}}:
            raise failed_in_stream(code=code)
        case {"type": "error"} | {"error": dict()}:
            raise failed_in_stream(code="")
        case {
            "type": "response.output_text.delta"
            | "response.refusal.delta"
            | "response.output_item.done"
            | "response.completed"
            | "response.incomplete"
            | "response.failed"
        }:
            raise ProviderProtocolError(code="malformed")
        case {"type": str()}:
            # Progress of parts that arrive whole in a later event.
            return None
        case _:
            raise ProviderProtocolError(code="malformed")


async def _drain(batches: AsyncGenerator[list[Json]]) -> None:
    """Reads what follows a whole answer; nothing that happens here can take it back."""
    with suppress(TimeoutError, ProviderError):
        async with asyncio.timeout(DRAIN_S):
            with translated():
                async for _ in batches:
                    pass


def _ending(response: Json, *, kind: str, finished: list[Json]) -> Ending:
    output = response.get("output") or finished
    if not isinstance(output, list) or not all(isinstance(item, dict) for item in output):
        raise ProviderProtocolError(code="malformed")
    model = response.get("model")
    return Ending(
        model=model if isinstance(model, str) else "",
        usage=response.get("usage"),
        output=output,
        error=failed_at_the_end(
            kind=kind,
            status=response.get("status"),
            reason=_within(response, "incomplete_details", "reason"),
            code=_within(response, "error", "code"),
        ),
    )


def _within(response: Json, holder: str, name: str) -> Any:
    held = response.get(holder)
    return held.get(name) if isinstance(held, dict) else None


def _whole_messages(output: list[Json]) -> list[Piece]:
    pieces = []
    for item in output:
        match item:
            case {"type": "message", "content": list(parts)}:
                said = "".join(_text(part) for part in parts)
                pieces.append(Piece(content=said, message=str(item.get("id", ""))))
    return [piece for piece in pieces if piece.content.strip()]


def _text(part: Any) -> str:
    match part:
        case {"type": "output_text", "text": str(text)} | {"type": "refusal", "refusal": str(text)}:
            return text
    return ""
