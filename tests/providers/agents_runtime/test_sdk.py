"""The SDK is loaded late, tells nobody what ran, and logs nothing of a person's."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[3]
#: What would make the SDK export its traces with all they hold, and log prompts.
LOUD = {
    "OPENAI_API_KEY": "sk-alice",
    "OPENAI_AGENTS_DISABLE_TRACING": "0",
    "OPENAI_AGENTS_TRACE_INCLUDE_SENSITIVE_DATA": "1",
    "OPENAI_AGENTS_DONT_LOG_MODEL_DATA": "0",
    "OPENAI_AGENTS_DONT_LOG_TOOL_DATA": "0",
}


def run(script: str, **variables: str) -> str:
    """What the script prints, run in a process of its own with the suite's settings."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_the_registry_and_the_provider_import_no_sdk() -> None:
    run(
        """
        import sys, django
        django.setup()
        from apps.providers import registry
        provider = registry.get_provider("agents_sdk")
        assert provider.name == "agents_sdk"
        provider.why_unavailable()
        assert not {"agents", "openai"} & set(sys.modules), sorted(set(sys.modules) & {"agents", "openai"})
        """
    )


def test_a_run_is_traced_to_nobody_and_logged_nowhere_whatever_the_environment_says() -> None:
    said = run(
        """
        import asyncio, logging, socket, threading
        import django
        django.setup()
        logging.basicConfig(level=logging.DEBUG)
        from agents import RunHooks, TracingProcessor, add_trace_processor, trace
        from agents.tracing.processors import BackendSpanExporter
        from apps.providers.agents_runtime.sdk import load_sdk
        from tests.providers.agents_runtime.responses_wire import Wire
        from tests.providers.agents_runtime.running import make_request, run_agent
        from tests.providers.agents_runtime.scripted_upstream import scripted_upstream

        def refuse(self, items):
            raise AssertionError("traces were exported")

        BackendSpanExporter.export = refuse
        told = []

        class Listener(TracingProcessor):
            def on_trace_start(self, trace): told.append(trace)
            def on_trace_end(self, trace): told.append(trace)
            def on_span_start(self, span): told.append(span)
            def on_span_end(self, span): told.append(span)
            def shutdown(self): pass
            def force_flush(self): pass

        connected = []
        connect = socket.socket.connect

        def watch(self, address):
            connected.append(address[0])
            return connect(self, address)

        socket.socket.connect = watch

        async def main():
            await load_sdk()
            from agents.tracing import get_trace_provider
            assert get_trace_provider()._multi_processor._processors == ()
            # Even somebody who listens hears nothing.
            add_trace_processor(Listener())
            wire = Wire().calls(("get_quote", {"symbol": "IBM"})).completed()
            broken = [*Wire().text("a secret word").unfinished(), "cut"]
            async with scripted_upstream(wire, Wire().text("a secret word").completed(), broken):
                await run_agent(make_request("my secret question"))
                try:
                    await run_agent(make_request("my secret question"))
                except Exception as error:
                    assert type(error).__name__ == "ProviderUnavailable", error
            get_trace_provider().shutdown()

        asyncio.run(main())
        assert not told, told
        assert set(connected) <= {"127.0.0.1"}, connected
        assert not [thread for thread in threading.enumerate() if "race" in thread.name]
        """,
        **LOUD,
    )
    agents_lines = [line for line in said.splitlines() if "openai.agents" in line]
    assert agents_lines == []
