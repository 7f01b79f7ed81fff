"""How a schedule moves: the watch's look at each of them, and the steps that it shares with the people's verbs.

Each change locks the rollout's row first, so that of a person and the watch the second sees what the first did.
"""

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.providers.registry import DEFAULT_PROVIDER
from apps.routing import ledger
from apps.routing.changes import apply_shares
from apps.routing.errors import ReasonMissing, ScheduleNotReady
from apps.routing.evidence.harm import WATCH
from apps.routing.ledger import locked_rollout
from apps.routing.models import Rollout, RolloutChange, Schedule
from apps.routing.schedule.rules import shares_with
from apps.routing.schedule.situation import evidence_for_the_log, harm_without_a_plan, situation_of
from apps.routing.schedule.stages import Decision, Plan, PlannedStage, Step, decide
from apps.routing.shares import percent

logger = logging.getLogger(__name__)

State, OnHarm, Action = Schedule.State, Schedule.OnHarm, RolloutChange.Action


def roll_back(*, candidate: str, by: str, reason: str, evidence: Any = None) -> RolloutChange | None:
    """Gives the candidate's share of new sessions back to the control, and ends its schedule; None where it has none.

    Sessions that have begun stay. Raises ReasonMissing.
    """
    require_reason(reason, f"Rolling {candidate} back wants a reason.")
    with transaction.atomic():
        rollout = locked_rollout()
        schedule = Schedule.objects.filter(candidate=candidate, state__in=(State.ACTIVE, State.PAUSED)).first()
        if schedule is not None:
            halt(schedule, State.ROLLED_BACK, why=reason)
        had = rollout.shares.get(candidate, 0)
        control = schedule.control if schedule else DEFAULT_PROVIDER
        change = apply_shares(
            rollout,
            shares=shares_with(rollout.shares, candidate=candidate, control=control, share=0),
            by=by,
            reason=reason,
            action=Action.ROLLED_BACK,
            provider=candidate,
            what=f"{candidate} rolled back from {percent(had)} to 0 %, {control} takes its share",
            evidence=evidence,
        )
        if change is None and schedule is not None:
            record_of(
                rollout, schedule, Action.SCHEDULE_ENDED, by=by, reason=reason, what="schedule ended before a share"
            )
    logger.warning("Provider rolled back", extra={"provider": candidate, "by": by})
    return change


def next_step(schedule: Schedule, *, now: datetime) -> Decision:
    """What would follow now, and why; nothing changes."""
    return decision_for(ledger.current_rollout(), schedule, now=now)


def step_schedules(*, now: datetime) -> list[str]:
    """The watch's look: lets each plan go on, pause, roll back or end; a sentence for each thing that was done.

    A provider with a share and no plan is rolled back where it does harm. A plan that cannot be stepped holds up none
    of the others: it is logged, and its line says so.
    """
    done = []
    for schedule_id in Schedule.objects.filter(state__in=(State.ACTIVE, State.PAUSED)).values_list("pk", flat=True):
        try:
            with transaction.atomic():
                rollout, schedule = locked_schedule(schedule_id, State.ACTIVE, State.PAUSED)
                done += _step(rollout, schedule, now=now)
        except ScheduleNotReady:
            continue
        except Exception:  # the edge of one plan: harm in the others must not go unseen
            logger.exception("Schedule could not be stepped", extra={"schedule": schedule_id})
            done.append(f"Schedule {schedule_id} could not be stepped; the log says why.")
    return done + _roll_back_harm_without_a_plan(now=now)


def _step(rollout: Rollout, schedule: Schedule, *, now: datetime) -> list[str]:
    decision = decision_for(rollout, schedule, now=now)
    match decision.step:
        case Step.HOLD | Step.READY:
            return []
        case Step.BEGIN:
            begin_stage(rollout, schedule, decision, by=WATCH)
        case Step.PAUSE:
            pause(rollout, schedule, by=WATCH, why=decision.why)
        case Step.ROLL_BACK:
            roll_back(
                candidate=schedule.candidate,
                by=WATCH,
                reason=decision.why,
                evidence=evidence_for_the_log(schedule.candidate),
            )
        case Step.FINISH:
            halt(schedule, State.DONE, why=decision.why)
            record_of(rollout, schedule, Action.SCHEDULE_ENDED, by=WATCH, what=f"schedule done: {decision.why}")
    return [f"{schedule.candidate}: {decision.step.replace('_', ' ')}. {decision.why}"]


