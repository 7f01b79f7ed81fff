"""How fast a stop is obeyed: four processes on one PostgreSQL, people who ask without a pause, stops that cut.

Of each stop, by the clock of one machine and counted from its commit: when the last turn began on the stopped provider
and when the last connection to it was closed.
"""

import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.turns import percentile
from tests.stop_drill import STOPPED, Drill, Moments, SlowUpstream, drill

PROCESSES = 4
PEOPLE = 40
RUSH = 80
STOPS = 10
#: How long a provider stays stopped: longer than the slowest connection takes to close.
STOPPED_S = 1.5
START_LIMITS_MS = (0, 50, 100)


@dataclass(frozen=True)
class Stop:
    """`resumed` is when the verb that ended it was called."""

    killed: Moments
    resumed: float


async def stops_under_load(scene: Drill, upstream: SlowUpstream) -> list[Stop]:
    found = []
    async with scene.load(upstream, n_people=PEOPLE):
        for _ in range(STOPS):
            await scene.rush(RUSH)
            killed = await scene.operator.kill(STOPPED, cut=True)
            await asyncio.sleep(killed.after + STOPPED_S - time.time())
            found.append(Stop(killed, (await scene.operator.unkill(STOPPED)).before))
            await upstream.until_open(PEOPLE // 2)
    return found


def main() -> None:
    load = f"{PEOPLE} people at once, {RUSH} more at each of {STOPS} stops"
    print(f"Stops that cut ({PROCESSES} processes, PostgreSQL, {load})")
    upstream = SlowUpstream(n_pieces=10, pace_s=0.1)
    with tempfile.TemporaryDirectory(prefix="gvses-bench-") as folder, drill(Path(folder)) as scene:
        begin = time.monotonic()
        stops = asyncio.run(stops_under_load(scene, upstream))
        per_s = len(scene.answers) / (time.monotonic() - begin)
        starts = [at for stop in stops for at in scene.starts(after=stop.killed.after, until=stop.resumed)]
    assert all("event: done" in answer for answer in scene.answers), "an answer was not whole"
    n_open, closed, last_closed = [], [], []
    for stop in stops:
        commit = stop.killed.after
        calls = [call for call in upstream.calls if call.asked_at < stop.resumed and call.ended_at > commit]
        n_open.append(len(calls))
        closed += [(call.ended_at - commit) * 1000 for call in calls]
        last_closed.append(max(closed[-len(calls) :]))
    print(
        f"  answers                               {len(scene.answers):6}      {per_s:6.1f} a second, each of them whole"
    )
    print(f"  connections open at a stop            {statistics.median(n_open):6.0f}")
    for limit in START_LIMITS_MS:
        late = sum(at * 1000 > limit for at in starts)
        wanted = "   (limit 0)" if limit == START_LIMITS_MS[-1] else ""
        print(f"  turns begun later than commit + {limit:3} ms {late:6}{wanted}")
    if starts:
        print(f"  the last of them, after commit        {max(starts) * 1000:6.0f} ms")
    for name, figures in (("a connection closed, after commit", closed), ("the last one of each stop", last_closed)):
        p50, p99 = (percentile(figures, share) for share in (0.5, 0.99))
        print(f"  {name:<36}  {p50:6.0f} ms   p99 {p99:6.0f}   max {max(figures):6.0f} ms   (limit 1,000)")


if __name__ == "__main__":
    main()
