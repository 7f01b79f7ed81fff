"""The price list that genai-prices bundles: no request leaves for it.

The list is 1.6 MB of Python. `load_prices` reads it in a thread when the first client is made; a cost asked for
earlier reads it where it is asked for.
"""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from typing import Any

#: What each count of a call is sold by, as the list names it.
SOLD_BY = {"input_tokens": "input_mtok", "output_tokens": "output_mtok"}
AUDIO = ("audio_hours", "input_audio_hours")
CHARACTERS = ("input_mchars",)


def load_prices() -> None:
    """Reads the bundled list, so that no later call does. Safe in any thread: imports lock themselves."""
    listed_tokens(model="gpt-4o", at=None, tokens_input=0, tokens_output=0, tokens_cached=0, tokens_cache_written=0)
    list_version()


@cache
def list_version() -> str:
    return f"genai-prices {version('genai-prices')}"


def listed_tokens(
    *,
    model: str,
    at: datetime | None,
    tokens_input: int,
    tokens_output: int,
    tokens_cached: int,
    tokens_cache_written: int,
) -> Decimal | None:
    """US dollars, or None for a model that is not listed or not sold by what it used. Cached and written are input."""
    counts = {"input_tokens": tokens_input, "output_tokens": tokens_output}
    needed = [SOLD_BY[name] for name, count in counts.items() if count]
    counts |= {"cache_read_tokens": tokens_cached, "cache_write_tokens": tokens_cache_written}
    return _listed(model, at, counts, all_of=needed)


def listed_audio(*, model: str, at: datetime | None, audio_seconds: float) -> Decimal | None:
    """As `listed_tokens`, for a model that is sold by how long it listens."""
    return _listed(model, at, {"audio_seconds": Decimal(str(audio_seconds))}, one_of=AUDIO)


def listed_characters(*, model: str, at: datetime | None, characters: int) -> Decimal | None:
    """As `listed_tokens`, for a model that is sold by what it speaks."""
    return _listed(model, at, {"input_characters": characters}, one_of=CHARACTERS)


def _listed(
    model: str,
    at: datetime | None,
    counts: dict[str, Any],
    *,
    all_of: Collection[str] = (),
    one_of: Collection[str] = (),
) -> Decimal | None:
    from genai_prices import Usage, calc_price

    try:
        found = calc_price(Usage(**counts), model_ref=model, provider_id="openai", genai_request_timestamp=at)
    except (LookupError, ValueError):
        return None
    # The list counts what a model is not sold by as free.
    sold_by = [name for name in (*all_of, *one_of) if getattr(found.model_price, name, None) is not None]
    if len([name for name in sold_by if name in all_of]) < len(all_of) or (one_of and not sold_by):
        return None
    return found.total_price
