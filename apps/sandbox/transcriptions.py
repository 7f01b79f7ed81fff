"""`POST /audio/transcriptions`: the text that an upload carries (see `tones`). The sandbox cannot hear."""

from collections.abc import Iterator
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from apps.sandbox.fault_effects import body, refuse_at_once
from apps.sandbox.faults import Target, fault_for, provider_of
from apps.sandbox.speech import audio_tokens
from apps.sandbox.streams import EVENT_STREAM, WireStream, json_bytes, sse
from apps.sandbox.tones import carried
from apps.sandbox.usage_count import tokens
from apps.sandbox.wire_errors import WireError
from apps.sandbox.wire_events import PIECE

#: As OpenAI takes it.
LARGEST_UPLOAD = 25 * 1024 * 1024
FORMATS = ("json", "text", "verbose_json")


async def create_transcription(request: Request) -> WireStream:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise WireError(400, "The body must be a form, sent with 'Content-Type: multipart/form-data'.")
    if int(request.headers.get("content-length") or LARGEST_UPLOAD + 1) > LARGEST_UPLOAD:
        raise WireError(413, f"Say the length of the upload; it may have {LARGEST_UPLOAD} bytes at most.")
    async with request.form(max_files=1, max_fields=100) as form:
        file, model = form.get("file"), form.get("model")
        kind, language = str(form.get("response_format") or "json"), str(form.get("language") or "")
        is_stream = form.get("stream") in ("true", "True", "1")
        if not isinstance(file, UploadFile):
            raise WireError(400, "Missing required parameter: 'file'.", param="file", code="missing_required_parameter")
        audio = await file.read()
    if not model:
        raise WireError(400, "Missing required parameter: 'model'.", param="model", code="missing_required_parameter")
    if kind not in FORMATS:
        message = f"The sandbox writes {', '.join(FORMATS)}."
        raise WireError(400, message, param="response_format", code="unsupported_value")
    fault = fault_for(request.headers, Target(provider=provider_of(request.headers)))
    refuse_at_once(fault, request.url.path)
    text, seconds = carried(audio)
    if is_stream:
        return WireStream(body(fault, events(text, seconds)), media_type=EVENT_STREAM)
    match kind:
        case "text":
            return WireStream(body(fault, [f"{text}\n".encode()]), media_type="text/plain; charset=utf-8")
        case "verbose_json":
            whole: dict[str, Any] = {
                "task": "transcribe",
                "language": language or "unknown",
                "duration": seconds,
                "text": text,
                "segments": [],
                "usage": {"type": "duration", "seconds": seconds},
            }
        case _:
            whole = {"text": text, "usage": usage(text, seconds)}
    return WireStream(body(fault, [json_bytes(whole)]), media_type="application/json")


def events(text: str, seconds: float) -> Iterator[bytes]:
    for piece in PIECE.findall(text):
        yield sse({"type": "transcript.text.delta", "delta": piece})
    yield sse({"type": "transcript.text.done", "text": text, "usage": usage(text, seconds)})


def usage(text: str, seconds: float) -> dict[str, Any]:
    n_input, n_output = audio_tokens(seconds), tokens(text)
    return {
        "type": "tokens",
        "input_tokens": n_input,
        "input_token_details": {"audio_tokens": n_input, "text_tokens": 0},
        "output_tokens": n_output,
        "total_tokens": n_input + n_output,
    }
