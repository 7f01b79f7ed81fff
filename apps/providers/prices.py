"""What a model call costs, from the price list that genai-prices bundles: no request leaves for it.

The list is 1.6 MB of Python. `load_prices` reads it in a thread when the first client is made; a cost asked for
earlier reads it where it is asked for.
"""

from decimal import Decimal
from typing import NamedTuple

#: The sandbox puts this before a model's name. It is on this machine, so it costs nothing.
SANDBOX_PREFIX = "sandbox/"


class Price(NamedTuple):
    """US dollars for a million tokens."""

    input: float
    cached: float
    output: float


#: Prices that the bundled list lacks or has wrong; a model named here is not looked up there.
OVERRIDES: dict[str, Price] = {}


def cost_usd(*, model: str, tokens_input: int, tokens_output: int, tokens_cached: int = 0) -> float | None:
    """US dollars for one call, or None where the price is not known. `tokens_cached` are part of `tokens_input`."""
    if model.startswith(SANDBOX_PREFIX):
        return 0.0
    tokens_cached = min(tokens_cached, tokens_input)
    if price := OVERRIDES.get(model):
        fresh = tokens_input - tokens_cached
        return (fresh * price.input + tokens_cached * price.cached + tokens_output * price.output) / 1_000_000
    total = _listed(model, tokens_input, tokens_output, tokens_cached)
    return None if total is None else float(total)


def load_prices() -> None:
    """Reads the bundled list, so that no later call does. Safe in any thread: imports lock themselves."""
    _listed("gpt-4o", 0, 0, 0)


def _listed(model: str, tokens_input: int, tokens_output: int, tokens_cached: int) -> Decimal | None:
    from genai_prices import Usage, calc_price

    usage = Usage(input_tokens=tokens_input, cache_read_tokens=tokens_cached, output_tokens=tokens_output)
    try:
        total = calc_price(usage, model_ref=model, provider_id="openai").total_price
    except (LookupError, ValueError):
        return None
    # Tokens that cost nothing belong to a model which is sold by the second or the character.
    return total if total or not (tokens_input or tokens_output) else None
