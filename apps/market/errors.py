"""What can go wrong with market data, each with a sentence for the person who asked.

MarketError
├── UnknownSymbol      no such instrument; offers the nearest names
├── NoData             a known symbol that this source has no bars for
├── NotEnoughHistory   too few bars for what was asked
├── BadArguments       a tool was called with arguments it cannot take
└── SourceUnavailable  the source refused, timed out or limited us; asking again may help
"""

from typing import Any


class MarketError(Exception):
    """`str(error)` is safe to show; `details` holds what a caller can use, as JSON values."""

    code = "market_error"
    retryable = False

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.details = details


class UnknownSymbol(MarketError):
    """`details["nearest"]`: up to three known symbols that read alike."""

    code = "unknown_symbol"


class NoData(MarketError):
    code = "no_data"


class NotEnoughHistory(MarketError):
    code = "not_enough_history"


class BadArguments(MarketError):
    code = "bad_arguments"


class SourceUnavailable(MarketError):
    code = "source_unavailable"
    retryable = True
