"""Two processes that build at the same time, while turns go on being closed: the figures are those of one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from apps.metrics.models import Grain, RequestLog, RollupDue, TurnRollup
from apps.metrics.rollups.due import ask_for_hours, hours_with_turns
from apps.metrics.rollups.run import Ran, roll_up
from tests.metrics.rollups.history import AT, make_turn

NOW = AT + timedelta(hours=1)
WORKERS = 3


@pytest.mark.django_db(transaction=True)
def test_runs_at_once_build_the_same_figures_as_one() -> None:
    for hours in range(12):
        make_turn(at=AT - timedelta(hours=hours))
    together = Barrier(WORKERS)

    def work(number: int) -> Ran:
        try:
            together.wait(timeout=20)
            for turn in range(3):
                make_turn(at=AT - timedelta(hours=turn, minutes=number))
                ask_for_hours(hours_with_turns(), now=NOW)
                ran = roll_up(now=NOW)
            return ran
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        runs = list(pool.map(work, range(WORKERS)))
    assert [ran.faults for ran in runs] == [()] * WORKERS
    roll_up(now=NOW)
    assert not RollupDue.objects.exists()
    rows = TurnRollup.fine.values_list("grain", "turns")
    total = RequestLog.objects.count()
    assert total == 12 + 3 * WORKERS
    for grain in Grain:
        assert sum(turns for name, turns in rows if name == grain) == total
