"""What the SDK and the wire can throw, in our words. Vendor exceptions go no further than a provider."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
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

#: What the API says in `error.code` or `error.type` where no waiting helps until somebody pays.
QUOTA_CODES = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
        "quota_exceeded",
        "session_budget_exceeded",
    }
)
KEY_CODES = frozenset({"invalid_api_key", "authentication_error", "account_deactivated"})
MODEL_CODES = frozenset(
    {"model_not_found", "model_not_available", "model_not_supported", "model_decommissioned", "unknown_model"}
)
RATE_CODES = frozenset({"rate_limit_exceeded", "rate_limit_error"})
CONTENT_CODES = frozenset({"content_filter", "content_policy_violation"})
REQUEST_CODES = frozenset({"invalid_prompt", "context_length_exceeded", "invalid_request", "invalid_request_error"})
LATE = "The answer took too long. Ask again."


@contextmanager
def translated() -> Iterator[None]:
    """Raises ProviderError in place of whatever the SDK raises inside the block, which holds SDK calls alone."""
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
    import ssl

    import aiohttp
    import httpx2
    import openai

    match error:
        case openai.APIStatusError():
            return _for_status(error)
        case openai.APIResponseValidationError():
            return ProviderProtocolError(code="malformed")
        case openai.APIConnectionError():
            return _for_transport(error.__cause__)
        # Reading the body of a refusal is not guarded by the SDK.
        case httpx2.RequestError() | httpx2.StreamError() | aiohttp.ClientError() | ssl.SSLError():
            return _for_transport(error)
        case openai.APIError():
            # The SDK raises the bare class for an error that stands inside a stream.
            return failed_in_stream(code=str(error.code or error.type or ""))
        case httpx2.InvalidURL() | ExceptionGroup():
            # Also a port that no socket takes, which comes as a group.
            return ProviderUnavailable(code="refused")
        case UnicodeEncodeError(encoding="ascii"):
            # A key that no header can carry.
            return AccessRefused(code="unauthorized")
        case openai.OpenAIError() | json.JSONDecodeError() | UnicodeError() | RecursionError():
            return ProviderProtocolError(code="malformed")
    return None


def failed_in_stream(*, code: str) -> ProviderError:
    """The error for `response.failed` and `error` events, by the `code` they carry."""
    return _for_code(code) or ProviderUnavailable(code="upstream_failed")


def failed_at_the_end(*, kind: str, status: object, reason: object, code: object) -> ProviderError | None:
    """What the last event of a stream says went wrong, by its type or, from looser servers, by the status inside it.

    `reason` stands in its `incomplete_details`, `code` in its `error`. None where nothing went wrong.
    """
    match kind, status:
        case ("response.incomplete", _) | (_, "incomplete"):
            if reason == "content_filter":
                return RequestRejected(code="content_filter")
            return ProviderProtocolError(code="incomplete")
        case ("response.failed", _) | (_, "failed" | "cancelled"):
            return failed_in_stream(code=str(code or ""))
    return None


def _for_code(code: str) -> ProviderError | None:
    """The error that a code names whatever carried it, or None for any other code."""
    if code in QUOTA_CODES:
        return AccessRefused(code="quota")
    if code in KEY_CODES:
        return AccessRefused(code="unauthorized")
    if code in MODEL_CODES:
        return AccessRefused(code="model_not_found")
    if code in RATE_CODES:
        return ProviderUnavailable(code="rate_limited")
    if code in CONTENT_CODES:
        return RequestRejected(code="content_filter")
    if code in REQUEST_CODES:
        return RequestRejected()
    return None


def _for_transport(error: BaseException | None) -> ProviderError:
    import aiohttp
    import httpx2

    # The adapter between the SDK and aiohttp has few names for errors; underneath, each still has its own.
    match error.__cause__ if error and isinstance(error.__cause__, aiohttp.ClientError) else error:
        case aiohttp.ConnectionTimeoutError() | httpx2.ConnectTimeout() | httpx2.PoolTimeout():
            return ProviderUnavailable(LATE, code="connect_timeout")
        case aiohttp.ServerTimeoutError() | httpx2.TimeoutException():
            return ProviderUnavailable(LATE, code="stalled")
        case aiohttp.ClientConnectorError() | aiohttp.ClientHttpProxyError():
            return ProviderUnavailable(code="refused")
        case aiohttp.InvalidURL() | aiohttp.NonHttpUrlClientError():
            return ProviderUnavailable(code="refused")
        case httpx2.ConnectError() | httpx2.ProxyError() | httpx2.UnsupportedProtocol():
            return ProviderUnavailable(code="refused")
        case httpx2.DecodingError() | httpx2.TooManyRedirects():
            return ProviderProtocolError(code="malformed")
    return ProviderUnavailable(code="cut")


def _for_status(error: "openai.APIStatusError") -> ProviderError:
    wait_s = _retry_after_s(error.response.headers)
    match error.status_code:
        case 401:
            return AccessRefused(code="unauthorized")
        case 402:
            return AccessRefused(code="quota")
        case 403:
            return AccessRefused(code="forbidden")
        case 404 | 405 | 410:
            return AccessRefused(code="model_not_found")
        case 429 if error.code in QUOTA_CODES or error.type in QUOTA_CODES:
            return AccessRefused(code="quota")
        case 429:
            return ProviderUnavailable(code="rate_limited", retry_after_s=wait_s)
        case status if status in (408, 409, 425) or status >= 500:
            return ProviderUnavailable(code="server_error", retry_after_s=wait_s)
        case 400 if error.param == "model":
            return AccessRefused(code="model_not_found")
        case status if status >= 400:
            return _for_code(error.code or "") or RequestRejected()
        case _:
            # It sends us elsewhere; the client does not go.
            return ProviderUnavailable(code="refused")


def _retry_after_s(headers: "httpx2.Headers") -> float | None:
    """Seconds to wait as the server asked for, in milliseconds, seconds or up to a date."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            wait_s = float(value) / unit
        except ValueError:
            continue
        return max(0.0, wait_s) if math.isfinite(wait_s) else None
    try:
        until = parsedate_to_datetime(headers["retry-after"])
    except (KeyError, ValueError):
        return None
    # A date without a zone is in UTC, as HTTP has it.
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
