"""A process ends in bounded time whatever Langfuse does; its turns are in the log, and what can be sent has been."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tracing.receiver import Receiver, receiver

ROOT = Path(__file__).parents[2]
#: The SDK by itself waits longer for a host that hangs, even for one turn.
BOUND_S = 7.0
LONG_S = 120.0


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of a process with a migrated database and no keys."""
    folder = tmp_path_factory.mktemp("product")
    found = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONUNBUFFERED": "1",
        "GVSES_ENV_FILE": os.devnull,
        "DEBUG": "True",
        "SECRET_KEY": "a key for tests only, which protects nothing at all",
        "DATABASE_URL": f"sqlite:///{folder}/product.sqlite3",
        "GVSES_SANDBOX": "False",
        "GVSES_FORCE_PROVIDER": "analyst",
    }
    migrated = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=found,
        capture_output=True,
        text=True,
    )
    assert migrated.returncode == 0, migrated.stderr
    return found


@pytest.fixture
def host() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def keys(url: str) -> dict[str, str]:
    return {
        "LANGFUSE_PUBLIC_KEY": f"pk-lf-{uuid.uuid4()}",
        "LANGFUSE_SECRET_KEY": "sk-lf-test",
        "LANGFUSE_HOST": url,
    }


#: Asks as a person at the shell does, and ends once the SDK has the trace; importing it takes longer than an answer.
ASK = """
    import os, sys, time, django
    django.setup()
    from threading import Event
    from django.core.management import call_command
    from apps.tracing import langfuse, recorder
    recorder.warm_up()
    while langfuse._connection is None:
        time.sleep(0.01)
    is_given, record = Event(), langfuse.record
    langfuse.record = lambda trace: (record(trace), is_given.set())
    call_command("ask", "Where would you enter IBM and where is the stop?")
    is_given.wait()
    sys.stderr.write("The end\\n")
"""


def ask(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(ASK)],
        cwd=ROOT,
        env=environment | {"DJANGO_SETTINGS_MODULE": "gvses.settings"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def request_id_of(process: subprocess.Popen[str]) -> str:
    """Waits until the process is about to end."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if line == "The end\n":
            told = next(line for line in lines if "· request " in line)
            return told.split("· request ")[1].split("\x1b")[0].strip()
    raise AssertionError("".join(lines))


def status_of(request_id: str, environment: dict[str, str]) -> str:
    with sqlite3.connect(environment["DATABASE_URL"].removeprefix("sqlite:///")) as database:
        query = "SELECT status FROM metrics_requestlog WHERE request_id = ?"
        (status,) = database.execute(query, [uuid.UUID(request_id).hex]).fetchone()
    database.close()
    return str(status)


def run(script: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    start = "import os, sys, time, django\ndjango.setup()\n"
    return subprocess.run(
        [sys.executable, "-c", start + textwrap.dedent(script)],
        cwd=ROOT,
        env=environment | {"DJANGO_SETTINGS_MODULE": "gvses.settings"},
        capture_output=True,
        text=True,
        timeout=LONG_S,
    )


def test_what_a_command_traced_has_arrived_when_it_ends(environment: dict[str, str], host: Receiver) -> None:
    with ask(environment | keys(host.url)) as process:
        request_id = request_id_of(process)
        assert process.wait(timeout=LONG_S) == 0
    root, _ = host.tree()
    assert root.said("trace.metadata.request_id") == request_id
    assert {score["name"] for score in host.scores} == {"has_risk_disclaimer", "mentions_stop_loss", "has_entry_exit"}


@pytest.mark.parametrize("fault", ["refuses", "hangs", "answers 500"])
def test_a_command_ends_in_time_and_its_row_is_there(environment: dict[str, str], host: Receiver, fault: str) -> None:
    url = host.url
    with socket.socket() as closed:
        if fault == "refuses":
            # Bound and not listening: whoever connects is refused.
            closed.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        elif fault == "hangs":
            host.may_answer.clear()
        else:
            host.status = 500
        with ask(environment | keys(url)) as process:
            request_id = request_id_of(process)
            assert process.wait(timeout=BOUND_S) == 0
        assert status_of(request_id, environment) == "succeeded"
    assert bool(host.bodies) is (fault != "refuses")


@pytest.mark.parametrize("order", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_told_to_stop_while_it_sends_ends_in_time(
    environment: dict[str, str], host: Receiver, order: signal.Signals
) -> None:
    host.may_answer.clear()
    with ask(environment | keys(host.url)) as process:
        request_id_of(process)
        process.send_signal(order)
        process.wait(timeout=BOUND_S)


def test_without_keys_the_sdk_is_not_even_imported(environment: dict[str, str]) -> None:
    script = """
        from django.core.management import call_command
        call_command("ask", "Price of AAPL?")
        from apps.tracing import recorder
        recorder.close()
        loaded = {name.partition(".")[0] for name in sys.modules}
        sys.exit(",".join(loaded & {"langfuse", "opentelemetry"}) or 0)
    """
    for some in ({}, {"LANGFUSE_PUBLIC_KEY": "pk-lf-alone"}):
        ran = run(script, environment | some)
        assert ran.returncode == 0, ran.stderr


def test_a_forked_process_sends_its_own_turns_and_nothing_twice(environment: dict[str, str], host: Receiver) -> None:
    script = """
        from threading import Event
        from apps.tracing import langfuse, recorder
        from tests.tracing.traces import make_trace
        is_given, record = Event(), langfuse.record
        langfuse.record = lambda trace: (record(trace), is_given.set())
        recorder.record_turn(make_trace(trace_id="aa" * 16))
        is_given.wait()
        child = os.fork()
        recorder.record_turn(make_trace(trace_id=("bb" if child else "cc") * 16))
        recorder.close(60.0)
        if child:
            os.waitpid(child, 0)
        else:
            os._exit(0)
    """
    ran = run(script, environment | keys(host.url))
    assert ran.returncode == 0, ran.stderr
    roots = sorted(span.trace_id for span in host.spans if not span.parent_id)
    assert roots == ["aa" * 16, "bb" * 16, "cc" * 16]
