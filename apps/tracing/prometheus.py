"""Six series about turns for a Prometheus server: how many, how long, what they used. An extra, off by default.

`prometheus_client` is imported only where `METRICS_TOKEN` is set. Every label comes from a short list of our own, so
the number of series stays what it is on the first day.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from django.conf import settings

from apps.tracing.known_names import known_provider, known_tool
from apps.tracing.turn_trace import ModelCallTrace, TurnTrace

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

MULTIPROC = "PROMETHEUS_MULTIPROC_DIR"
#: Seconds. Close together around the objectives: a first text within two or three, an answer within twenty.
DURATION_S = (0.1, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30, 45, 60)
FIRST_TEXT_S = (0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 5, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    turns: "Counter"
    duration: "Histogram"
    first_text: "Histogram"
    tokens: "Counter"
    cost: "Counter"
    tool_calls: "Counter"


def is_on() -> bool:
    return bool(settings.METRICS_TOKEN) and is_installed()


def is_installed() -> bool:
    return find_spec("prometheus_client") is not None


def record(trace: TurnTrace) -> None:
    """Counts the turn under the provider that served it, and what was used under each provider that used it."""
    series = _series()
    provider, channel = known_provider(trace.provider), "voice" if trace.is_voice else "text"
    series.turns.labels(provider, channel, trace.status).inc()
    series.duration.labels(provider, channel).observe(trace.latency_ms / 1000)
    if trace.ttft_ms is not None:
        series.first_text.labels(provider, channel).observe(trace.ttft_ms / 1000)
    for attempt in trace.attempts:
        used_by = known_provider(attempt.provider)
        for kind, n_tokens in _tokens(attempt.model_calls):
            series.tokens.labels(used_by, kind).inc(n_tokens)
        for call in attempt.model_calls:
            if call.cost_usd is not None:
                series.cost.labels(used_by).inc(call.cost_usd)
        for tool in attempt.tool_calls:
            if not tool.was_reused:
                series.tool_calls.labels(known_tool(tool.name), "succeeded" if tool.ok else "failed").inc()


def close(within_s: float) -> None:
    """Nothing waits here: what is counted is counted."""


def page() -> tuple[bytes, str]:
    """The series as Prometheus reads them, and their content type; of all processes where they share a folder."""
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector

    _series()
    if not settings.PROMETHEUS_MULTIPROC_DIR:
        return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
    shared = CollectorRegistry()
    MultiProcessCollector(shared, path=settings.PROMETHEUS_MULTIPROC_DIR)  # type: ignore[no-untyped-call]
    return generate_latest(shared), CONTENT_TYPE_LATEST


def _tokens(calls: Iterable[ModelCallTrace]) -> Iterator[tuple[str, int]]:
    """Each token once: the cached ones are part of the input, the reasoning part of the output."""
    for call in calls:
        cached, reasoning = call.tokens_cached or 0, call.tokens_reasoning or 0
        yield "input", max((call.tokens_input or 0) - cached, 0)
        yield "cached", cached
        yield "output", max((call.tokens_output or 0) - reasoning, 0)
        yield "reasoning", reasoning


@cache
def _series() -> Series:
    if not os.environ.get(MULTIPROC):
        # The library takes an empty variable for a folder without a name.
        os.environ.pop(MULTIPROC, None)
    from prometheus_client import Counter, Histogram

    return Series(
        turns=Counter("gvses_turns", "Turns that ended.", ["provider", "channel", "outcome"]),
        duration=Histogram(
            "gvses_turn_duration_seconds", "From the question to the end.", ["provider", "channel"], buckets=DURATION_S
        ),
        first_text=Histogram(
            "gvses_turn_first_text_seconds",
            "From the question to the first text.",
            ["provider", "channel"],
            buckets=FIRST_TEXT_S,
        ),
        tokens=Counter("gvses_tokens", "Tokens, each of one kind.", ["provider", "kind"]),
        cost=Counter("gvses_cost_usd", "Cost of model calls whose price is known, in USD.", ["provider"]),
        tool_calls=Counter("gvses_tool_calls", "Tool calls that were run.", ["tool", "outcome"]),
    )
