"""The watch from the shell: once for a timer, or until it is told to stop."""

from datetime import datetime

import pytest
from django.core.management import CommandError, call_command

from apps.metrics import watch
from apps.routing import kills
from apps.routing.models import NotificationDelivery, Watch

pytestmark = pytest.mark.django_db


def says_safe(*, now: datetime) -> list[str]:
    return ["workflow: SAFE"]


def fails(*, now: datetime) -> list[str]:
    raise LookupError


def test_once_looks_once_and_says_what_its_steps_say(monkeypatch, capsys) -> None:
    monkeypatch.setattr(watch, "STEPS", (says_safe,))
    call_command("watch", "--once")
    first, line = capsys.readouterr().out.splitlines()
    assert "UTC: looked in " in first
    assert line == "  workflow: SAFE"
    call_command("watch", "--once")
    assert "Another process looks, or has: the next look is due in " in capsys.readouterr().out


def test_once_fails_where_a_step_did_so_that_a_timer_notices(monkeypatch) -> None:
    monkeypatch.setattr(watch, "STEPS", (fails, says_safe))
    with pytest.raises(CommandError, match=r"fails failed \(LookupError\)"):
        call_command("watch", "--once")
    assert Watch.objects.get().ended_at is not None


def test_once_does_what_comes_after_a_look_as_well(monkeypatch, capsys) -> None:
    monkeypatch.setattr(watch, "STEPS", (says_safe,))
    monkeypatch.setattr(watch, "AFTER", (says_safe, fails))
    with pytest.raises(CommandError, match=r"fails failed \(LookupError\)"):
        call_command("watch", "--once")
    assert capsys.readouterr().out.count("workflow: SAFE") == 2


def test_once_sends_what_is_due(settings, capsys) -> None:
    settings.ROLLOUT_NOTIFY_EMAILS, settings.DEFAULT_FROM_EMAIL = ["alice@example.com"], "rollout@example.com"
    kills.kill(provider="workflow", by="Bob")
    call_command("watch", "--once")
    assert "1 message sent." in capsys.readouterr().out
    assert NotificationDelivery.objects.get().sent_at is not None
