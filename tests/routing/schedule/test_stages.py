"""What a schedule does next, case by case: harm first, and more exposure only for SAFE or a signature."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps.routing.schedule.stages import Decision, Evidence, Plan, PlannedStage, Situation, Step, decide

MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)
WEEK = timedelta(days=7)
NAMES = ("backend_failures", "slow_first_text")

STAGES = tuple(
    PlannedStage(
        number=number,
        share=share,
        starts_at=MONDAY + (number - 1) * WEEK,
        min_sessions=100,
        guardrails=NAMES,
        began_at=MONDAY if number == 1 else None,
    )
    for number, share in ((1, 1_000), (2, 2_500))
)
PLAN = Plan(
    candidate="workflow",
    control="responses",
    stages=STAGES,
    running=1,
    is_paused=False,
    is_automatic=True,
    rolls_back=True,
)
NOW = MONDAY + WEEK
SAFE = Evidence(at=NOW, verdicts=dict.fromkeys(NAMES, "safe"), summary="SAFE: all is well.")
UNSURE = replace(SAFE, verdicts={**SAFE.verdicts, "slow_first_text": "inconclusive"}, summary="Needs 300 more.")
HARM = replace(SAFE, verdicts={**SAFE.verdicts, "tool_failures": "harmful"}, summary="HARMFUL: tools fail.")
READY = Situation(now=NOW, share=1_000, evidence=SAFE, n_sessions=100)


def after(plan: Plan = PLAN, **situation: object) -> Decision:
    return decide(plan, replace(READY, **situation))  # type: ignore[arg-type]


def with_next(**values: object) -> Plan:
    return replace(PLAN, stages=(STAGES[0], replace(STAGES[1], **values)))  # type: ignore[arg-type]


def test_the_next_stage_begins_when_its_day_has_come_and_all_is_safe() -> None:
    decision = after()
    assert (decision.step, decision.stage) == (Step.BEGIN, STAGES[1])
    assert decision.why == "Stage 2, 25 %: 100 sessions in stage 1, and its guardrails say SAFE."


@pytest.mark.parametrize(
    ("situation", "why"),
    [
        ({"now": NOW - timedelta(minutes=1)}, "Stage 2, 25 %, begins on Mon 9 Nov 2026, 09:00 UTC at the earliest."),
        ({"n_sessions": 99}, "Stage 1 has seen 99 of 100 sessions."),
        ({"evidence": UNSURE}, "Needs 300 more."),
        ({"evidence": None}, "There is no evidence of the last ten minutes: does the watch run?"),
        ({"evidence": replace(SAFE, at=NOW - timedelta(minutes=11))}, "There is no evidence of the last ten minutes"),
        ({"evidence": replace(SAFE, problem="Sessions are missing.")}, "Sessions are missing."),
        ({"obstacle": "workflow is stopped."}, "workflow is stopped."),
        ({"room": 2_000}, "Stage 2, 25 %, has no room: other providers keep 80 %."),
    ],
)
def test_it_holds_and_says_what_for(situation: dict[str, object], why: str) -> None:
    decision = after(**situation)
    assert decision.step == Step.HOLD
    assert decision.why.startswith(why)


def test_a_guardrail_that_the_stage_names_and_nobody_evaluated_is_not_safe() -> None:
    assert after(evidence=replace(SAFE, verdicts={"backend_failures": "safe"})).step == Step.HOLD


def test_a_signature_stands_for_safe_and_for_nothing_else() -> None:
    signed = with_next(is_signed=True)
    assert after(signed, evidence=UNSURE).step == Step.BEGIN
    assert after(signed, evidence=None).step == Step.BEGIN
    assert after(signed, evidence=HARM).step == Step.ROLL_BACK
    assert after(signed, evidence=UNSURE, n_sessions=99).step == Step.HOLD
    assert after(signed, evidence=UNSURE, now=NOW - timedelta(minutes=1)).step == Step.HOLD


@pytest.mark.parametrize("is_paused", [False, True])
@pytest.mark.parametrize("now", [MONDAY + timedelta(hours=1), NOW])
def test_harm_rolls_back_in_a_hold_and_in_a_pause_too(is_paused: bool, now: datetime) -> None:
    decision = after(replace(PLAN, is_paused=is_paused), now=now, evidence=replace(HARM, at=now), n_sessions=3)
    assert (decision.step, decision.why) == (Step.ROLL_BACK, "HARMFUL: tools fail.")


def test_harm_pauses_where_the_plan_says_so_and_only_once() -> None:
    pauses = replace(PLAN, rolls_back=False)
    assert after(pauses, evidence=HARM).step == Step.PAUSE
    assert after(replace(pauses, is_paused=True), evidence=HARM).step == Step.HOLD


def test_an_outage_of_its_own_is_harm_without_any_evidence() -> None:
    out = "HARMFUL: workflow's circuit has been open for 15 min 0 s, while responses answers."
    assert after(evidence=None, outage=out) == Decision(step=Step.ROLL_BACK, why=out)
    assert after(evidence=None, outage=out, share=0).step != Step.ROLL_BACK


def test_only_a_lack_of_evidence_can_be_signed_for() -> None:
    assert after(evidence=UNSURE).lacks_evidence
    assert not after(evidence=UNSURE, n_sessions=99).lacks_evidence
    assert not after(evidence=UNSURE, obstacle="workflow is stopped.").lacks_evidence


def test_the_last_stage_does_not_end_while_its_provider_serves_nobody() -> None:
    last = replace(PLAN, running=2, stages=(STAGES[0], replace(STAGES[1], began_at=NOW)))
    assert after(last, share=2_500, obstacle="workflow is stopped.").step == Step.HOLD


def test_harm_of_long_ago_and_harm_of_nobody_change_nothing() -> None:
    assert after(evidence=replace(HARM, at=NOW - timedelta(minutes=11))).step == Step.HOLD
    assert after(replace(PLAN, running=0), evidence=HARM, share=0, n_sessions=0).step != Step.ROLL_BACK


def test_shares_set_by_hand_pause_the_plan() -> None:
    decision = after(share=4_000)
    assert decision.step == Step.PAUSE
    assert decision.why == "workflow has 40 %, not the 10 % of stage 1: somebody set the shares by hand."


def test_the_first_stage_wants_no_evidence_and_its_day() -> None:
    fresh = replace(PLAN, running=0, stages=(replace(STAGES[0], began_at=None), STAGES[1]))
    assert after(fresh, now=MONDAY, evidence=None, share=0, n_sessions=0).step == Step.BEGIN
    assert after(fresh, now=MONDAY - timedelta(seconds=1), evidence=None, share=0).step == Step.HOLD


def test_a_stage_that_began_late_lasts_as_long_as_was_planned() -> None:
    late = replace(PLAN, stages=(replace(STAGES[0], began_at=MONDAY + timedelta(days=3)), STAGES[1]))
    assert after(late).step == Step.HOLD
    later = NOW + timedelta(days=3)
    assert after(late, now=later, evidence=replace(SAFE, at=later)).step == Step.BEGIN


def test_a_plan_that_leaves_it_to_people_says_that_it_is_ready() -> None:
    decision = after(replace(PLAN, is_automatic=False))
    assert decision.step == Step.READY
    assert decision.why.endswith("A person begins it.")


def test_the_plan_ends_when_its_last_stage_has_seen_enough() -> None:
    last = replace(PLAN, running=2, stages=(STAGES[0], replace(STAGES[1], began_at=NOW)))
    assert after(last, share=2_500, n_sessions=99).step == Step.HOLD
    assert after(last, share=2_500).step == Step.FINISH
