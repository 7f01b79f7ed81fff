"""A plan that makes no sense is refused with a sentence at the field that is wrong, and nothing is kept."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apps.routing import changes
from apps.routing.errors import BadSchedule, RoutingError
from apps.routing.models import Schedule
from apps.routing.schedule import verbs as schedules
from apps.routing.schedule.rules import StageDraft, template

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_backends")]

MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _on_monday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: MONDAY)


def late(stages: Sequence[StageDraft]) -> list[StageDraft]:
    return [StageDraft(share=s.share, starts_at=s.starts_at - timedelta(days=1), min_sessions=1) for s in stages]


def far_away(stages: Sequence[StageDraft]) -> list[StageDraft]:
    return [stages[0], StageDraft(share=5_000, starts_at=datetime(9999, 12, 31, tzinfo=UTC), min_sessions=1)]


def steep(stages: Sequence[StageDraft]) -> list[StageDraft]:
    return [stages[1], StageDraft(share=1_000, starts_at=stages[2].starts_at, min_sessions=1)]


def backwards(stages: Sequence[StageDraft]) -> list[StageDraft]:
    return [stages[0], StageDraft(share=5_000, starts_at=stages[0].starts_at, min_sessions=1)]


def unguarded(stages: Sequence[StageDraft]) -> list[StageDraft]:
    return [StageDraft(share=100, starts_at=stages[0].starts_at, min_sessions=1, guardrails=())]


def guarded_by_what_is_not_there(stages: Sequence[StageDraft]) -> list[StageDraft]:
    return [StageDraft(share=100, starts_at=stages[0].starts_at, min_sessions=1, guardrails=("vibes",))]


def beyond_the_whole(stages: Sequence[StageDraft]) -> list[StageDraft]:
    return [StageDraft(share=10_001, starts_at=stages[0].starts_at, min_sessions=1)]


def none_at_all(stages: Sequence[StageDraft]) -> list[StageDraft]:
    return []


@pytest.mark.parametrize(
    ("spoil", "field", "sentence"),
    [
        (late, "stage-1-starts_at", "Stage 1: 01 Nov 2026, 09:00 UTC is in the past."),
        (far_away, "stage-2-starts_at", "31 Dec 9999 is more than two years away."),
        (steep, "stage-2-share", "Stage 2: 10 % is not more than the 25 % of the stage before."),
        (backwards, "stage-2-starts_at", "Stage 2: it begins no later than the stage before."),
        (unguarded, "stage-1-guardrails", "Stage 1: it has no guardrail"),
        (guarded_by_what_is_not_there, "stage-1-guardrails", "Stage 1: there is no guardrail “vibes”"),
        (beyond_the_whole, "stage-1-share", "at most 100 %; this is 100.01 %"),
        (none_at_all, "stages", "A schedule has at least one stage."),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_at_its_field(
    spoil: Callable[[Sequence[StageDraft]], list[StageDraft]], field: str, sentence: str
) -> None:
    with pytest.raises(BadSchedule) as refusal:
        schedules.draft_schedule(candidate="workflow", stages=spoil(template(first=MONDAY)), by="Alice")
    assert refusal.value.field == field
    assert sentence in str(refusal.value)
    assert not Schedule.objects.exists()


def test_a_plan_leaves_room_for_the_shares_of_others() -> None:
    changes.set_shares(shares={"responses": 7_000, "analyst": 3_000}, by="Bob")
    with pytest.raises(BadSchedule, match="other providers keep 30 %, so at most 70 % is left") as refusal:
        schedules.draft_schedule(candidate="workflow", stages=template(first=MONDAY), by="Alice")
    assert refusal.value.field == "stage-4-share"


@pytest.mark.parametrize("candidate", ["responses", "gpt"])
def test_a_provider_is_compared_with_another_one_that_there_is(candidate: str) -> None:
    with pytest.raises(RoutingError):
        schedules.draft_schedule(candidate=candidate, stages=template(first=MONDAY), by="Alice")
