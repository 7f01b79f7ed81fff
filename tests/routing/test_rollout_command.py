"""The shell shows and changes the same rollout as the admin, and refuses with a sentence and exit code 1."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.routing import changes, kills
from apps.routing.circuits import record_outcome
from apps.routing.ledger import current_rollout
from apps.routing.models import Rollout, RolloutChange

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("rollout", *arguments)
    return capsys.readouterr().out


def test_show_says_who_serves_and_what_each_share_becomes(
    capsys: pytest.CaptureFixture[str], only_analyst: None
) -> None:
    out = run(capsys, "show")
    assert "All new sessions are served by analyst." in out
    assert "responses      100 %  has no backend in this version: its share goes to analyst" in out


def test_set_moves_buckets_and_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "set", "responses=75", "workflow=25", "--reason", "First stage.")
    assert "2,500 of 10,000 buckets move from responses to workflow." in out
    assert "75 % of new sessions are served by responses, 25 % by workflow." in out
    change = RolloutChange.objects.first()
    assert change is not None
    assert change.reason == "First stage."
    assert change.by.endswith("shell)")


def test_kill_and_unkill_count_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "set", "responses=75", "workflow=25")
    assert "workflow stopped. All new sessions are served by responses." in run(
        capsys, "kill", "workflow", "--reason", "Wrong prices."
    )
    assert "Wrong prices." in run(capsys, "show")
    assert "was stopped already" in run(capsys, "kill", "workflow", "--reason", "Again.")
    assert "workflow resumed. 75 % of new" in run(capsys, "unkill", "workflow", "--reason", "Prices are right.")


def test_show_json_is_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    changes.set_shares(shares={"responses": 8_750, "workflow": 1_250}, by="Bob")
    kills.kill(provider="workflow", by="Bob", reason="Wrong prices.")
    shown = json.loads(run(capsys, "show", "--json"))
    assert shown["version"] == 3
    workflow = shown["providers"]["workflow"]
    assert (workflow["share_percent"], workflow["serves"]) == (12.5, "responses")
    assert (workflow["stopped"]["by"], workflow["stopped"]["reason"]) == ("Bob", "Wrong prices.")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["set", "workflow=25"], "The shares sum to 25 %, not to 100 %: 75 % is missing."),
        (["set", "responses=100", "workflow=-5"], "The share of workflow is -5 %; a share is at least 0 %."),
        (["set", "responses=99.999", "workflow=0.001"], "at most two decimals"),
        (["set", "gpt=100"], "There is no provider “gpt”."),
        (["set", "responses"], "“responses” is not NAME=PERCENT"),
        (["set", "responses=50", "responses=50"], "responses is given twice."),
        (["kill", "gpt", "--reason", "x"], "There is no provider “gpt”."),
        (["kill", "workflow"], "--reason"),
        (["close-circuit", "workflow", "--reason", "x"], "workflow's circuit is not open; nothing changed."),
        (["close-circuit", "workflow"], "--reason"),
        (["unkill", "workflow", "--reason", "x"], "workflow is not stopped."),
        (["unkill", "workflow", "--reason", " "], "Resuming workflow wants a reason."),
    ],
)
def test_bad_input_is_refused_with_a_sentence_and_changes_nothing(arguments: list[str], sentence: str) -> None:
    current_rollout()
    with pytest.raises(CommandError) as refusal:
        call_command("rollout", *arguments)
    assert sentence in str(refusal.value)
    assert refusal.value.returncode == 1
    assert Rollout.objects.get().version == 1


def test_an_open_circuit_is_shown_and_closed_from_the_shell(capsys: pytest.CaptureFixture[str], settings) -> None:
    settings.OPENAI_API_KEY = "a key"
    now = timezone.now()
    record_outcome(provider="workflow", ok=False, code="unauthorized", opens=True, now=now, began_at=now)
    shown = run(capsys, "show")
    line = f"workflow's circuit is open since {now:%H:%M:%S} UTC (key refused), so responses serves its sessions."
    assert shown.count(line) == 2
    assert "OpenAI refuses the key (401)." in shown
    circuit = json.loads(run(capsys, "show", "--json"))["providers"]["workflow"]["circuit"]
    assert (circuit["opened_at"], circuit["code"], circuit["answers"]) == (now.isoformat(), "unauthorized", 0)
    closed = run(capsys, "close-circuit", "workflow", "--reason", "The key is new.")
    assert closed.startswith("workflow's circuit is closed. All new sessions are served by responses.")
    assert json.loads(run(capsys, "show", "--json"))["providers"]["workflow"]["circuit"] is None
