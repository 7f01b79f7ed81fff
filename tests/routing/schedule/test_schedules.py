"""A month of a schedule, minute by simulated minute, and every verb that people have over it."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from django.utils import timezone

from apps.routing import changes, kills, ledger, proposals, services
from apps.routing.circuits import record_outcome
from apps.routing.errors import OwnProposal, ReasonMissing, ScheduleNotReady
from apps.routing.models import Evaluation, Rollout, RolloutChange, Schedule, SessionAssignment
from apps.routing.schedule import steps as schedule_steps
from apps.routing.schedule import verbs as schedules
from apps.routing.schedule.rules import StageDraft, template
from apps.routing.schedule.steps import next_step, roll_back, step_schedules

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]

MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)
GUARDRAILS = ("backend_failures", "slow_first_text", "slow_answers", "tool_failures")


class Clock:
    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


def plan(*, first: datetime = MONDAY, **options: object) -> Schedule:
    schedule = schedules.draft_schedule(candidate="workflow", stages=template(first=first), by="Alice", **options)  # type: ignore[arg-type]
    return schedules.start_schedule(schedule_id=schedule.pk, by="Bob")


def found(
    verdict: str, *, of: str = "backend_failures", candidate: str = "workflow", since: datetime | None = None
) -> None:
    verdicts = dict.fromkeys(GUARDRAILS, "safe") | {of: verdict}
    Evaluation.objects.create(
        at=timezone.now(),
        candidate=candidate,
        control="responses",
        since=since or timezone.now(),
        version=1,
        verdict=verdict,
        summary=f"{verdict.upper()}: {of}.",
        n_candidate=1,
        n_control=1,
        figures={"guardrails": {name: {"verdict": value} for name, value in verdicts.items()}},
        took_ms=1.0,
    )


def sessions_begin(n: int, random: Random) -> None:
    for _ in range(n):
        services.resolve(session_id=UUID(int=random.getrandbits(128)))


def share_of(name: str = "workflow") -> int:
    return Rollout.objects.get().shares.get(name, 0)


def actions() -> list[str]:
    return list(RolloutChange.objects.order_by("id").values_list("action", flat=True))


def test_a_healthy_month_goes_from_10_to_100_by_week(clock: Clock) -> None:
    random, schedule, seen = Random(1), plan(), []
    for _ in range(28 * 8):
        found("safe")
        step_schedules(now=clock.now)
        sessions_begin(48, random)
        if share_of() != (seen[-1][1] if seen else 0):
            seen.append((clock.now, share_of()))
        clock.advance(hours=3)
    assert seen == [(MONDAY + timedelta(weeks=week), share) for week, share in enumerate((1_000, 2_500, 5_000, 10_000))]
    schedule.refresh_from_db()
    assert (schedule.state, schedule.stage_number) == ("done", 4)
    assert ledger.verify() == []
    shares = dict.fromkeys(SessionAssignment.objects.values_list("share_at_assign", "provider"))
    assert {share for share, provider in shares if provider == "workflow"} == {1_000, 2_500, 5_000, 10_000}


def test_doubt_holds_the_stage_for_as_long_as_it_lasts(clock: Clock) -> None:
    random = Random(2)
    plan()
    step_schedules(now=clock.now)
    sessions_begin(2_400, random)
    clock.advance(days=8)
    found("inconclusive")
    assert step_schedules(now=clock.now) == []
    assert share_of() == 1_000
    clock.advance(minutes=1)
    found("safe")
    assert step_schedules(now=clock.now)[0].startswith("workflow: begin. Stage 2, 25 %:")
    assert share_of() == 2_500


def test_harm_in_the_middle_of_a_hold_rolls_back_within_a_look_and_says_why(clock: Clock) -> None:
    schedule = plan()
    step_schedules(now=clock.now)
    clock.advance(hours=5)
    found("harmful", of="tool_failures")
    assert step_schedules(now=clock.now) == ["workflow: roll back. HARMFUL: tool_failures."]
    schedule.refresh_from_db()
    assert (share_of(), schedule.state, schedule.stopped_why) == (0, "rolled_back", "HARMFUL: tool_failures.")
    entry = RolloutChange.objects.first()
    assert entry is not None
    assert (entry.action, entry.by, entry.reason) == ("rolled_back", "watch", "HARMFUL: tool_failures.")
    assert entry.evidence["verdict"] == "harmful"
    assert step_schedules(now=clock.now) == []


def test_after_harm_a_day_passes_or_somebody_signs(clock: Clock) -> None:
    plan()
    step_schedules(now=clock.now)
    found("harmful")
    step_schedules(now=clock.now)
    clock.advance(hours=23)
    with pytest.raises(ReasonMissing, match="rolled back for harm less than a day ago"):
        plan(first=clock.now)
    draft = Schedule.objects.get(state="draft")
    schedules.start_schedule(schedule_id=draft.pk, by="Bob", risk_note="The tool is mended.")
    assert step_schedules(now=clock.now)[0].startswith("workflow: begin. Stage 1, 10 %")
    assert Rollout.objects.get().evidence_since["workflow"] == clock.now.isoformat()


def test_where_the_plan_pauses_at_harm_the_share_stays_and_its_evidence_begins_anew_when_resumed(clock: Clock) -> None:
    schedule = plan(on_harm="pause")
    step_schedules(now=clock.now)
    clock.advance(hours=1)
    found("harmful")
    assert step_schedules(now=clock.now) == ["workflow: pause. HARMFUL: backend_failures."]
    assert step_schedules(now=clock.now) == []
    assert share_of() == 1_000
    with pytest.raises(ReasonMissing):
        schedules.resume_schedule(schedule_id=schedule.pk, by="Bob", reason=" ")
    schedules.resume_schedule(schedule_id=schedule.pk, by="Bob", reason="It was the test account.")
    assert Rollout.objects.get().evidence_since["workflow"] == clock.now.isoformat()
    schedule.refresh_from_db()
    assert schedule.state == "active"


def test_a_share_without_a_plan_is_rolled_back_at_harm_too(clock: Clock) -> None:
    changes.set_shares(shares={"responses": 4_000, "agents_sdk": 6_000}, by="Bob")
    found("harmful", candidate="agents_sdk")
    assert step_schedules(now=clock.now) == ["agents_sdk: roll back. HARMFUL: backend_failures."]
    assert Rollout.objects.get().shares == {"responses": 10_000}
    shares = {"responses": 4_000, "agents_sdk": 6_000}
    with pytest.raises(ReasonMissing, match="rolled back for harm less than a day ago"):
        changes.set_shares(shares=shares, by="Bob")
    with pytest.raises(ReasonMissing):
        proposals.propose_shares(shares=shares, by="Bob")
    clock.advance(seconds=5)
    changes.set_shares(shares=shares, by="Bob", reason="The key was wrong.")
    # What was found before its evidence began anew is of another rollout.
    assert step_schedules(now=clock.now) == []


def test_other_providers_keep_their_share_through_every_stage(clock: Clock) -> None:
    changes.set_shares(shares={"responses": 9_000, "analyst": 1_000}, by="Bob")
    stages = [StageDraft(share=2_000, starts_at=MONDAY, min_sessions=0)]
    schedule = schedules.draft_schedule(candidate="workflow", stages=stages, by="Alice")
    schedules.start_schedule(schedule_id=schedule.pk, by="Alice")
    step_schedules(now=clock.now)
    assert Rollout.objects.get().shares == {"responses": 7_000, "analyst": 1_000, "workflow": 2_000}


def test_a_stage_begun_by_hand_says_what_holds_it_until_nothing_does(clock: Clock) -> None:
    schedule = plan(is_automatic=False)
    step_schedules(now=clock.now)
    sessions_begin(2_400, Random(3))
    clock.advance(days=7)
    found("inconclusive")
    with pytest.raises(ScheduleNotReady, match="INCONCLUSIVE: backend_failures"):
        schedules.begin_next_stage(schedule_id=schedule.pk, by="Bob")
    schedules.sign_risk(schedule_id=schedule.pk, by="Bob", note="Five failures in all; the desk needs it.")
    assert step_schedules(now=clock.now) == []
    schedule.refresh_from_db()
    assert next_step(schedule, now=clock.now).step == "ready"
    schedules.begin_next_stage(schedule_id=schedule.pk, by="Bob")
    assert share_of() == 2_500
    signed = RolloutChange.objects.get(action="risk_signed")
    assert (signed.by, signed.evidence["verdict"]) == ("Bob", "inconclusive")


def test_a_stop_holds_the_plan_and_keeps_the_shares(clock: Clock) -> None:
    schedule = plan()
    step_schedules(now=clock.now)
    sessions_begin(2_400, Random(4))
    kills.kill(provider="workflow", by="Bob")
    clock.advance(days=7)
    found("safe")
    assert step_schedules(now=clock.now) == []
    schedule.refresh_from_db()
    assert "is stopped by the kill switch" in next_step(schedule, now=clock.now).why
    assert share_of() == 1_000


def test_shares_set_by_hand_pause_the_plan_and_resuming_gives_the_stage_its_share(clock: Clock) -> None:
    schedule = plan()
    step_schedules(now=clock.now)
    changes.set_shares(shares={"responses": 5_000, "workflow": 5_000}, by="Alice")
    assert "somebody set the shares by hand" in step_schedules(now=clock.now)[0]
    schedules.resume_schedule(schedule_id=schedule.pk, by="Bob", reason="Back to the plan.")
    assert share_of() == 1_000


def test_a_plan_that_has_no_room_holds_and_harm_in_another_is_seen(clock: Clock) -> None:
    plan()
    step_schedules(now=clock.now)
    stages = [StageDraft(share=8_000, starts_at=MONDAY, min_sessions=0)]
    other = schedules.draft_schedule(candidate="agents_sdk", stages=stages, by="Alice")
    schedules.start_schedule(schedule_id=other.pk, by="Bob")
    step_schedules(now=clock.now)
    sessions_begin(400, Random(6))
    Schedule.objects.get(candidate="workflow").stages.filter(number=1).update(min_sessions=0)
    clock.advance(days=7)
    found("safe")
    found("harmful", candidate="agents_sdk")
    first = Schedule.objects.get(candidate="workflow")
    why = next_step(first, now=clock.now).why
    assert why == "Stage 2, 25 %, has no room: other providers keep 80 %."
    assert "agents_sdk: roll back. HARMFUL: backend_failures." in step_schedules(now=clock.now)
    assert share_of("agents_sdk") == 0


def test_a_plan_that_cannot_be_stepped_holds_up_no_other(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plan()
    step_schedules(now=clock.now)
    changes.set_shares(shares={"responses": 3_000, "workflow": 1_000, "agents_sdk": 6_000}, by="Bob")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(schedule_steps, "decision_for", broken)
    found("harmful", candidate="agents_sdk")
    lines = step_schedules(now=clock.now)
    assert lines[0].endswith("could not be stepped; the log says why.")
    assert lines[1] == "agents_sdk: roll back. HARMFUL: backend_failures."
    assert "nobody foresaw this" in caplog.text


def test_a_signature_does_not_outlive_a_pause(clock: Clock) -> None:
    schedule = plan(on_harm="pause")
    step_schedules(now=clock.now)
    schedules.sign_risk(schedule_id=schedule.pk, by="Bob", note="The desk needs it.")
    sessions_begin(2_400, Random(7))
    clock.advance(days=7)
    found("harmful")
    step_schedules(now=clock.now)
    clock.advance(seconds=5)
    schedules.resume_schedule(schedule_id=schedule.pk, by="Bob", reason="It was the test account.")
    assert step_schedules(now=clock.now) == []
    found("inconclusive")
    assert step_schedules(now=clock.now) == []
    assert share_of() == 1_000


def test_a_stopped_control_holds_the_plan_and_its_sessions_do_not_count(clock: Clock) -> None:
    schedule = plan()
    step_schedules(now=clock.now)
    kills.kill(provider="responses", by="Bob", instead="workflow")
    clock.advance(minutes=1)
    sessions_begin(2_400, Random(8))
    clock.advance(days=7)
    found("safe")
    assert step_schedules(now=clock.now) == []
    assert "so there is nothing to compare with" in next_step(schedule_now(schedule), now=clock.now).why
    kills.unkill(provider="responses", by="Bob", reason="It is well.")
    assert next_step(schedule_now(schedule), now=clock.now).why == "Stage 1 has seen 0 of 200 sessions."


def test_a_circuit_that_stays_open_alone_is_harm(clock: Clock) -> None:
    plan()
    step_schedules(now=clock.now)
    opened(clock, "workflow")
    clock.advance(minutes=14)
    assert step_schedules(now=clock.now) == []
    clock.advance(minutes=2)
    assert "workflow's circuit has been open for 16 min 0 s" in step_schedules(now=clock.now)[0]
    assert share_of() == 0


def test_an_outage_of_both_is_nobodys_harm(clock: Clock) -> None:
    plan()
    step_schedules(now=clock.now)
    opened(clock, "workflow")
    opened(clock, "responses")
    clock.advance(hours=1)
    assert step_schedules(now=clock.now) == []


def test_rolling_back_before_the_first_stage_ends_the_plan_and_says_so(clock: Clock) -> None:
    schedule = plan(first=MONDAY + timedelta(days=1))
    assert roll_back(candidate="workflow", by="Bob", reason="Not this week.") is None
    assert schedule_now(schedule).state == "rolled_back"
    assert actions()[-1] == "schedule_ended"


def schedule_now(schedule: Schedule) -> Schedule:
    return Schedule.objects.get(pk=schedule.pk)


def opened(clock: Clock, provider: str) -> None:
    record_outcome(provider=provider, ok=False, code="unauthorized", opens=True, now=clock.now, began_at=clock.now)


def test_a_person_rolls_back_in_one_step(clock: Clock) -> None:
    schedule = plan()
    step_schedules(now=clock.now)
    with pytest.raises(ReasonMissing):
        roll_back(candidate="workflow", by="Bob", reason="")
    roll_back(candidate="workflow", by="Bob", reason="Complaints.")
    schedule.refresh_from_db()
    assert (share_of(), schedule.state) == (0, "rolled_back")
    # Only harm that the watch found asks for a day's rest.
    plan(first=clock.now)


def test_two_people_where_two_decide(settings, clock: Clock) -> None:
    settings.ROLLOUT_TWO_PERSON = True
    draft = schedules.draft_schedule(candidate="workflow", stages=template(first=MONDAY), by="Alice")
    with pytest.raises(OwnProposal):
        schedules.start_schedule(schedule_id=draft.pk, by="alice (shell)")
    assert actions()[-1] == "refused"
    schedules.start_schedule(schedule_id=draft.pk, by="Bob")
    step_schedules(now=clock.now)
    assert share_of() == 1_000


def test_where_two_decide_whoever_started_it_raises_nothing_alone(settings, clock: Clock) -> None:
    draft = schedules.draft_schedule(candidate="workflow", stages=template(first=MONDAY), by="Alice")
    settings.ROLLOUT_TWO_PERSON = True
    schedules.start_schedule(schedule_id=draft.pk, by="Bob")
    step_schedules(now=clock.now)
    changes.set_shares(shares={"responses": 10_000}, by="Alice")
    step_schedules(now=clock.now)
    for verb in (
        lambda: schedules.resume_schedule(schedule_id=draft.pk, by="Bob (shell)", reason="Go on."),
        lambda: schedules.resume_schedule(schedule_id=draft.pk, by="Bob", reason="Go on."),
    ):
        with pytest.raises(OwnProposal):
            verb()
    assert share_of() == 0
    schedules.resume_schedule(schedule_id=draft.pk, by="Alice", reason="Go on.")
    entry = RolloutChange.objects.first()
    assert entry is not None
    assert (share_of(), entry.by, entry.approved_by) == (1_000, "Alice", "Bob")
    with pytest.raises(OwnProposal):
        schedules.sign_risk(schedule_id=draft.pk, by="Bob", note="The desk needs it.")
    with pytest.raises(OwnProposal):
        schedules.begin_next_stage(schedule_id=draft.pk, by="Bob")


def test_an_evaluation_of_a_clock_that_runs_ahead_hides_no_harm(clock: Clock) -> None:
    plan()
    step_schedules(now=clock.now)
    clock.advance(hours=1)
    found("safe")
    Evaluation.objects.update(at=clock.now + timedelta(hours=1))
    found("harmful")
    assert step_schedules(now=clock.now) == ["workflow: roll back. HARMFUL: backend_failures."]


def test_one_live_schedule_a_provider(clock: Clock) -> None:
    schedule = plan()
    with pytest.raises(ScheduleNotReady, match="workflow has a schedule already"):
        plan()
    schedules.end_schedule(schedule_id=schedule.pk, by="Bob", reason="Another plan.")
    second = plan()
    with pytest.raises(ScheduleNotReady, match="The schedule is ended by now"):
        schedules.pause_schedule(schedule_id=schedule.pk, by="Bob", reason="Late.")
    assert second.pk != schedule.pk
