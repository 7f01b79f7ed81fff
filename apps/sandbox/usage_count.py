"""How much crossed the wire, counted by one plain rule: every word and every punctuation mark is a token.

It is no model's own count. Of a request, the texts, names and numbers of its instructions, input, tools and format
count, field names included; of an answer, its text, or the name and arguments of each call.
"""

import re
from typing import Any

TOKEN = re.compile(r"\w+|[^\w\s]")


def tokens(value: Any) -> int:
    match value:
        case None:
            return 0
        case str():
            return sum(1 for _ in TOKEN.finditer(value))
        case dict():
            return sum(tokens(name) + tokens(child) for name, child in value.items())
        case list() | tuple():
            return sum(map(tokens, value))
        case _:
            return 1


def usage(*, tokens_input: int, tokens_output: int) -> dict[str, Any]:
    """As the Responses and Decisions APIs write it; nothing is cached and nothing is reasoned here."""
    return {
        "input_tokens": tokens_input,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": tokens_output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": tokens_input + tokens_output,
    }
