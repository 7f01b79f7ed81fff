"""Tones in place of speech, and a transcription that reads what a file carries."""

import base64
import io
import wave
from array import array
from itertools import pairwise
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI, BadRequestError

from apps.providers.openai_api.upstream import sandbox_key
from tests.sandbox.asking import parsed_events, sdk

TEXT = "AAPL closed at 430.47 on 1 Mar 2013 (sample data) — “so far”."


async def speak(client: AsyncOpenAI, text: str = TEXT, **options: Any) -> bytes:
    values: dict[str, Any] = {"model": "tts-1", "voice": "alloy", "response_format": "wav", **options}
    response = await client.audio.speech.create(input=text, **values)
    assert response.response.headers["x-sandbox-note"] == "tones, not speech"
    return response.content


def loudest(samples: bytes) -> int:
    return max(map(abs, array("h", samples)))


async def test_a_wav_is_audible_and_its_length_follows_the_text(base_url: str) -> None:
    async with sdk(base_url) as client:
        files = [
            io.BytesIO(await speak(client, text, speed=speed))
            for text, speed in (("Hi.", 1.0), ("Hi. " * 10, 1.0), ("Hi. " * 10, 2.0))
        ]
    with wave.open(files[0]) as short, wave.open(files[1]) as long, wave.open(files[2]) as fast:
        assert (long.getframerate(), long.getnchannels(), long.getsampwidth()) == (24_000, 1, 2)
        assert long.getnframes() == 10 * short.getnframes()
        assert fast.getnframes() == pytest.approx(long.getnframes() / 2, rel=0.01)
        samples = long.readframes(long.getnframes())
    assert loudest(samples) > 5_000
    # No clicks: no jump between two samples that a tone would not make.
    assert max(abs(second - first) for first, second in pairwise(array("h", samples))) < 2_000


async def test_pcm_is_the_bare_samples_of_the_wav(base_url: str) -> None:
    async with sdk(base_url) as client:
        pcm = await speak(client, response_format="pcm")
        with wave.open(io.BytesIO(await speak(client))) as file:
            assert file.readframes(file.getnframes()) == pcm
        streamed = b""
        async with client.audio.speech.with_streaming_response.create(
            model="tts-1", voice="alloy", input=TEXT, response_format="pcm"
        ) as response:
            async for piece in response.iter_bytes(4096):
                streamed += piece
    assert streamed == pcm


async def test_speech_comes_as_events_where_they_are_asked_for(base_url: str) -> None:
    body = {"model": "m", "voice": "alloy", "input": TEXT, "response_format": "pcm"}
    async with httpx2.AsyncClient(headers={"authorization": f"Bearer {sandbox_key()}"}) as client:
        response = await client.post(f"{base_url}/audio/speech", json={**body, "stream_format": "sse"})
        whole = await client.post(f"{base_url}/audio/speech", json=body)
    *deltas, done = parsed_events(response.text)
    assert {event["type"] for event in deltas} == {"speech.audio.delta"}
    assert b"".join(base64.b64decode(event["audio"]) for event in deltas) == whole.content
    assert done["type"] == "speech.audio.done"
    assert done["usage"]["total_tokens"] == done["usage"]["input_tokens"] + done["usage"]["output_tokens"] > 20


@pytest.mark.parametrize("kind", ["mp3", "opus", "aac", "flac"])
async def test_other_formats_are_refused(base_url: str, kind: str) -> None:
    async with sdk(base_url) as client:
        with pytest.raises(BadRequestError, match="wav and pcm") as raised:
            await speak(client, response_format=kind)
    assert raised.value.param == "response_format"


@pytest.mark.parametrize("text", [TEXT, "Ünïcode ✓ 漢字", "x" * 4096, "…"])
async def test_what_is_spoken_is_transcribed(base_url: str, text: str) -> None:
    async with sdk(base_url) as client:
        audio = await speak(client, text)
        heard = await client.audio.transcriptions.create(file=("a.wav", audio, "audio/wav"), model="gpt-transcribe")
    assert heard.text == text
    assert heard.usage
    assert heard.usage.type == "tokens"


async def test_a_transcription_comes_in_every_form_the_sdk_reads(base_url: str) -> None:
    async with sdk(base_url) as client:
        audio = await speak(client)
        with wave.open(io.BytesIO(audio)) as file:
            seconds = file.getnframes() / file.getframerate()
        asked: Any = {"file": ("a.wav", audio, "audio/wav"), "model": "gpt-transcribe"}
        plain = await client.audio.transcriptions.create(**asked, response_format="text")
        verbose = await client.audio.transcriptions.create(**asked, response_format="verbose_json", language="en")
        stream = await client.audio.transcriptions.create(**asked, stream=True)
        events = [event async for event in stream]
    assert plain.strip() == verbose.text == TEXT
    assert (verbose.duration, verbose.language) == (pytest.approx(seconds), "en")
    *deltas, done = events
    assert done.type == "transcript.text.done"
    assert "".join(event.delta for event in deltas) == done.text == TEXT
    assert done.usage.input_tokens == round(10 * seconds)


def bare_wav() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 16_000, 0, "NONE", ""))
        writer.writeframes(bytes(32_000))
    return file.getvalue()


@pytest.mark.parametrize(
    ("audio", "tokens"),
    [
        (bare_wav(), 10),
        (b"", 0),
        (b"RIFF", 0),
        (b"RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\xffINFOICMT", 0),
        (b"x" * 99, 0),
    ],
    ids=["no comment", "empty", "cut", "lying", "noise"],
)
async def test_what_carries_no_text_is_heard_as_nothing(base_url: str, audio: bytes, tokens: int) -> None:
    async with sdk(base_url) as client:
        heard = await client.audio.transcriptions.create(file=("a.wav", audio), model="gpt-transcribe")
    assert heard.text == ""
    assert heard.usage
    assert heard.usage.type == "tokens"
    assert heard.usage.input_tokens == tokens


@pytest.mark.parametrize(
    ("fields", "files", "param"),
    [
        ({"model": "m"}, {"other": b"x"}, "file"),
        ({}, {"file": b"x"}, "model"),
        ({"model": "m", "response_format": "srt"}, {"file": b"x"}, "response_format"),
    ],
)
async def test_an_upload_that_lacks_a_part_is_refused(
    base_url: str, fields: dict[str, str], files: dict[str, bytes], param: str
) -> None:
    async with httpx2.AsyncClient(headers={"authorization": f"Bearer {sandbox_key()}"}) as client:
        response = await client.post(f"{base_url}/audio/transcriptions", data=fields, files=files)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param
