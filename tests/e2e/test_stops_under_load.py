"""Four processes, forty people, one stop: nobody starts on the stopped provider afterwards, and a cut empties it."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.servers import MissingProgram
from tests.stop_drill import NEXT, STOPPED, Drill, Moments, SlowUpstream, drill

pytestmark = pytest.mark.e2e
#: Who asks all the time, and how many more ask at the same moment as a stop.
PEOPLE, RUSH = 40, 80
RUSHES = 3
#: How long a drain lasts here: many times as long as the last try may come late.
STOPPED_S = 0.6
#: After the commit: when the last try may begin, and when the last answer that is cut has surely ended; the
#: bench measures how soon.
LAST_START_S, CUT_S = 0.1, 5.0


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    try:
        with drill(tmp_path_factory.mktemp("drill")) as found:
            yield found
    except MissingProgram as error:
        pytest.skip(str(error))


def test_after_a_stop_nobody_starts_on_the_provider_and_a_cut_ends_its_answers(scene: Drill) -> None:
    upstream = SlowUpstream(n_pieces=10, pace_s=0.1)

    stops: list[tuple[Moments, float]] = []

    async def act() -> None:
        async with scene.load(upstream, n_people=PEOPLE):
            for _ in range(RUSHES):
                await scene.rush(RUSH)
                drained = await scene.operator.kill(STOPPED, cut=False)
                await asyncio.sleep(STOPPED_S)
                stops.append((drained, (await scene.operator.unkill(STOPPED)).before))
            await scene.calm()
            await upstream.until_open(PEOPLE // 2)
            n_open = len(upstream.open_calls)
            cut = await scene.operator.kill(STOPPED, cut=True)
            await asyncio.sleep(cut.after + CUT_S - time.time())
            running = await asyncio.to_thread(scene.running)
            still_open = [call for call in upstream.calls if call.ended_at is None or call.ended_at > cut.after + CUT_S]
            stops.append((cut, time.time()))
        assert n_open > PEOPLE // 4
        assert (running, still_open) == (0, [])

    # Playwright's synchronous API keeps a loop in this thread for the rest of the session.
    with ThreadPoolExecutor(max_workers=1) as elsewhere:
        elsewhere.submit(asyncio.run, act()).result()
    starts = [start for stop, until in stops for start in scene.starts(after=stop.after, until=until)]
    assert [start for start in starts if start > LAST_START_S] == []
    assert all("event: done" in answer and "event: error" not in answer for answer in scene.answers)
    ((ended_in_a_drain, replaced),) = scene.rows(
        "SELECT count(*) FILTER (WHERE started_at + attempt.latency_ms * interval '1 millisecond' < to_timestamp(%s)), "
        "count(*) FILTER (WHERE request.provider = %s AND request.success) "
        "FROM metrics_attempt AS attempt JOIN metrics_requestlog AS request USING (request_id) "
        "WHERE attempt.error = 'stopped'",
        stops[-1][0].before,
        NEXT,
    )
    assert ended_in_a_drain == 0
    assert replaced > PEOPLE // 8
