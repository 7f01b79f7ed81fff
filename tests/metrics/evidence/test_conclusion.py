"""One verdict out of several, and the sentence that says it."""

from dataclasses import replace

import pytest

from apps.metrics.evidence.conclusion import Conclusion, conclude
from apps.metrics.evidence.pace import Pace
from apps.metrics.evidence.words import about, harm_ceiling, in_days
from apps.routing.evidence.guardrails import GUARDRAILS
from apps.routing.evidence.weighing import Judgement, SampleRatio, Verdict

SAFE = Judgement(
    verdict=Verdict.SAFE,
    n_candidate=120,
    n_control=1080,
    bad_candidate=3,
    bad_control=9,
    rate_candidate=3 / 120,
    rate_control=9 / 1080,
    e_value=1.0,
    log_e=0.0,
    threshold=100.0,
    risk_ratio=3.0,
    risk_ratio_low=0.1,
    risk_ratio_high=9.0,
    excess_ceiling=0.01,
    more_sessions=0,
    leads_to=Verdict.SAFE,
)
OPEN = replace(SAFE, verdict=Verdict.INCONCLUSIVE, more_sessions=634)
HARMFUL = replace(SAFE, verdict=Verdict.HARMFUL, leads_to=Verdict.HARMFUL, log_e=5.0)
AS_MEANT = SampleRatio(
    is_mismatch=False, e_value=1.0, log_e=0.0, threshold=1000.0, n=1200, expected_share=0.1, observed_share=0.1
)
ASTRAY = replace(AS_MEANT, is_mismatch=True, n=10_000, observed_share=0.0812)


def concluded(*, pace: Pace | None = None, ratio: SampleRatio = AS_MEANT, **judgements: Judgement) -> Conclusion:
    """Guardrails that are not named are safe."""
    return conclude(
        {name: judgements.get(name, SAFE) for name in GUARDRAILS},
        {"assigned": AS_MEANT, "looked_at": ratio},
        candidate="workflow",
        control="responses",
        pace=pace,
    )


def test_safe_is_said_only_where_every_guardrail_says_it() -> None:
    assert concluded() == Conclusion(
        verdict=Verdict.SAFE,
        summary="SAFE: 3 of 120 workflow sessions met a backend failure, 9 of 1,080 of responses; an excess of more "
        "than 2 points is ruled out.",
    )
    for name in GUARDRAILS:
        assert concluded(**{name: OPEN}).verdict is Verdict.INCONCLUSIVE


def test_one_harmful_guardrail_is_enough_and_is_the_one_named() -> None:
    found = concluded(tool_failures=HARMFUL, slow_answers=replace(HARMFUL, log_e=4.9))
    assert found.verdict is Verdict.HARMFUL
    assert found.summary == (
        "HARMFUL: 3 of 120 workflow sessions met a failed tool call, 9 of 1,080 of responses: 3.0 times as often."
    )


def test_harm_to_nobody_else_is_no_ratio() -> None:
    found = concluded(backend_failures=replace(HARMFUL, bad_control=0, risk_ratio=None))
    assert found.summary == "HARMFUL: 3 of 120 workflow sessions met a backend failure, 0 of 1,080 of responses."


def test_a_split_that_is_not_as_meant_is_said_before_anything_is_safe() -> None:
    assert concluded(ratio=ASTRAY) == Conclusion(
        verdict=Verdict.INCONCLUSIVE,
        summary="INCONCLUSIVE: of 10,000 sessions with a turn that counts, workflow has 812 where its shares give "
        "1,000. Sessions go missing: find out where before you trust a figure.",
    )


def test_harm_is_said_whatever_the_split_says() -> None:
    assert concluded(ratio=ASTRAY, backend_failures=HARMFUL).verdict is Verdict.HARMFUL


def test_what_is_still_needed_is_said_in_sessions_and_days() -> None:
    found = concluded(backend_failures=OPEN, pace=Pace(days=7, sessions_per_week=9999, arm_sessions_per_day=300))
    assert found.summary == (
        "INCONCLUSIVE: 3 of 120 workflow sessions met a backend failure, 9 of 1,080 of responses; needs about 640 more "
        "sessions, 2.1 days at this rate."
    )
    assert (found.more_sessions, found.days, found.leads_to) == (634, pytest.approx(634 / 300), Verdict.SAFE)


@pytest.mark.parametrize("pace", [None, Pace(days=7, sessions_per_week=10, arm_sessions_per_day=0)])
def test_days_are_left_out_where_the_pace_is_unknown(pace) -> None:
    assert concluded(backend_failures=OPEN, pace=pace).summary.endswith("; needs about 640 more sessions.")


def test_the_last_guardrail_to_become_safe_is_the_one_waited_for() -> None:
    found = concluded(backend_failures=OPEN, slow_answers=replace(OPEN, more_sessions=5000))
    assert "waited too long for an answer" in found.summary
    assert found.more_sessions == 5000
    unknown = concluded(slow_answers=OPEN, tool_failures=replace(OPEN, more_sessions=None, leads_to=None))
    assert unknown.summary.endswith("of responses; how many more it needs cannot be said yet.")
    assert unknown.more_sessions is None


def test_the_first_guardrail_that_leads_to_harm_is_the_one_waited_for() -> None:
    found = concluded(
        backend_failures=replace(OPEN, more_sessions=None, leads_to=None),
        slow_answers=replace(OPEN, leads_to=Verdict.HARMFUL, more_sessions=900),
        tool_failures=replace(OPEN, leads_to=Verdict.HARMFUL, more_sessions=80),
    )
    assert found.summary.endswith("; if it goes on like this, about 80 more sessions show harm.")


@pytest.mark.parametrize(
    ("n_candidate", "n_control", "whose"), [(0, 0, "workflow or responses"), (0, 9, "workflow"), (9, 0, "responses")]
)
def test_without_sessions_there_is_nothing_to_say(n_candidate, n_control, whose) -> None:
    nothing = replace(OPEN, n_candidate=n_candidate, n_control=n_control)
    found = concluded(**dict.fromkeys(GUARDRAILS, nothing))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.summary == f"INCONCLUSIVE: no session of {whose} counts yet."


def test_a_guardrail_that_does_not_gate_decides_nothing(monkeypatch) -> None:
    monkeypatch.setitem(GUARDRAILS, "tool_failures", replace(GUARDRAILS["tool_failures"], is_gating=False))
    assert concluded(tool_failures=HARMFUL).verdict is Verdict.SAFE
    assert concluded(tool_failures=OPEN).verdict is Verdict.SAFE


def test_a_forecast_is_rounded_up_to_what_it_knows() -> None:
    assert [about(n) for n in (1, 99, 101, 634, 12_001)] == [1, 99, 110, 640, 13_000]
    assert [in_days(days) for days in (0.01, 0.5, 1.0, 2.13, 12.4, 2000)] == [
        "1 hour",
        "12 hours",
        "1 day",
        "2.1 days",
        "12 days",
        "2,000 days",
    ]


def test_the_worst_case_is_said_for_a_share() -> None:
    assert harm_ceiling(share=2500, n_sessions=14) == (
        "At 25 % the worst case that the data still allow is 14 more failed sessions a week."
    )
    assert harm_ceiling(share=1250, n_sessions=1).endswith("is 1 more failed session a week.")
    assert harm_ceiling(share=2500, n_sessions=0) == "At 25 % the data rule out even one more failed session a week."
