"""Looks at the evidence are kept, the latest is found, and old ones that say nothing new are deleted."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.routing.evidence.evaluations import latest_evaluations, prune_evaluations, record_evaluation
from apps.routing.evidence.weighing import Verdict
from apps.routing.models import Evaluation

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=8)


def look(*, at: datetime, verdict: Verdict = Verdict.INCONCLUSIVE, candidate: str = "workflow") -> Evaluation:
    return record_evaluation(
        at=at,
        candidate=candidate,
        control="responses",
        since=at,
        version=1,
        verdict=verdict,
        summary="",
        n_candidate=0,
        n_control=0,
        figures={},
        took_ms=1.0,
    )


def test_the_latest_look_at_each_candidate_is_found() -> None:
    for candidate in ("workflow", "agents_sdk", "workflow"):
        newest = look(at=NOW, candidate=candidate)
    latest = latest_evaluations()
    assert list(latest) == ["agents_sdk", "workflow"]
    assert latest["workflow"] == newest


def test_of_an_old_hour_the_first_look_stays_and_each_change_of_verdict() -> None:
    harmful = Verdict.HARMFUL
    looks = [
        look(at=OLD),
        look(at=OLD + timedelta(minutes=1)),
        look(at=OLD + timedelta(minutes=2), verdict=harmful),
        look(at=OLD + timedelta(minutes=3), verdict=harmful),
        look(at=OLD + timedelta(minutes=4)),
        look(at=OLD + timedelta(minutes=61)),
        look(at=OLD + timedelta(minutes=62)),
    ]
    assert prune_evaluations(now=NOW) == 3
    assert [row.pk for row in Evaluation.objects.order_by("id")] == [looks[i].pk for i in (0, 2, 4, 5)]


def test_candidates_are_pruned_each_by_themselves() -> None:
    for minute in range(4):
        candidate, verdict = (("workflow", Verdict.SAFE), ("agents_sdk", Verdict.HARMFUL))[minute % 2]
        look(at=OLD + timedelta(minutes=minute), candidate=candidate, verdict=verdict)
    assert prune_evaluations(now=NOW) == 2


def test_the_last_seven_days_stay_whole() -> None:
    for minute in range(3):
        look(at=NOW - timedelta(days=7) + timedelta(minutes=minute))
    assert prune_evaluations(now=NOW) == 0


def test_what_stays_stays_when_it_is_pruned_again() -> None:
    for minute in range(90):
        verdict = Verdict.HARMFUL if minute % 20 > 15 else Verdict.INCONCLUSIVE
        look(at=OLD + timedelta(minutes=minute), verdict=verdict)
    prune_evaluations(now=NOW)
    left = list(Evaluation.objects.order_by("id").values_list("verdict", flat=True))
    assert prune_evaluations(now=NOW) == 0
    assert left == list(Evaluation.objects.order_by("id").values_list("verdict", flat=True))
