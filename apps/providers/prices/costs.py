"""What a model call costs: by the prices that operations entered, else by the bundled list, else nobody knows.

An unknown price is None, never 0. Costs are rounded once, here and call by call, to what a row holds: so the calls of
an attempt, and the attempts of a turn, add up exactly.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from apps.providers.prices.listed import list_version, listed_audio, listed_characters, listed_tokens
from apps.providers.prices.overrides import Override, OverrideTable, overrides_known

#: The sandbox puts this before a model's name. It is on this machine, so it costs nothing unless somebody says so.
SANDBOX_PREFIX = "sandbox/"
#: The version of the prices that this has.
SANDBOX = "sandbox"
PLACES = Decimal("1E-8")
#: A call that would cost more was counted wrong. The sums of a turn stay within the columns.
MOST_USD = 10_000
MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """US dollars and the prices behind them: "genai-prices 0.2.3", "override 7". Unknown is None and ""."""

    usd: Decimal | None
    version: str

    @property
    def as_float(self) -> float | None:
        return None if self.usd is None else float(self.usd)


UNKNOWN = Cost(usd=None, version="")


def token_cost(
    *,
    model: str,
    tokens_input: int,
    tokens_output: int,
    tokens_cached: int = 0,
    tokens_cache_written: int = 0,
    at: datetime | None = None,
    overrides: OverrideTable = overrides_known,
) -> Cost:
    """Of one call, by the prices of the moment `at`, now by default.

    Cached tokens, and those written to the cache, are part of the input; reasoning is part of the output.
    """
    at = at or datetime.now(UTC)
    tokens_cached = min(tokens_cached, tokens_input)
    tokens_cache_written = min(tokens_cache_written, tokens_input - tokens_cached)
    if override := overrides.override_of(model, at=at):
        return _cost(
            _tokens_by(override, tokens_input=tokens_input, tokens_output=tokens_output, tokens_cached=tokens_cached),
            override.version,
        )
    if model.startswith(SANDBOX_PREFIX):
        return Cost(usd=Decimal(0), version=SANDBOX)
    listed = listed_tokens(
        model=model,
        at=at,
        tokens_input=tokens_input,
        tokens_output=tokens_output,
        tokens_cached=tokens_cached,
        tokens_cache_written=tokens_cache_written,
    )
    return _cost(listed, list_version())


def transcription_cost(
    *, model: str, audio_seconds: float, at: datetime | None = None, overrides: OverrideTable = overrides_known
) -> Cost:
    """Of speech that a model turned into text. Unknown for a model that is sold by the token."""
    at = at or datetime.now(UTC)
    if override := overrides.override_of(model, at=at):
        return _cost(_times(override.usd_per_audio_minute, Decimal(str(audio_seconds)), per=60), override.version)
    if model.startswith(SANDBOX_PREFIX):
        return Cost(usd=Decimal(0), version=SANDBOX)
    return _cost(listed_audio(model=model, at=at, audio_seconds=audio_seconds), list_version())


def speech_cost(
    *, model: str, characters: int, at: datetime | None = None, overrides: OverrideTable = overrides_known
) -> Cost:
    """Of text that a model spoke. Unknown for a model that is sold by the token."""
    at = at or datetime.now(UTC)
    if override := overrides.override_of(model, at=at):
        return _cost(_times(override.usd_per_million_characters, characters, per=MILLION), override.version)
    if model.startswith(SANDBOX_PREFIX):
        return Cost(usd=Decimal(0), version=SANDBOX)
    return _cost(listed_characters(model=model, at=at, characters=characters), list_version())


def _tokens_by(override: Override, *, tokens_input: int, tokens_output: int, tokens_cached: int) -> Decimal | None:
    cached_price = override.usd_per_million_cached
    parts = (
        _times(override.usd_per_million_input, tokens_input - tokens_cached, per=MILLION),
        _times(
            override.usd_per_million_input if cached_price is None else cached_price,
            tokens_cached,
            per=MILLION,
        ),
        _times(override.usd_per_million_output, tokens_output, per=MILLION),
    )
    known = [part for part in parts if part is not None]
    return sum(known, Decimal()) if len(known) == len(parts) else None


def _times(price: Decimal | None, count: int | Decimal, *, per: int) -> Decimal | None:
    """Nothing used costs nothing, whatever the price; None where it is used and has none."""
    if not count:
        return Decimal()
    return None if price is None else price * count / per


def _cost(usd: Decimal | None, version: str) -> Cost:
    if usd is None or not usd.is_finite() or not 0 <= usd <= MOST_USD:
        return UNKNOWN
    return Cost(usd=usd.quantize(PLACES), version=version)
