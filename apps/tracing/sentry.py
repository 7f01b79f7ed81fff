"""Errors and slow requests, told to Sentry: what failed, where in the code, for which turn; nothing that people wrote.

Without `SENTRY_DSN` the SDK is not even imported. What may leave is decided in `sentry_events.py`, not by the SDK,
whose defaults send bodies, variables and whole log lines. Its integrations are named one by one: those for AI clients
would count the tokens of each turn a second time, others would send the command line, or our trace's id upstream.
"""

import logging
import time
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.core.request_ids import Application, Receive, Send
from apps.tracing import sentry_events, sentry_turns
from apps.tracing.turn_trace import TurnTrace

#: The longest that the end of a process waits for what is still to be sent.
SHUTDOWN_S = 2
#: They say of the tracing itself, or of strangers' Host headers, what no error of the product is.
UNHEARD = (
    "langfuse*",
    "opentelemetry*",
    "backoff",
    "django.security.DisallowedHost",
    "django.security.DisallowedModelAdminLookup",
)
#: A stranger's wish to have a request traced, and under which id.
FOREIGN_TRACE = (b"sentry-trace", b"baggage", b"traceparent")

_is_on = False


def is_on() -> bool:
    return _is_on


def start() -> None:
    """Once a process, when Django is set up. Raises ImproperlyConfigured for a DSN that cannot be read."""
    global _is_on
    if _is_on or not settings.SENTRY_DSN:
        return
    import sentry_sdk
    from sentry_sdk.integrations.atexit import AtexitIntegration
    from sentry_sdk.integrations.dedupe import DedupeIntegration
    from sentry_sdk.integrations.django import DjangoIntegration
    from sentry_sdk.integrations.excepthook import ExcepthookIntegration
    from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger
    from sentry_sdk.integrations.threading import ThreadingIntegration
    from sentry_sdk.utils import BadDsn

    try:
        sentry_sdk.init(
            dsn=settings.SENTRY_DSN,
            environment=settings.SENTRY_ENVIRONMENT,
            release=settings.SENTRY_RELEASE or None,
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[
                DjangoIntegration(middleware_spans=False, signals_spans=False, cache_spans=False),
                LoggingIntegration(level=logging.INFO, event_level=logging.ERROR),
                ExcepthookIntegration(),
                ThreadingIntegration(propagate_scope=False),
                DedupeIntegration(),
                AtexitIntegration(callback=lambda pending, timeout: None),
            ],
            data_collection={
                "user_info": False,
                "cookies": {"mode": "off"},
                "http_headers": {"request": {"mode": "off"}},
                "http_bodies": [],
                "url_query_params": {"mode": "off"},
                "gen_ai": {"inputs": False, "outputs": False},
                "database_query_data": False,
                "stack_frame_variables": False,
            },
            max_request_body_size="never",
            auto_session_tracking=False,
            spotlight=False,
            shutdown_timeout=SHUTDOWN_S,
            traces_sampler=_share,
            before_send=cast(Any, sentry_events.error_that_leaves),
            before_send_transaction=cast(Any, sentry_events.transaction_that_leaves),
            before_breadcrumb=sentry_events.breadcrumb_that_leaves,
        )
    except BadDsn:
        # The sentence of the SDK quotes the address, and a key is in it.
        raise ImproperlyConfigured(
            "SENTRY_DSN is no address of a Sentry project, such as https://key@sentry.example.com/1. "
            "Copy it from the project's settings under Client Keys, or leave it empty."
        ) from None
    for name in UNHEARD:
        ignore_logger(name)
    _is_on = True


def around(application: Application) -> Application:
    """The application with its unhandled errors captured, in sockets too, and with HTTP requests as transactions."""
    if not _is_on:
        return application
    from sentry_sdk.integrations.asgi import SentryAsgiMiddleware

    watched = SentryAsgiMiddleware(application, asgi_version=3)

    async def traced(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if "headers" in scope:
            headers = [(name, value) for name, value in scope["headers"] if name.lower() not in FOREIGN_TRACE]
            scope = scope | {"headers": headers}
        await watched(scope, receive, send)

    return traced


def record(trace: TurnTrace) -> None:
    """The turn as a transaction, where its share is drawn. Called after the turn, off the request path."""
    sentry_turns.send(trace)


def close(within_s: float) -> None:
    """Sends what waits, for so long at most. What this takes is taken off the wait at the end of the process."""
    import sentry_sdk

    client = sentry_sdk.get_client()
    began = time.monotonic()
    client.flush(timeout=min(within_s, client.options["shutdown_timeout"]))
    client.options["shutdown_timeout"] = max(0.0, client.options["shutdown_timeout"] - (time.monotonic() - began))


def _share(context: dict[str, Any]) -> float:
    return sentry_events.share_of(
        op=context["transaction_context"].get("op") or "",
        asgi_scope=context.get("asgi_scope") or {},
        rate=settings.SENTRY_TRACES_SAMPLE_RATE,
    )
