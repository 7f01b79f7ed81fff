"""What every test shares: async tests run on the test's own thread, so that they share its transaction."""

import asyncio
import inspect
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import cache
from django.db import connections

from apps.core.request_context import forget_ids
from apps.providers import registry
from apps.providers.openai_api.client import close_client
from apps.providers.prices.versions import forget_overrides
from tests.away import Lose, losing
from tests.scripted import SCRIPTED, Script, Step


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}

    async def run() -> None:
        try:
            await pyfuncitem.obj(**arguments)
        finally:
            # Its connections belong to this loop, which ends with the test.
            await close_client()

    if _is_in_a_loop():
        # Playwright's synchronous API keeps a loop in this thread for the rest of the session.
        with ThreadPoolExecutor(max_workers=1) as elsewhere:
            elsewhere.submit(asyncio.run, run()).result()
    else:
        async_to_sync(run)()
    return True


def _is_in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser and server tests run only where they are asked for: `-m e2e`."""
    if config.option.markexpr:
        return
    skipped = [item for item in items if item.get_closest_marker("e2e")]
    config.hook.pytest_deselected(items=skipped)
    items[:] = [item for item in items if not item.get_closest_marker("e2e")]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI everything a test could lack is installed, so a skip is a failure."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"Skipped in CI: {report.longrepr}"
    return report


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Script]]:
    """Lets a script answer in a provider's place: `script = play([Text(...), 0.1, ProviderUnavailable("…")])`.

    The analyst is always played, another provider when it is named; more than one list of steps is one a try.
    """

    def start(*tries: Sequence[Step], provider: str = "analyst", ends: bool = True, closes_in_s: float = 0.0) -> Script:
        scripted = SCRIPTED[provider]
        monkeypatch.setitem(registry.PROVIDERS, provider, f"tests.scripted.{scripted.__name__}")
        registry.get_provider.cache_clear()
        scripted.script = Script(tries=tries, ends=ends, closes_in_s=closes_in_s)
        return scripted.script

    start([])
    yield start
    registry.get_provider.cache_clear()


@pytest.fixture
def database_away() -> Lose:
    """`with database_away():` is the time in which the test's database cannot be reached."""
    # An async test has a thread of its own; its database work is done here.
    return losing(connections["default"])


@pytest.fixture(autouse=True)
def _forget_ids() -> None:
    """What an async test binds stays bound in the thread that ran it."""
    forget_ids()


@pytest.fixture(autouse=True)
def _forget_limits() -> None:
    """Rate limits live in the cache, which outlives a test's transaction."""
    cache.clear()


@pytest.fixture(autouse=True)
def _forget_prices() -> None:
    """So does the process's table of our own prices."""
    forget_overrides()
