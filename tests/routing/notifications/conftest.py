"""Everybody who is told: a real mail server, a real receiver of webhooks, and the settings that name them."""

from collections.abc import Iterator

import pytest

from tests.routing.notifications.mail_server import MailServer, mail_server
from tests.routing.notifications.webhook_server import WebhookServer, webhook_server

TOLD = ["alice@example.com", "bob@example.com"]


@pytest.fixture
def mail(settings) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.DEFAULT_FROM_EMAIL = "G'sves <rollout@example.com>"
        settings.ROLLOUT_NOTIFY_EMAILS = TOLD
        yield server


@pytest.fixture
def hook(settings) -> Iterator[WebhookServer]:
    with webhook_server() as server:
        settings.ROLLOUT_WEBHOOK_URL, settings.ROLLOUT_WEBHOOK_SECRET = server.url, [server.secret]
        yield server
