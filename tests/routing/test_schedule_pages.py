"""The schedule in the admin: written, refused beside the field, started, signed, paused, rolled back, each by right."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.routing import changes
from apps.routing.ledger import current_rollout
from apps.routing.models import RolloutChange, Schedule
from apps.routing.schedule import verbs as schedules
from apps.routing.schedule.rules import template
from apps.routing.schedule.steps import step_schedules
from tests.routing.staff import ALL, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]


def url(name: str, *arguments: object) -> str:
    return reverse(f"admin:routing_rollout_{name}", args=arguments)


def fields(**changed: object) -> dict[str, object]:
    first = timezone.now() + timedelta(hours=1)
    typed: dict[str, object] = {"candidate": "workflow", "on_harm": "roll_back", "is_automatic": "on", "reason": ""}
    for number, share in ((1, "10"), (2, "50")):
        typed |= {
            f"stage-{number}-share": share,
            f"stage-{number}-starts_at": f"{first + timedelta(days=7 * number):%Y-%m-%dT%H:%M}",
            f"stage-{number}-min_sessions": "200",
            f"stage-{number}-guardrails": ["backend_failures", "slow_answers"],
        }
    return typed | {name.replace("__", "-"): value for name, value in changed.items()}


def running() -> Schedule:
    schedule = schedules.draft_schedule(candidate="workflow", stages=template(first=timezone.now()), by="Alice")
    schedules.start_schedule(schedule_id=schedule.pk, by="Bob")
    step_schedules(now=timezone.now())
    return schedule


@pytest.fixture
def bob() -> Client:
    return make_staff(*ALL)


def test_the_form_comes_filled_with_10_25_50_100_by_week(bob: Client) -> None:
    form = bob.get(url("schedule")).context_data["form"]
    assert [row.share for row in form.rows] == ["10", "25", "50", "100", "", ""]
    days = [row.starts_at[:10] for row in form.rows[:4]]
    assert len(set(days)) == 4


def test_a_plan_is_kept_as_a_draft_started_and_shown(bob: Client) -> None:
    page = bob.post(url("schedule"), fields(reason="As agreed."), follow=True).content.decode()
    schedule = Schedule.objects.get()
    assert "Nothing changes before somebody starts it." in page
    assert [(s.share, s.min_sessions, s.guardrails) for s in schedule.stages.all()] == [
        (1_000, 200, ["backend_failures", "slow_answers"]),
        (5_000, 200, ["backend_failures", "slow_answers"]),
    ]
    bob.post(url("schedule_start", schedule.pk))
    schedule.refresh_from_db()
    assert (schedule.state, schedule.started_by) == ("active", "Bob")
    assert "workflow waits for its first stage of 2." in bob.get(url("change", 1)).content.decode()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"stage__1__share": "0"}, "a share is above 0 % and at most 100 %"),
        ({"stage__1__share": "lots"}, "which is not a number"),
        ({"stage__2__share": "5"}, "5 % is not more than the 10 % of the stage before."),
        ({"stage__1__starts_at": "2020-01-01T09:00"}, "01 Jan 2020, 09:00 UTC is in the past."),
        ({"stage__1__starts_at": ""}, "Stage 1: say a day and a time."),
        ({"stage__2__min_sessions": "-3"}, "Stage 2: say how many sessions, as a whole number."),
        ({"stage__2__guardrails": []}, "Stage 2: it has no guardrail"),
        ({"stage__2__guardrails": ["vibes"]}, "there is no guardrail “vibes”"),
        ({"stage__1__share": "", "stage__1__min_sessions": ""}, "fill the rows from the top."),
        ({"on_harm": "shrug"}, "Say what happens at harm."),
        ({"candidate": "responses"}, "responses cannot be compared with itself."),
        ({"candidate": "gpt"}, "There is no provider “gpt”."),
    ],
)
def test_bad_input_is_refused_beside_its_field_and_what_was_typed_stays(
    bob: Client, changed: dict[str, object], sentence: str
) -> None:
    answer = bob.post(url("schedule"), fields(**changed, reason="Kept words."))
    page = answer.content.decode()
    assert answer.status_code == 400
    assert sentence in page
    assert 'value="Kept words."' in page
    assert not Schedule.objects.exists()


def test_a_risk_is_signed_and_the_page_says_by_whom(bob: Client) -> None:
    schedule = running()
    schedule.stages.filter(number=2).update(starts_at=timezone.now() - timedelta(hours=1))
    schedule.stages.filter(number=1).update(
        starts_at=timezone.now() - timedelta(days=7), began_at=timezone.now() - timedelta(days=7), min_sessions=0
    )
    page = bob.get(url("change", 1)).content.decode()
    assert "There is no evidence of the last ten minutes: does the watch run?" in page
    assert "Sign the risk note" in page
    assert "Begin the next stage now" not in page
    bob.post(url("schedule_sign", schedule.pk), {"reason": "The desk needs it."})
    page = bob.get(url("change", 1)).content.decode()
    assert "risk signed by Bob: “The desk needs it.”" in page
    bob.post(url("schedule_begin", schedule.pk))
    assert current_rollout().shares["workflow"] == 2_500


def test_it_is_paused_with_a_reason_goes_on_and_ends(bob: Client) -> None:
    schedule = running()
    refused = bob.post(url("schedule_pause", schedule.pk), {"reason": " "}, follow=True).content.decode()
    assert "Pausing a schedule wants a reason." in refused
    bob.post(url("schedule_pause", schedule.pk), {"reason": "A holiday."})
    assert "workflow is paused in stage 1 of 4" in bob.get(url("change", 1)).content.decode()
    bob.post(url("schedule_resume", schedule.pk), {"reason": "Back at work."})
    bob.post(url("schedule_end", schedule.pk), {"reason": "Another plan."})
    schedule.refresh_from_db()
    assert (schedule.state, current_rollout().shares["workflow"]) == ("ended", 1_000)


def test_a_share_is_rolled_back_from_the_page(bob: Client) -> None:
    running()
    page = bob.post(url("roll_back", "workflow"), {"reason": "Complaints."}, follow=True).content.decode()
    assert "orkflow rolled back from 10 % to 0 %, responses takes its share." in page
    assert current_rollout().shares == {"responses": 10_000}
    again = bob.post(url("roll_back", "workflow"), {"reason": "Complaints."}, follow=True).content.decode()
    assert "orkflow has no share; nothing changed." in again


VERBS = ("schedule_start", "schedule_pause", "schedule_resume", "schedule_end", "schedule_sign", "schedule_begin")


@pytest.mark.parametrize("name", [*VERBS, "schedule_discard"])
def test_charlie_moves_no_schedule_and_the_try_is_kept(name: str) -> None:
    schedule = running()
    charlie = make_staff("view_rollout", name="Charlie")
    assert charlie.post(url(name, schedule.pk), {"reason": "Why not."}).status_code == 403
    assert charlie.get(url("schedule")).status_code == 403
    assert charlie.post(url("schedule"), fields()).status_code == 403
    assert charlie.post(url("roll_back", "workflow"), {"reason": "Why not."}).status_code == 403
    schedule.refresh_from_db()
    assert schedule.state == "active"
    assert {change.by for change in RolloutChange.objects.filter(action="refused")} == {"Charlie"}


def test_whoever_may_only_stop_may_pause_and_roll_back_and_raise_nothing() -> None:
    schedule = running()
    guard = make_staff("kill", name="Alice")
    for name in ("schedule_begin", "schedule_sign", "schedule_end"):
        assert guard.post(url(name, schedule.pk), {"reason": "Why not."}).status_code == 403
    guard.post(url("schedule_pause", schedule.pk), {"reason": "Something smells."})
    schedule.refresh_from_db()
    assert schedule.state == "paused"
    guard.post(url("roll_back", "workflow"), {"reason": "It did."})
    assert current_rollout().shares == {"responses": 10_000}


def test_new_shares_say_that_the_schedule_pauses(bob: Client) -> None:
    running()
    typed = {"share_responses": "80", "share_workflow": "20", "version": str(current_rollout().version)}
    assert "The schedule of workflow pauses" in bob.post(url("preview"), typed).content.decode()


def test_the_shell_runs_a_schedule_from_draft_to_end(capsys: pytest.CaptureFixture[str]) -> None:
    first = f"{timezone.now() + timedelta(minutes=1):%Y-%m-%dT%H:%M}"
    call_command("rollout", "schedule", "template", "workflow", "--first", first, "--by-hand", "--pause-at-harm")
    schedule = Schedule.objects.get()
    assert (schedule.is_automatic, schedule.on_harm) == (False, "pause")
    assert "A draft for workflow" in capsys.readouterr().out
    call_command("rollout", "schedule", "start", str(schedule.pk))
    assert "waits for its first stage of 4" in capsys.readouterr().out
    with pytest.raises(CommandError, match="at the earliest"):
        call_command("rollout", "schedule", "next", str(schedule.pk))
    call_command("rollout", "schedule", "pause", str(schedule.pk), "--reason", "A holiday.")
    call_command("rollout", "schedule", "end", str(schedule.pk), "--reason", "Another plan.")
    with pytest.raises(CommandError, match="is ended by now"):
        call_command("rollout", "schedule", "start", str(schedule.pk))
    with pytest.raises(CommandError, match="is no day and time"):
        call_command("rollout", "schedule", "template", "workflow", "--first", "Monday")


def test_the_shell_rolls_back(capsys: pytest.CaptureFixture[str]) -> None:
    changes.set_shares(shares={"responses": 5_000, "workflow": 5_000}, by="Bob")
    call_command("rollout", "roll-back", "workflow", "--reason", "Complaints.")
    assert "workflow rolled back from 50 % to 0 %" in capsys.readouterr().out
