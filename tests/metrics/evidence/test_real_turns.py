"""From questions to a verdict: real turns through the engine, then a look at what they left in the log."""

import uuid
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from apps.metrics.evidence.guardrails import evaluate
from apps.providers.errors import ProviderUnavailable
from apps.providers.events import Usage
from apps.routing.ledger import current_rollout
from apps.routing.models import Evaluation, Rollout
from tests.assistant.asking import ask
from tests.scripted import words

pytestmark = pytest.mark.django_db
ANSWER = [*words("AAPL closed at 430.47."), Usage(tokens_input=10, tokens_output=5, cost_usd=0.25)]
#: Two of three answers of a provider that is harmful are good, so that its circuit stays closed.
HARMFUL = [[ProviderUnavailable(code="cut")], ANSWER, ANSWER]
N_SESSIONS = 100


async def judged(play, *, workflow) -> Evaluation:
    """The verdict on workflow at half of the sessions, once so many people have asked one question each."""
    play(*workflow, provider="workflow")
    play(ANSWER, provider="responses")
    await sync_to_async(begin_rollout)()
    for number in range(N_SESSIONS):
        await ask(override=None, session_id=uuid.UUID(int=number))
    return await sync_to_async(evaluate)(candidate="workflow", now=timezone.now() + timedelta(seconds=1))


def begin_rollout() -> None:
    current_rollout()
    begun = (timezone.now() - timedelta(seconds=1)).isoformat()
    shares = {"responses": 5000, "workflow": 5000}
    bucket_map = current_rollout().buckets.move(shares).encode()
    Rollout.objects.update(
        salt="seeded", shares=shares, bucket_map=bucket_map, evidence_since=dict.fromkeys(shares, begun)
    )


async def test_a_provider_that_fails_behind_good_answers_is_harmful(play) -> None:
    evaluation = await judged(play, workflow=HARMFUL * N_SESSIONS)
    failures = evaluation.figures["guardrails"]["backend_failures"]
    assert evaluation.n_candidate + evaluation.n_control == N_SESSIONS
    assert failures["n_candidate"] == evaluation.n_candidate > 30
    assert abs(failures["bad_candidate"] - evaluation.n_candidate / 3) <= 1
    assert failures["bad_control"] == 0
    assert evaluation.verdict == "harmful"


async def test_a_provider_that_answers_as_well_as_the_other_is_not(play) -> None:
    evaluation = await judged(play, workflow=[ANSWER])
    assert evaluation.verdict == "inconclusive"
    for figures in evaluation.figures["guardrails"].values():
        assert figures["bad_candidate"] == figures["bad_control"] == 0
    cost = evaluation.figures["amounts"]["cost_usd"]
    assert cost["candidate"]["mean"]["value"] == cost["control"]["mean"]["value"] == pytest.approx(0.25)
