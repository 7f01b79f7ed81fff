"""Sound that stands for a text and is no speech: a tone a word, as long as the word, as WAV or raw samples.

A WAV carries the text it stands for in the INFO chunk's comment (ICMT, UTF-8), which is where the sandbox's own
transcription reads it: it cannot hear. Raw samples carry no text.
"""

import math
import re
import struct
import sys
from array import array
from collections.abc import Iterator
from functools import lru_cache

RATE = 24_000
BYTES_PER_SECOND = 2 * RATE
#: About as long as speech takes.
SECONDS_PER_LETTER = 0.06
PAUSE_S = 0.05
LONGEST_WORD = 12
LOUDNESS = 9_000
FADE = RATE // 100
#: A pentatonic scale from A3: no two of its tones clash.
PITCHES_HZ = (220.0, 247.5, 277.5, 330.0, 370.0, 440.0, 495.0, 555.0)
WORD = re.compile(r"\w+")


def samples(text: str, speed: float) -> Iterator[bytes]:
    """Mono 16-bit little-endian samples at 24 kHz, word by word; a text without words is a short silence."""
    pause = bytes(2 * int(RATE * PAUSE_S / speed))
    for word in WORD.findall(text):
        letters = min(len(word), LONGEST_WORD)
        pitch = PITCHES_HZ[sum(map(ord, word.lower())) % len(PITCHES_HZ)]
        yield tone(pitch, int(RATE * SECONDS_PER_LETTER * letters / speed)) + pause
    if not WORD.search(text):
        yield pause


@lru_cache(maxsize=256)
def tone(pitch_hz: float, n_samples: int) -> bytes:
    """One tone, faded in and out so that it does not click."""
    step = 2 * math.pi * pitch_hz / RATE
    values = array(
        "h",
        (
            int(LOUDNESS * min(1.0, index / FADE, (n_samples - index) / FADE) * math.sin(step * index))
            for index in range(n_samples)
        ),
    )
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def wav(text: str, speed: float) -> Iterator[bytes]:
    """The same as a WAV file that carries `text`; its header first."""
    pieces = list(samples(text, speed))
    n_bytes = sum(map(len, pieces))
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE, BYTES_PER_SECOND, 2, 16)
    info = chunk(b"LIST", b"INFO" + chunk(b"ICMT", text.encode() + b"\0"))
    head = b"WAVE" + form + info + b"data" + struct.pack("<I", n_bytes)
    yield b"RIFF" + struct.pack("<I", len(head) + n_bytes) + head
    yield from pieces


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk of RIFF content with its name, as far as it goes; the last one may be cut short."""
    place = 0
    while place + 8 <= len(data):
        name, length = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        yield name, data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2


def carried(audio: bytes) -> tuple[str, float]:
    """The text that a WAV carries and its length in seconds; "" and 0 for anything else."""
    if audio[:4] != b"RIFF" or audio[8:12] != b"WAVE":
        return "", 0.0
    text, bytes_per_second, n_bytes = "", 0, 0
    for name, content in chunks(audio[12:]):
        if name == b"fmt " and len(content) >= 16:
            bytes_per_second = int.from_bytes(content[8:12], "little")
        elif name == b"data":
            n_bytes += len(content)
        elif name == b"LIST" and content[:4] == b"INFO":
            notes = dict(chunks(content[4:]))
            text = notes.get(b"ICMT", b"").rstrip(b"\0").decode(errors="replace")
    return text, n_bytes / bytes_per_second if bytes_per_second else 0.0
