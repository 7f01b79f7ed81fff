"""Real servers for tests and benchmarks: the product itself, PostgreSQL, Redis.

Each listens on a free loopback port, keeps its files in a temporary folder, and is stopped by its process. PostgreSQL
refuses to run as root, so root starts it as the user `postgres`. `python -m tests.servers -- COMMAND …` runs a
command with a PostgreSQL and a Redis of its own.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import psycopg

ROOT = Path(__file__).parents[1]
START_TIMEOUT_S = 30


class MissingProgram(Exception):
    """A server that a test needs is not on this machine; `str(error)` says how to get it."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def postgres_program(name: str) -> str:
    """The path of a PostgreSQL program, on the PATH or where Debian keeps it."""
    candidates = [
        shutil.which(name),
        *sorted(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), reverse=True),
    ]
    for candidate in candidates:
        if candidate and Path(candidate).exists():
            return candidate
    raise MissingProgram(f"{name} is not installed. On Debian and Ubuntu: apt install postgresql")


def as_postgres() -> dict[str, object]:
    """Process options that drop root; none for an ordinary user."""
    if os.getuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def wait_until_it_listens(port: int, process: subprocess.Popen[bytes], name: str) -> None:
    give_up = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up:
        if process.poll() is not None:
            sys.exit(f"{name} stopped while starting, exit code {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"{name} did not listen within {START_TIMEOUT_S} s")


@dataclass
class Cluster:
    """A PostgreSQL that can be stopped and started again under the same address, with the same data."""

    folder: str
    port: int
    options: dict[str, object]
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"postgres://gvses@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Nothing where it runs already."""
        if self.process is not None:
            return
        settings = ["fsync=off", "max_connections=60", f"unix_socket_directories={self.folder}", "timezone=UTC"]
        self.process = subprocess.Popen(
            [postgres_program("postgres"), "-D", f"{self.folder}/data", "-h", "127.0.0.1", "-p", str(self.port)]
            + [word for setting in settings for word in ("-c", setting)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            **self.options,
        )
        wait_until_it_listens(self.port, self.process, "PostgreSQL")
        self._wait_until_it_lets_in()

    def _wait_until_it_lets_in(self) -> None:
        """It listens before it has read its files, and refuses everybody until then."""
        give_up = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.05)

    def stop(self) -> None:
        """At once: open connections are closed. Nothing where it is stopped already."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=START_TIMEOUT_S)
        self.process = None


@contextmanager
def postgres_cluster() -> Iterator[Cluster]:
    """A fresh cluster, started."""
    with tempfile.TemporaryDirectory(prefix="gvses-postgres-") as folder:
        options = as_postgres()
        if options:
            shutil.chown(folder, "postgres", "postgres")
        subprocess.run(
            [
                postgres_program("initdb"),
                "-D",
                f"{folder}/data",
                "-U",
                "gvses",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **options,
        )
        cluster = Cluster(folder=folder, port=free_port(), options=options)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@contextmanager
def postgres() -> Iterator[str]:
    """A fresh cluster; yields its DATABASE_URL."""
    with postgres_cluster() as cluster:
        yield cluster.url


@contextmanager
def redis() -> Iterator[str]:
    """A Redis without persistence; yields its URL."""
    program = shutil.which("redis-server")
    if program is None:
        raise MissingProgram("redis-server is not installed. On Debian and Ubuntu: apt install redis-server")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="gvses-redis-") as folder:
        process = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until_it_listens(port, process, "Redis")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(timeout=START_TIMEOUT_S)


@dataclass(frozen=True)
class Product:
    """A running server of the product: its address, its environment, and the file it prints to."""

    url: str
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes]
    started_s: float

    def manage(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs `manage.py` beside it, on the same database."""
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def password(self) -> str:
        """The demo password it printed on first run."""
        line = next(line for line in self.log.read_text().splitlines() if line.startswith("Demo staff login"))
        return line.split(" / ")[1].split()[0]


@contextmanager
def product(folder: Path, **variables: str) -> Iterator[Product]:
    """The product with a SQLite file in `folder` and without the sandbox, unless `variables` say otherwise."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONUNBUFFERED": "1",
        "GVSES_ENV_FILE": os.devnull,
        "DEBUG": "True",
        "SECRET_KEY": "a key for tests only, which protects nothing at all",
        "DATABASE_URL": f"sqlite:///{folder}/product.sqlite3",
        "GVSES_SANDBOX": "False",
        # A first answer imports the SDKs, on a busy machine for longer than people would wait.
        "FIRST_TEXT_DEADLINE_S": "60",
        "TURNS_PER_PERSON": "100000/60",
        "TURNS_PER_ADDRESS": "100000/60",
        "TURNS_PER_DAY": "1000000/86400",
        **variables,
    }
    log = folder / "server.log"
    begin = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(url, process, log)
        yield Product(url=url, environment=environment, log=log, process=process, started_s=time.monotonic() - begin)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=START_TIMEOUT_S)


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise RuntimeError(f"The server stopped while starting:\n{log.read_text()}")
        try:
            if httpx2.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.02)
    raise RuntimeError(f"The server was not ready within {START_TIMEOUT_S} s:\n{log.read_text()}")


def main() -> int:
    command = sys.argv[sys.argv.index("--") + 1 :]
    try:
        with postgres() as database_url, redis() as redis_url:
            environment = {**os.environ, "DATABASE_URL": database_url, "REDIS_URL": redis_url}
            return subprocess.run(command, env=environment).returncode
    except MissingProgram as error:
        sys.exit(str(error))


if __name__ == "__main__":
    sys.exit(main())
