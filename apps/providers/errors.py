"""What can go wrong at a provider, in our words.

ProviderError
├── ProviderNotConfigured   no key, no server: never tried
├── ProviderUnavailable     refused, timed out, 5xx, cut off; asking again may help
├── ProviderRejected        our request was at fault; another provider would say the same
└── ProviderProtocolError   it answered something that is no answer
"""


class ProviderError(Exception):
    """`retryable`: another try may succeed. `str(error)` is safe to show to a person."""

    retryable = True
    code = "provider_error"


class ProviderNotConfigured(ProviderError):
    retryable = False
    code = "not_configured"


class ProviderUnavailable(ProviderError):
    code = "unavailable"


class ProviderRejected(ProviderError):
    retryable = False
    code = "rejected"


class ProviderProtocolError(ProviderError):
    code = "protocol"
