"""A command line that asks one question with an override header, ready to run."""

from shlex import quote
from uuid import uuid4

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import get_random_string

from apps.routing.overrides.header import HEADER

#: What stands in the line for a secret that it must not hold.
YOUR_SESSION = "YOUR-SESSION-COOKIE"
CSRF_SECRET_CHARACTERS = 32


def curl_example(*, origin: str, value: str) -> str:
    """Asks in a new conversation at that origin, such as "https://example.com".

    Where strangers may not ask, the reader puts the cookie of their own session into it.
    """
    token = get_random_string(CSRF_SECRET_CHARACTERS)
    cookies = f"{settings.CSRF_COOKIE_NAME}={token}"
    if not settings.ANONYMOUS_CHAT:
        cookies += f"; {settings.SESSION_COOKIE_NAME}={YOUR_SESSION}"
    parts = [
        f"curl -N {quote(origin + reverse('chat:turns', args=[uuid4()]))}",
        f"-b {quote(cookies)}",
        f"-H {quote(f'X-CSRFToken: {token}')}",
        f"-H {quote(f'Origin: {origin}')}",
        f"-H {quote(f'{HEADER}: {value}')}",
        f"-H {quote('Accept: text/event-stream')}",
        f"--data-urlencode {quote('message=What is the price of AAPL?')}",
    ]
    return " \\\n  ".join(parts)