def _roll_back_harm_without_a_plan(*, now: datetime) -> list[str]:
    planned = set(Schedule.objects.filter(state__in=(State.ACTIVE, State.PAUSED)).values_list("candidate", flat=True))
    done, rollout = [], ledger.current_rollout()
    for candidate, share in rollout.shares.items():
        if not share or candidate == DEFAULT_PROVIDER or candidate in planned:
            continue
        try:
            harm = harm_without_a_plan(candidate, rollout, now=now)
            if not harm:
                continue
            roll_back(candidate=candidate, by=WATCH, reason=harm, evidence=evidence_for_the_log(candidate))
        except Exception:  # the edge of one candidate, as above
            logger.exception("Candidate could not be looked at", extra={"provider": candidate})
            done.append(f"{candidate} could not be looked at; the log says why.")
        else:
            done.append(f"{candidate}: roll back. {harm}")
    return done


def decision_for(rollout: Rollout, schedule: Schedule, *, now: datetime) -> Decision:
    plan = plan_of(schedule)
    began_at = plan.stage.began_at if plan.stage else None
    return decide(plan, situation_of(rollout, schedule, began_at=began_at, now=now))


def plan_of(schedule: Schedule) -> Plan:
    return Plan(
        candidate=schedule.candidate,
        control=schedule.control,
        stages=[
            PlannedStage(
                number=stage.number,
                share=stage.share,
                starts_at=stage.starts_at,
                min_sessions=stage.min_sessions,
                guardrails=tuple(stage.guardrails),
                began_at=stage.began_at,
                is_signed=stage.risk_signed_at is not None,
            )
            for stage in schedule.stages.all()
        ],
        running=schedule.stage_number,
        is_paused=schedule.state == State.PAUSED,
        is_automatic=schedule.is_automatic,
        rolls_back=schedule.on_harm == OnHarm.ROLL_BACK,
    )


def begin_stage(rollout: Rollout, schedule: Schedule, decision: Decision, *, by: str) -> None:
    following, now = decision.stage, timezone.now()
    if following is None:
        return
    schedule.stages.filter(number=schedule.stage_number).update(ended_at=now)
    schedule.stages.filter(number=following.number).update(began_at=now)
    schedule.stage_number = following.number
    schedule.save(update_fields=["stage_number"])
    record_of(
        rollout,
        schedule,
        Action.STAGE_BEGUN,
        by=by,
        what=f"stage {following.number} begun: {percent(following.share)}",
        reason=decision.why,
        evidence=evidence_for_the_log(schedule.candidate),
    )
    # The plan is what the second person agreed to.
    give_share(rollout, schedule, following.share, by=by, reason=decision.why, approved_by=schedule.started_by)


def give_share(
    rollout: Rollout, schedule: Schedule, share: int, *, by: str, reason: str, approved_by: str = ""
) -> None:
    shares = shares_with(rollout.shares, candidate=schedule.candidate, control=schedule.control, share=share)
    apply_shares(rollout, shares=shares, by=by, reason=reason, approved_by="" if approved_by == by else approved_by)


def pause(rollout: Rollout, schedule: Schedule, *, by: str, why: str) -> None:
    halt(schedule, State.PAUSED, why=why)
    record_of(
        rollout,
        schedule,
        Action.SCHEDULE_PAUSED,
        by=by,
        reason=why,
        what="schedule paused, shares stay",
        evidence=evidence_for_the_log(schedule.candidate),
    )
    logger.warning("Schedule paused", extra={"provider": schedule.candidate, "by": by})


def halt(schedule: Schedule, state: Schedule.State, *, why: str) -> None:
    schedule.state, schedule.stopped_at, schedule.stopped_why = state, timezone.now(), why.strip()
    schedule.save()
    if state != State.PAUSED:
        schedule.stages.filter(began_at__isnull=False, ended_at__isnull=True).update(ended_at=schedule.stopped_at)


def locked_schedule(schedule_id: int, *states: Schedule.State) -> tuple[Rollout, Schedule]:
    rollout = locked_rollout()
    schedule = Schedule.objects.filter(pk=schedule_id).first()
    if schedule is None:
        raise ScheduleNotReady("There is no such schedule.")
    if schedule.state not in states:
        is_now = schedule.get_state_display().lower()
        raise ScheduleNotReady(f"The schedule is {is_now} by now; nothing changed.", provider=schedule.candidate)
    return rollout, schedule


def record_of(rollout: Rollout, schedule: Schedule, action: RolloutChange.Action, *, what: str, **entry: Any) -> None:
    ledger.record(rollout, action=action, provider=schedule.candidate, what=f"{schedule.candidate}: {what}", **entry)


def require_reason(reason: str, sentence: str) -> None:
    if not reason.strip():
        raise ReasonMissing(sentence)
