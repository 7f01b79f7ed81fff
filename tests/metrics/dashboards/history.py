"""A seeded history of some days before now, written to the log and summed, for tests of the pages."""

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone

from apps.metrics.rollups.due import ask_for_hours, hours_with_turns
from apps.metrics.rollups.run import roll_up
from tests.metrics.rollups.history import make_call, make_speech, make_turn

INTENTS = ("research", "analysis", "execution", "chart")


def make_history(n: int = 60, *, seed: int = 5) -> list[UUID]:
    """Turns over the last six days: two providers, failures, rescues, stops, unknown costs, tools, voice."""
    random, now = Random(seed), timezone.now()
    made = []
    for i in range(n):
        assigned = random.choice(("workflow", "responses"))
        fails = random.random() < 0.2
        made.append(
            make_turn(
                at=now - timedelta(minutes=random.uniform(1, 6 * 24 * 60)),
                assigned=assigned,
                tries=((assigned, "unavailable"), ("analyst", "")) if fails else ((assigned, ""),),
                status=random.choice(("succeeded",) * 8 + ("failed", "interrupted")) if not fails else "succeeded",
                model=random.choice(("gpt-5", "gpt-5-mini")),
                intent=random.choice(INTENTS),
                is_voice=i % 5 == 0,
                latency_ms=random.uniform(900, 9000),
                ttft_ms=random.uniform(100, 900),
                cost_usd=random.choice(("0.01", "0.002", None)),
                claims=(random.random() < 0.7, random.random() < 0.3, False),
            )
        )
        make_call(made[-1], error_code=random.choice(("", "", "", "timeout")), latency_ms=random.uniform(1, 50))
        if i % 5 == 0:
            make_speech(made[-1], was_barged_in=i % 10 == 0)
    sum_up()
    return made


def sum_up(now: datetime | None = None) -> None:
    """Everything in the log is in the figures, and no page is kept from before."""
    now = now or timezone.now()
    ask_for_hours(hours_with_turns(), now=now)
    roll_up(now=now)
    cache.clear()
