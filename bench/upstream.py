"""An upstream that costs next to nothing: it answers every request with 50 deltas at once, prepared beforehand.

`python -m bench.upstream` prints the port it listens on. With `--hold` it sends the first delta and then nothing, so
that streams stay open for as long as their client wants.
"""

import asyncio
import json
import sys
from typing import Any

N_DELTAS = 50
DELTA = "Prices move. "
MODEL = "sandbox/bench"


def sse(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def answer() -> tuple[bytes, bytes]:
    """The stream up to and with its first delta, and the rest of it, both as HTTP chunks."""
    text = DELTA * N_DELTAS
    base: dict[str, Any] = {
        "id": "resp_bench",
        "object": "response",
        "created_at": 1,
        "model": MODEL,
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }
    item: dict[str, Any] = {"id": "msg_bench", "type": "message", "role": "assistant"}
    part: dict[str, Any] = {"type": "output_text", "text": text, "annotations": []}
    at: dict[str, Any] = {"item_id": "msg_bench", "output_index": 0, "content_index": 0}
    done = {**item, "status": "completed", "content": [part]}
    usage = {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 150,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 250,
    }
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {**base, "status": "in_progress"}},
        {"type": "response.in_progress", "response": {**base, "status": "in_progress"}},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**item, "status": "in_progress", "content": []},
        },
        {"type": "response.content_part.added", **at, "part": {**part, "text": ""}},
        *({"type": "response.output_text.delta", **at, "delta": DELTA, "logprobs": []} for _ in range(N_DELTAS)),
        {"type": "response.output_text.done", **at, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **at, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
        {
            "type": "response.completed",
            "response": {**base, "status": "completed", "output": [done], "usage": usage},
        },
    ]
    encoded = [chunk(sse({**event, "sequence_number": number})) for number, event in enumerate(events)]
    return b"".join(encoded[:5]), b"".join(encoded[5:]) + b"0\r\n\r\n"


async def serve(*, hold: bool) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    first, rest = answer()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                headers = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(line[15:]) for line in headers.lower().split(b"\r\n") if line.startswith(b"content-length:")),
                    0,
                )
                await reader.readexactly(length)
                if hold:
                    writer.write(head + first)
                    await reader.read()  # until the client goes
                    return
                writer.write(head + first + rest)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(hold="--hold" in sys.argv))
