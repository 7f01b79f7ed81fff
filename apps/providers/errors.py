"""What can go wrong at a provider, in our words.

ProviderError
├── ProviderUnavailable     refused, timed out, 5xx, cut off; asking again may help
└── ProviderProtocolError   it answered something that is no answer
"""


class ProviderError(Exception):
    """`retryable`: another try may succeed. `str(error)` is safe to show to a person."""

    retryable = True
    code = "provider_error"


class ProviderUnavailable(ProviderError):
    code = "unavailable"


class ProviderProtocolError(ProviderError):
    code = "protocol"
