"""The shell pins, takes back and signs through the same services, and refuses with a sentence and exit code 1."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from apps.routing import kills
from apps.routing.models import RolloutChange, SessionPin
from apps.routing.overrides.header import read_override

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]
SESSION = uuid4()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("rollout", *arguments)
    return capsys.readouterr().out


def test_a_session_is_pinned_and_freed(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "pin", SESSION.hex, "workflow", "--reason", "Wrong chart.")
    assert out == f"Session {SESSION} is pinned to workflow. From its next turn workflow serves it.\n"
    row = SessionPin.objects.get()
    assert (row.pk, row.provider, row.reason) == (SESSION, "workflow", "Wrong chart.")
    assert row.by.endswith("shell)")
    assert "already; nothing changed." in run(capsys, "pin", str(SESSION), "workflow", "--reason", "Again.")
    assert run(capsys, "unpin", str(SESSION)) == f"Session {SESSION} is no longer pinned to workflow.\n"
    entries = RolloutChange.objects.values_list("action", "by")
    assert [entry for entry in entries if entry[0] != "seeded"] == [("unpinned", row.by), ("pinned", row.by)]


def test_a_pin_to_a_stopped_provider_says_who_serves(capsys: pytest.CaptureFixture[str]) -> None:
    kills.kill(provider="workflow", by="Alice")
    out = run(capsys, "pin", str(SESSION), "workflow", "--reason", "Wrong chart.")
    assert "workflow does not serve now: until it does, responses serves it." in out


def test_a_header_is_signed_in_a_staff_member_s_name(capsys: pytest.CaptureFixture[str]) -> None:
    User.objects.create_superuser("Bob")
    name, _, value = run(capsys, "sign-override", "workflow", "--user", "Bob").strip().partition(": ")
    assert name == "X-Gvses-Provider"
    assert (read_override(value).provider, read_override(value).by) == ("workflow", "Bob")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["pin", "12", "workflow", "--reason", "x"], "“12” is no session id; a session id is a UUID."),
        (["pin", str(SESSION), "gpt", "--reason", "x"], "There is no provider “gpt”."),
        (["pin", str(SESSION), "workflow", "--reason", " "], "Pinning a session to workflow wants a reason."),
        (["pin", str(SESSION), "workflow"], "--reason"),
        (["unpin", str(SESSION)], f"Session {SESSION} is not pinned; nothing changed."),
        (["sign-override", "workflow", "--user", "Nobody"], "There is no account “Nobody”."),
        (["sign-override", "workflow", "--user", "Charlie"], "The account Charlie may not choose providers."),
        (["sign-override", "gpt", "--user", "Charlie"], "There is no provider “gpt”."),
        (["sign-override", "workflow"], "--user"),
    ],
)
def test_bad_input_is_refused_with_a_sentence_and_changes_nothing(arguments: list[str], sentence: str) -> None:
    User.objects.create_user("Charlie", is_staff=True)
    with pytest.raises(CommandError) as refusal:
        call_command("rollout", *arguments)
    assert sentence in str(refusal.value)
    assert refusal.value.returncode == 1
    assert not SessionPin.objects.exists()
