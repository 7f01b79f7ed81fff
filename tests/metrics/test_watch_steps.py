"""A whole look: from turns in the log to the share that is taken away, and a failure that nobody may overlook."""

import pytest
from django.utils import timezone

from apps.metrics.evidence import guardrails
from apps.metrics.watch import look
from apps.routing.changes import set_shares
from apps.routing.models import Evaluation, Rollout, RolloutChange, Watch
from tests.metrics.evidence.rollouts import Try, make_session, make_turn

pytestmark = pytest.mark.django_db

HALF = {"responses": 5_000, "workflow": 5_000}
RESCUE = Try(provider="responses")


def sessions(provider: str, n: int, *, error: str = "") -> None:
    for _ in range(n):
        session = make_session(provider, shares=HALF, at=timezone.now())
        tries = [Try(provider=provider, error=error), RESCUE] if error else []
        make_turn(session, tries=tries, at=timezone.now())


def test_a_look_takes_the_share_away_from_a_provider_whose_failures_others_hid() -> None:
    set_shares(shares=HALF, by="Bob")
    sessions("workflow", 30, error="cut")
    sessions("responses", 30)
    seen = look(now=timezone.now())
    assert seen is not None
    assert seen.faults == ()
    assert "HARMFUL: 30 of 30 workflow sessions met a backend failure" in seen.lines[0]
    assert seen.lines[1].startswith("workflow: roll back. HARMFUL")
    assert Rollout.objects.get().shares == {"responses": 10_000}
    entry = RolloutChange.objects.first()
    assert entry is not None
    assert (entry.by, entry.evidence["evaluation"]) == ("watch", Evaluation.objects.get().pk)


def test_a_look_leaves_a_healthy_provider_its_share() -> None:
    set_shares(shares=HALF, by="Bob")
    sessions("workflow", 30)
    sessions("responses", 30)
    look(now=timezone.now())
    assert Rollout.objects.get().shares == HALF


def test_an_evaluation_that_fails_is_a_fault_of_the_look(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    set_shares(shares=HALF, by="Bob")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the log cannot be read")

    monkeypatch.setattr(guardrails, "read_cells", broken)
    seen = look(now=timezone.now())
    assert seen is not None
    assert seen.faults == ("weigh_evidence failed (EvaluationFailed); the log says where.",)
    assert Watch.objects.get().error == seen.faults[0]
    assert "workflow could not be evaluated; the log says why." in caplog.text
