"""A real server on a free port, over a database of its own, and Debian's Chromium to look at it."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.servers import Product, product

# Playwright's synchronous API runs an event loop of its own; the ORM calls of a test beside it are its own thread's.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(scope="session")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Product]]:
    """Starts servers that last until the end of the run."""
    with ExitStack() as running:

        def start(**variables: str) -> Product:
            return running.enter_context(product(tmp_path_factory.mktemp("server"), **variables))

        yield start


@pytest.fixture(scope="session")
def server(start_server: Callable[..., Product]) -> Product:
    """The server most tests share."""
    return start_server(ANALYST_PACE_MS="60")


@pytest.fixture(scope="session")
def slow_server(start_server: Callable[..., Product]) -> Product:
    """A server whose trade plan takes about five seconds: time to act while it is written, on a busy machine too."""
    return start_server(ANALYST_PACE_MS="500")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not installed (apt install chromium)")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
    return {**browser_type_launch_args, "executable_path": program, "args": quiet}
