"""What people do with a schedule: draft, start, pause, resume, sign for a risk, begin a stage, end."""

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.providers.registry import DEFAULT_PROVIDER
from apps.routing import ledger
from apps.routing.errors import OwnProposal, ReasonMissing, ScheduleNotReady
from apps.routing.evidence.evaluations import latest_evaluation
from apps.routing.evidence.harm import wants_note
from apps.routing.ledger import locked_rollout
from apps.routing.models import RolloutChange, Schedule, Stage
from apps.routing.proposals import person
from apps.routing.schedule.rules import StageDraft, check_draft
from apps.routing.schedule.stages import Decision, Step
from apps.routing.schedule.steps import (
    begin_stage,
    decision_for,
    give_share,
    halt,
    locked_schedule,
    pause,
    plan_of,
    record_of,
    require_reason,
)
from apps.routing.shares import percent

State, OnHarm, Action = Schedule.State, Schedule.OnHarm, RolloutChange.Action


def draft_schedule(
    *,
    candidate: str,
    stages: Sequence[StageDraft],
    by: str,
    control: str = DEFAULT_PROVIDER,
    on_harm: str = OnHarm.ROLL_BACK,
    is_automatic: bool = True,
    reason: str = "",
) -> Schedule:
    """Keeps a plan for somebody to start; nothing is served differently. Raises BadSchedule, UnknownProvider."""
    with transaction.atomic():
        rollout = locked_rollout()
        check_draft(candidate=candidate, control=control, stages=stages, shares=rollout.shares, now=timezone.now())
        if Schedule.objects.filter(candidate=candidate, state__in=Schedule.LIVE).exists():
            raise ScheduleNotReady(f"{candidate} has a schedule already: end or discard it first.", provider=candidate)
        schedule = Schedule.objects.create(
            candidate=candidate,
            control=control,
            on_harm=on_harm,
            is_automatic=is_automatic,
            by=by,
            reason=reason.strip(),
        )
        Stage.objects.bulk_create(
            Stage(
                schedule=schedule,
                number=number,
                share=stage.share,
                starts_at=stage.starts_at,
                min_sessions=stage.min_sessions,
                guardrails=list(stage.guardrails),
            )
            for number, stage in enumerate(stages, start=1)
        )
        steps = " → ".join(percent(stage.share) for stage in stages)
        record_of(rollout, schedule, Action.SCHEDULE_DRAFTED, by=by, reason=reason, what=f"schedule drafted: {steps}")
    return schedule


def start_schedule(*, schedule_id: int, by: str, risk_note: str = "") -> Schedule:
    """Puts a draft into force: its stages begin by their dates.

    Raises ScheduleNotReady, OwnProposal where two people decide, and ReasonMissing where the candidate was rolled back
    for harm within the last day and nobody signs for trying again.
    """
    drafted_by = Schedule.objects.filter(pk=schedule_id).values_list("by", flat=True).first()
    if settings.ROLLOUT_TWO_PERSON and drafted_by is not None and person(drafted_by) == person(by):
        ledger.refuse(by=by, what=f"tried to start their own schedule {schedule_id}")
        raise OwnProposal("You drafted this; somebody else has to start it.")
    with transaction.atomic():
        rollout, schedule = locked_schedule(schedule_id, State.DRAFT)
        _require_cool(schedule.candidate, note=risk_note)
        schedule.state, schedule.started_by, schedule.started_at = State.ACTIVE, by, timezone.now()
        schedule.save()
        record_of(rollout, schedule, Action.SCHEDULE_STARTED, by=by, reason=risk_note, what="schedule started")
    return schedule


def discard_draft(*, schedule_id: int, by: str) -> None:
    """Takes a draft back. Raises ScheduleNotReady."""
    with transaction.atomic():
        rollout, schedule = locked_schedule(schedule_id, State.DRAFT)
        halt(schedule, State.ENDED, why="discarded before it started")
        record_of(rollout, schedule, Action.SCHEDULE_ENDED, by=by, what="draft of a schedule discarded")


def pause_schedule(*, schedule_id: int, by: str, reason: str) -> None:
    """Holds the shares where they stand; harm is looked for all the same. Raises ReasonMissing, ScheduleNotReady."""
    require_reason(reason, "Pausing a schedule wants a reason.")
    with transaction.atomic():
        rollout, schedule = locked_schedule(schedule_id, State.ACTIVE)
        pause(rollout, schedule, by=by, why=reason)


