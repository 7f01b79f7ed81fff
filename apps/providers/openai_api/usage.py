"""Token counts as the event that the request log sums up."""

from collections.abc import Mapping
from typing import Any

from apps.providers.events import Usage
from apps.providers.prices.costs import token_cost

#: More than any model reads or writes in one call; what says more is no count. Sums of a turn stay within the columns.
MOST_TOKENS = 10_000_000


def usage_event(*, model: str, usage: Any) -> Usage | None:
    """The `usage` of a response, as an object or as JSON; None where the server counted nothing.

    Compatible servers leave fields out, so each may be missing. Cached tokens are part of the input and reasoning
    tokens part of the output, as the API counts them; neither can be more than what it is part of.
    """
    tokens_input = _count(usage, "input_tokens")
    tokens_output = _count(usage, "output_tokens")
    if not (tokens_input or tokens_output):
        return None
    details = _field(usage, "input_tokens_details")
    tokens_cached = min(_count(details, "cached_tokens"), tokens_input)
    cost = token_cost(
        model=model,
        tokens_input=tokens_input,
        tokens_output=tokens_output,
        tokens_cached=tokens_cached,
        tokens_cache_written=_count(details, "cache_write_tokens"),
    )
    return Usage(
        tokens_input=tokens_input,
        tokens_output=tokens_output,
        tokens_cached=tokens_cached,
        tokens_reasoning=min(_count(_field(usage, "output_tokens_details"), "reasoning_tokens"), tokens_output),
        cost_usd=cost.as_float,
        model=model,
        price_version=cost.version,
    )


def _field(holder: Any, name: str) -> Any:
    return holder.get(name) if isinstance(holder, Mapping) else getattr(holder, name, None)


def _count(holder: Any, name: str) -> int:
    value = _field(holder, name)
    # The SDK does not validate what a server sends.
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return value if is_count and 0 < value <= MOST_TOKENS else 0
