"""What tests of stops share: the verbs as steps of a script, and how often the watch has looked."""

import asyncio
from collections.abc import Callable

from apps.routing.kills import kill, unkill
from apps.routing.stops import StopOrder, stops_in_force

FOREVER = 60.0


def stop(provider: str, *, cut: bool = False) -> Callable[[], object]:
    """The analyst serves instead of the default provider, unless it is stopped itself."""
    instead = "analyst" if provider == "responses" else ""
    return lambda: kill(provider=provider, by="Bob", reason="drill", cut=cut, instead=instead)


def resume(provider: str) -> Callable[[], object]:
    return lambda: unkill(provider=provider, by="Bob", reason="The drill is over.")


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while True:
            if holds():
                return
            await asyncio.sleep(0.001)


class Looks:
    """Stands in for `stops_in_force` and counts; while `failing` is set it raises that."""

    def __init__(self) -> None:
        self.n = 0
        self.failing: Exception | None = None

    def __call__(self) -> tuple[StopOrder, ...]:
        self.n += 1
        if self.failing is not None:
            raise self.failing
        return stops_in_force()

    async def two_more(self) -> None:
        """Until one has begun after this call and has ended."""
        wanted = self.n + 2
        await until(lambda: self.n >= wanted)
        # The second has answered in its thread; what the watch makes of that comes with the loop's next steps.
        await asyncio.sleep(0.01)