def resume_schedule(*, schedule_id: int, by: str, reason: str) -> None:
    """Lets a paused schedule go on from its stage, whose share it takes again; its evidence begins anew, and what was
    signed for a later stage has to be signed again.

    Raises ReasonMissing, ScheduleNotReady, and OwnProposal where two people decide.
    """
    require_reason(reason, "Resuming a schedule wants a reason.")
    with transaction.atomic():
        rollout, schedule = locked_schedule(schedule_id, State.PAUSED)
        _require_another(schedule, by=by)
        schedule.state, schedule.stopped_at, schedule.stopped_why = State.ACTIVE, None, ""
        schedule.save()
        # A signature is for what was known when it was given.
        schedule.stages.filter(began_at__isnull=True).update(risk_note="", risk_signed_by="", risk_signed_at=None)
        # What paused it would pause it again at the next look.
        since = timezone.now().isoformat()
        rollout.evidence_since = {**rollout.evidence_since, schedule.candidate: since}
        rollout.save(update_fields=["evidence_since"])
        record_of(rollout, schedule, Action.SCHEDULE_RESUMED, by=by, reason=reason, what="schedule resumed")
        stage = plan_of(schedule).stage
        if stage is not None and rollout.shares.get(schedule.candidate, 0) != stage.share:
            give_share(rollout, schedule, stage.share, by=by, reason=reason, approved_by=schedule.started_by)


def end_schedule(*, schedule_id: int, by: str, reason: str) -> None:
    """Ends a running or paused schedule; the shares stay as they are. Raises ReasonMissing, ScheduleNotReady."""
    require_reason(reason, "Ending a schedule wants a reason.")
    with transaction.atomic():
        rollout, schedule = locked_schedule(schedule_id, State.ACTIVE, State.PAUSED)
        halt(schedule, State.ENDED, why=reason)
        record_of(rollout, schedule, Action.SCHEDULE_ENDED, by=by, reason=reason, what="schedule ended, shares stay")


def sign_risk(*, schedule_id: int, by: str, note: str) -> Stage:
    """Signs that the next stage may begin although the evidence does not say SAFE; harm stops it all the same.

    Raises ReasonMissing, ScheduleNotReady, and OwnProposal where two people decide.
    """
    require_reason(note, "A signed risk note says why the risk is worth taking.")
    with transaction.atomic():
        rollout, schedule = locked_schedule(schedule_id, State.ACTIVE)
        _require_another(schedule, by=by)
        stage = schedule.stages.filter(number=schedule.stage_number + 1).first()
        if stage is None or schedule.stage_number == 0:
            raise ScheduleNotReady("There is no next stage that waits for evidence.", provider=schedule.candidate)
        stage.risk_note, stage.risk_signed_by, stage.risk_signed_at = note.strip(), by, timezone.now()
        stage.save()
        evaluation = latest_evaluation(schedule.candidate)
        record_of(
            rollout,
            schedule,
            Action.RISK_SIGNED,
            by=by,
            reason=note,
            what=f"risk signed for stage {stage.number}, {stage.share_text}",
            evidence={"verdict": evaluation.verdict, "summary": evaluation.summary} if evaluation else None,
        )
    return stage


def begin_next_stage(*, schedule_id: int, by: str) -> Decision:
    """Begins the next stage by hand, where nothing holds it.

    Raises ScheduleNotReady, which says what does, and OwnProposal where two people decide.
    """
    with transaction.atomic():
        rollout, schedule = locked_schedule(schedule_id, State.ACTIVE)
        _require_another(schedule, by=by)
        decision = decision_for(rollout, schedule, now=timezone.now())
        if decision.step not in (Step.READY, Step.BEGIN):
            raise ScheduleNotReady(decision.why, provider=schedule.candidate)
        begin_stage(rollout, schedule, decision, by=by)
    return decision


def _require_another(schedule: Schedule, *, by: str) -> None:
    """Where two people decide, whoever started it does not also raise its share alone. Raises OwnProposal."""
    if settings.ROLLOUT_TWO_PERSON and person(by) == person(schedule.started_by):
        raise OwnProposal("You started this schedule; somebody else has to do this.")


def _require_cool(candidate: str, *, note: str) -> None:
    if wants_note(candidate, now=timezone.now()) and not note.strip():
        raise ReasonMissing(
            f"{candidate} was rolled back for harm less than a day ago: sign a note that says what has changed.",
            provider=candidate,
        )
