"""`POST /audio/speech`: tones in place of a voice, each answer says so in its headers."""

import base64
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field
from starlette.requests import Request

from apps.sandbox.bodies import read_json
from apps.sandbox.fault_effects import body, refuse_at_once
from apps.sandbox.faults import Target, fault_for, provider_of
from apps.sandbox.response_request import Json, Part
from apps.sandbox.streams import EVENT_STREAM, WireStream, sse
from apps.sandbox.tones import BYTES_PER_SECOND, samples, wav
from apps.sandbox.usage_count import tokens
from apps.sandbox.wire_errors import WireError

NOTE = {"x-sandbox-note": "tones, not speech"}
MEDIA_TYPES = {"wav": "audio/wav", "pcm": "audio/pcm"}
#: Of sound, every tenth of a second counts as a token.
TOKENS_PER_SECOND = 10


class SpeechRequest(Part):
    model: Annotated[str, Field(min_length=1)]
    input: Annotated[str, Field(min_length=1, max_length=4096)]
    voice: str | Json
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: Annotated[float, Field(ge=0.25, le=4)] = 1.0
    stream_format: Literal["sse", "audio"] = "audio"


async def create_speech(request: Request) -> WireStream:
    asked = await read_json(request, SpeechRequest)
    kind = asked.response_format
    if kind not in MEDIA_TYPES:
        raise WireError(
            400,
            f"The sandbox makes wav and pcm; 'response_format' is {kind}, which is also what it is when left out.",
            param="response_format",
            code="unsupported_value",
        )
    fault = fault_for(request.headers, Target(provider=provider_of(request.headers)))
    refuse_at_once(fault, request.url.path)
    audio = wav(asked.input, asked.speed) if kind == "wav" else samples(asked.input, asked.speed)
    if asked.stream_format == "sse":
        return WireStream(body(fault, events(asked.input, audio)), media_type=EVENT_STREAM, headers=NOTE)
    return WireStream(body(fault, audio), media_type=MEDIA_TYPES[kind], headers=NOTE)


def events(text: str, audio: Iterator[bytes]) -> Iterator[bytes]:
    n_bytes = 0
    for piece in audio:
        n_bytes += len(piece)
        yield sse({"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()})
    n_input, n_output = tokens(text), audio_tokens(n_bytes / BYTES_PER_SECOND)
    counts = {"input_tokens": n_input, "output_tokens": n_output, "total_tokens": n_input + n_output}
    yield sse({"type": "speech.audio.done", "usage": counts})


def audio_tokens(seconds: float) -> int:
    return round(seconds * TOKENS_PER_SECOND)
