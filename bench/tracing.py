"""What traces cost a person: the hand-over of a turn, and whole turns beside each other with Langfuse and without.

Langfuse's place is taken by a process of its own that answers, is not there, or takes everything and answers nothing.
The figures are for reading, never for a test. Asked is that a turn costs at most 3 ms more, whatever the host does.
"""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path

import httpx2

from bench.turns import QUESTIONS, ask, open_page, percentile
from tests.servers import ROOT, Product, free_port, product

HAND_OVERS = 400
#: Between two hand-overs, and between two turns: time for the recorder of one server to be done before the next turn.
PAUSE_S, TURN_PAUSE_S = 0.01, 0.1
ROUNDS = 40
HOSTS = ("answers", "refuses", "hangs")

#: In a process of its own: what it does to decode would be counted to the turns otherwise.
HOST = """
    import socketserver, sys, threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            if sys.argv[2] == "hangs":
                threading.Event().wait()
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
#: In a process of its own as well: what each case leaves behind in the SDK goes with it.
HAND_OVER = f"""
    import statistics, time, django
    django.setup()
    from apps.tracing import langfuse, recorder
    from bench.turns import percentile
    from tests.tracing.traces import make_attempt, make_model_call, make_tool_call, make_trace

    def turn():
        calls = tuple(make_tool_call(result={{"bars": [i / 7 for i in range(200)]}}) for _ in range(3))
        models = tuple(make_model_call(output="word " * 400) for _ in range(2))
        return make_trace(answer="word " * 400, attempts=(make_attempt(tool_calls=calls, model_calls=models),))

    recorder.warm_up()
    while recorder.is_on() and langfuse._connection is None:
        time.sleep(0.01)
    took = []
    for trace in [turn() for _ in range({HAND_OVERS})]:
        began = time.perf_counter()
        recorder.record_turn(trace)
        took.append((time.perf_counter() - began) * 1000)
        time.sleep({PAUSE_S})
    began = time.perf_counter()
    recorder.close()
    ended_s = time.perf_counter() - began
    print(f"{{statistics.median(took):.4f}} {{percentile(took, 0.95):.4f}} {{max(took):.4f}} {{ended_s:.2f}}")
"""


@contextmanager
def host(kind: str) -> Iterator[str]:
    """The address of a host that answers, refuses or hangs."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    if kind == "refuses":
        yield address
        return
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(HOST), str(port), kind])
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield address
    finally:
        process.kill()
        process.wait()


def keys(address: str) -> dict[str, str]:
    return {"LANGFUSE_PUBLIC_KEY": "pk-lf-bench", "LANGFUSE_SECRET_KEY": "sk-lf-bench", "LANGFUSE_BASE_URL": address}


def hand_over(name: str, variables: dict[str, str]) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "GVSES_ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "gvses.settings",
        "DEBUG": "True",
        "SECRET_KEY": "a key for benchmarks only, which protects nothing at all",
        **variables,
    }
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(HAND_OVER)],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    p50, p95, most, ended_s = map(float, ran.stdout.split()[-4:])
    print(
        f"  hand-over, host {name:<20} p50 {p50:7.3f}   p95 {p95:7.3f}   most {most:7.3f} ms   "
        f"n={HAND_OVERS}   ended in {ended_s:.2f} s"
    )


async def paired(servers: dict[str, Product]) -> dict[str, list[float]]:
    """Milliseconds of whole turns, each question asked of every server in turn, in an order that goes round."""
    took: dict[str, list[float]] = {name: [] for name in servers}
    async with AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(httpx2.AsyncClient(base_url=server.url, timeout=30))
            for name, server in servers.items()
        }
        tokens = {name: await open_page(client) for name, client in clients.items()}
        for question in QUESTIONS:
            for name, client in clients.items():
                await ask(client, tokens[name], uuid.uuid4(), question)
        names = list(servers)
        for round_number in range(ROUNDS):
            for question in QUESTIONS:
                names = names[1:] + names[:1]
                for name in names if round_number % 2 else reversed(names):
                    timing = await ask(clients[name], tokens[name], uuid.uuid4(), question)
                    assert timing.whole, "an answer was not whole"
                    took[name].append(timing.done_ms)
                    await asyncio.sleep(TURN_PAUSE_S)
    return took


def cpu_s(server: Product) -> float:
    """Processor time that the server has used so far, in all its threads."""
    after_name = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def whole_turns() -> None:
    with ExitStack() as stack:
        servers = {}
        for name in ("off", *HOSTS):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gvses-bench-")))
            variables = {} if name == "off" else keys(stack.enter_context(host(name)))
            servers[name] = stack.enter_context(product(folder, GVSES_WATCH="False", **variables))
        before_s = {name: cpu_s(server) for name, server in servers.items()}
        took = asyncio.run(paired(servers))
        cpu_ms = {name: (cpu_s(server) - before_s[name]) * 1000 / len(took[name]) for name, server in servers.items()}
    plain = took.pop("off")
    print(
        f"  whole turn, off                      p50 {statistics.median(plain):7.2f}   "
        f"p95 {percentile(plain, 0.95):7.2f} ms   CPU {cpu_ms['off']:5.1f} ms   n={len(plain)}"
    )
    for name, timings in took.items():
        more = [with_it - without for with_it, without in zip(timings, plain, strict=True)]
        print(
            f"  whole turn, host {name:<19} p50 {statistics.median(timings):7.2f}   "
            f"p95 {percentile(timings, 0.95):7.2f} ms   CPU {cpu_ms[name]:5.1f} ms   "
            f"paired, more: p50 {statistics.median(more):+.2f} ms   "
            f"p95 of it less p95 off {percentile(timings, 0.95) - percentile(plain, 0.95):+.2f} ms"
        )


def main() -> None:
    print("Traces to Langfuse")
    hand_over("none: off", {})
    for kind in HOSTS:
        with host(kind) as address:
            hand_over(kind, keys(address))
    whole_turns()


if __name__ == "__main__":
    main()
