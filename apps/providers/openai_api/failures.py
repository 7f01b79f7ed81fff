"""What the SDK and the wire can throw, in our words. Vendor exceptions go no further than a provider."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from apps.providers.errors import (
    AccessRefused,
    ProviderError,
    ProviderProtocolError,
    ProviderUnavailable,
    RequestRejected,
)

if TYPE_CHECKING:
    import httpx2
    import openai

#: `error.code` of a 429 that no waiting mends.
QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "quota_exceeded"})
LATE = "The answer took too long. Ask again."


@contextmanager
def translated() -> Iterator[None]:
    """Raises ProviderError in place of whatever the SDK raises inside the block."""
    try:
        yield
    except ProviderError:
        raise
    except Exception as error:
        ours = in_our_words(error)
        if ours is None:
            raise
        raise ours from error


def in_our_words(error: BaseException) -> ProviderError | None:
    """The ProviderError for an exception of the SDK or its transport; None for one of our own."""
    import json

    import httpx2
    import openai

    match error:
        case openai.APIStatusError():
            return _for_status(error)
        case openai.APITimeoutError() if isinstance(error.__cause__, httpx2.ConnectTimeout):
            return ProviderUnavailable(LATE, code="connect_timeout")
        case openai.APITimeoutError() | httpx2.ReadTimeout():
            return ProviderUnavailable(LATE, code="stalled")
        case openai.APIConnectionError() if isinstance(error.__cause__, httpx2.ConnectError):
            return ProviderUnavailable(code="refused")
        case openai.APIConnectionError() | httpx2.TransportError():
            return ProviderUnavailable(code="cut")
        case openai.APIResponseValidationError() | json.JSONDecodeError() | UnicodeDecodeError():
            return ProviderProtocolError(code="malformed")
        case openai.APIError():
            # The SDK raises the bare class for an `error` event inside a stream.
            return failed_in_stream(code=str(error.code or ""))
    return None


def failed_in_stream(*, code: str) -> ProviderError:
    """The error for `response.failed` and `error` events, by the `code` they carry."""
    if code in QUOTA_CODES:
        return AccessRefused(code="quota")
    if code == "rate_limit_exceeded":
        return ProviderUnavailable(code="rate_limited")
    if code in ("invalid_prompt", "context_length_exceeded", "invalid_request"):
        return RequestRejected()
    return ProviderUnavailable(code="upstream_failed")


def _for_status(error: "openai.APIStatusError") -> ProviderError:
    match error.status_code:
        case 401:
            return AccessRefused(code="unauthorized")
        case 403:
            return AccessRefused(code="forbidden")
        case 404:
            return AccessRefused(code="model_not_found")
        case 402:
            return AccessRefused(code="quota")
        case 429 if error.code in QUOTA_CODES or error.type in QUOTA_CODES:
            return AccessRefused(code="quota")
        case 429:
            return ProviderUnavailable(code="rate_limited", retry_after_s=_retry_after_s(error.response.headers))
        case 408 | 409:
            return ProviderUnavailable()
        case status if status >= 500:
            return ProviderUnavailable(code="server_error")
        case _:
            return RequestRejected()


def _retry_after_s(headers: "httpx2.Headers") -> float | None:
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) / unit)
        except (KeyError, ValueError):
            continue
    return None
