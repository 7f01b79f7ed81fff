"""Settings of messages that contradict themselves stop the start with a sentence that quotes no secret."""

from typing import Any

import pytest

from apps.routing.checks import check_notification_settings

SECRET = "whsec_" + "b25l" * 10
WHOLE = {
    "SITE_URL": "https://chat.example.com",
    "ROLLOUT_NOTIFY_EMAILS": ["alice@example.com"],
    "DEFAULT_FROM_EMAIL": "G'sves <rollout@example.com>",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.example.com",
    "ROLLOUT_WEBHOOK_URL": "https://hooks.example.com/rollout",
    "ROLLOUT_WEBHOOK_SECRET": [SECRET],
}


@pytest.mark.parametrize(
    ("changed", "ids"),
    [
        ({}, []),
        ({"SITE_URL": "", "ROLLOUT_NOTIFY_EMAILS": [], "DEFAULT_FROM_EMAIL": "", "EMAIL_HOST": None}, []),
        ({"ROLLOUT_WEBHOOK_URL": "", "ROLLOUT_WEBHOOK_SECRET": []}, []),
        ({"WATCH_INTERVAL_S": 0.0}, ["routing.E003"]),
        ({"SITE_URL": "chat.example.com"}, ["routing.E004"]),
        ({"ROLLOUT_NOTIFY_EMAILS": ["alice@example.com", "bob"]}, ["routing.E005"]),
        ({"DEFAULT_FROM_EMAIL": ""}, ["routing.E006"]),
        ({"DEFAULT_FROM_EMAIL": "G'sves"}, ["routing.E006"]),
        ({"EMAIL_HOST": None}, ["routing.E007"]),
        ({"EMAIL_HOST": None, "EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}, []),
        ({"ROLLOUT_WEBHOOK_SECRET": []}, ["routing.E008"]),
        ({"ROLLOUT_WEBHOOK_SECRET": ["wonderland-7"]}, ["routing.E009"]),
        ({"ROLLOUT_WEBHOOK_SECRET": ["whsec_wonderland-7"]}, ["routing.E009"]),
        ({"ROLLOUT_WEBHOOK_SECRET": [SECRET, "whsec_b25l"]}, ["routing.E009"]),
        ({"ROLLOUT_WEBHOOK_URL": "ftp://hooks.example.com/"}, ["routing.E010"]),
        ({"ROLLOUT_WEBHOOK_URL": "https://:443/"}, ["routing.E010"]),
        ({"ROLLOUT_WEBHOOK_URL": "https://hooks.example.com:port/"}, ["routing.E010"]),
        ({"ROLLOUT_WEBHOOK_URL": "http://hooks.example.com/"}, ["routing.W002"]),
        ({"ROLLOUT_WEBHOOK_URL": "http://127.0.0.1:9000/"}, []),
        ({"ROLLOUT_WEBHOOK_URL": "http://[::1]:9000/"}, []),
        ({"ROLLOUT_WEBHOOK_URL": ""}, ["routing.W003"]),
    ],
)
def test_a_contradiction_is_found_at_start(settings, changed: dict[str, Any], ids: list[str]) -> None:
    for name, value in {**WHOLE, **changed}.items():
        setattr(settings, name, value)
    found = check_notification_settings()
    assert [message.id for message in found] == ids
    assert not [message for message in found if "wonderland" in message.msg or SECRET in message.msg]
