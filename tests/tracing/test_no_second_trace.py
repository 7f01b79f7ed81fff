"""The agents SDK can trace by itself, to its vendor and with the text in it; here it does not."""

from typing import Any

import pytest
from agents.tracing import TracingProcessor, add_trace_processor, set_trace_processors
from asgiref.sync import sync_to_async

from apps.metrics.models import RequestLog
from apps.providers.agents_runtime.sdk import load
from tests.assistant.asking import ask

pytestmark = pytest.mark.django_db


class Collector(TracingProcessor):
    def __init__(self) -> None:
        self.got: list[Any] = []

    def on_trace_start(self, trace: Any) -> None:
        self.got.append(trace)

    def on_span_start(self, span: Any) -> None:
        self.got.append(span)

    def on_trace_end(self, trace: Any) -> None: ...

    def on_span_end(self, span: Any) -> None: ...

    def shutdown(self) -> None: ...

    def force_flush(self) -> None: ...


@pytest.mark.parametrize("provider", ["agents_sdk", "workflow"])
async def test_an_agent_s_turn_leaves_no_trace_with_its_sdk(sandbox: None, provider: str) -> None:
    # Once a process it puts a provider of traces in place; who listens is added to that one.
    load()
    collector = Collector()
    add_trace_processor(collector)
    try:
        await ask(override=provider, question="Where would you enter IBM and where is the stop?")
    finally:
        # Nobody listens, as before.
        set_trace_processors([])
    row = await sync_to_async(RequestLog.objects.get)()
    assert (row.status, row.provider) == ("succeeded", provider)
    assert row.tokens_input
    assert collector.got == []
