"""One webhook, signed as the Standard Webhooks specification says, so that its receivers' libraries can check it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
import json
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from datetime import UTC, datetime
from hashlib import sha256

from django.conf import settings

from apps.routing.delivery_failed import DeliveryFailed
from apps.routing.models import Notification

TIMEOUT_S = 5.0
SECRET_PREFIX = "whsec_"  # noqa: S105  what every such secret begins with
#: What the specification asks of a secret's length.
SECRET_BYTES = range(24, 65)
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def post(notification: Notification, *, at: datetime) -> None:
    """Sends it once and waits for the answer's status. Raises DeliveryFailed for whatever is not a success."""
    import httpx2

    body = body_of(notification)
    headers = {"Content-Type": "application/json", "User-Agent": "gvses", **signed_headers(notification, body, at=at)}
    try:
        url = httpx2.URL(settings.ROLLOUT_WEBHOOK_URL)
        with (
            # A redirect would carry the message to a server that nobody configured; nothing of the answer is read.
            httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=url.host not in LOOPBACK) as client,
            client.stream("POST", url, content=body, headers=headers) as response,
        ):
            status = response.status_code
    except httpx2.TimeoutException:
        raise DeliveryFailed(f"The webhook did not answer within {TIMEOUT_S:g} s.") from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise DeliveryFailed(f"The webhook could not be reached ({type(error).__name__}).") from None
    if 300 <= status < 400:
        raise DeliveryFailed(f"The webhook answered {status}, a redirect, which is not followed.")
    if not 200 <= status < 300:
        raise DeliveryFailed(f"The webhook answered {status}.")


def body_of(notification: Notification) -> bytes:
    content = {
        "type": f"{notification.topic}.{notification.kind}",
        "timestamp": notification.at.astimezone(UTC).isoformat(),
        "data": {**notification.data, "subject": notification.subject, "body": notification.body},
    }
    return json.dumps(content, ensure_ascii=False).encode()


def signed_headers(notification: Notification, body: bytes, *, at: datetime) -> dict[str, str]:
    """The id stays the same with each try. While a secret is being replaced there are two, and a signature by each."""
    message_id, timestamp = f"msg_{notification.pk.hex}", int(at.timestamp())
    signatures = [signature(key, message_id=message_id, timestamp=timestamp, body=body) for key in keys()]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def signature(key: bytes, *, message_id: str, timestamp: int, body: bytes) -> str:
    """Of the first version, which is the one with a shared secret."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{b64encode(hmac.digest(key, signed, sha256)).decode()}"


def keys() -> list[bytes]:
    """The bytes of each secret. Raises ValueError with a sentence, which does not quote the secret."""
    return [_key(secret) for secret in settings.ROLLOUT_WEBHOOK_SECRET]


def _key(secret: str) -> bytes:
    try:
        key = b64decode(secret.removeprefix(SECRET_PREFIX), validate=True) if secret.startswith(SECRET_PREFIX) else b""
    except NotBase64:
        key = b""
    if len(key) not in SECRET_BYTES:
        raise ValueError(
            f"ROLLOUT_WEBHOOK_SECRET is no secret of a webhook: {SECRET_PREFIX} and then {SECRET_BYTES.start} to "
            f"{SECRET_BYTES.stop - 1} bytes as base64."
        )
    return key
