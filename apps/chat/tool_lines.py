"""What the tools did, one sentence each: the line people read, and behind it the arguments and the result as JSON.

The page's script fills the same sentences while an answer streams, so they stand here once.
"""

import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.chat import formats

SENTENCES = {
    "get_quote": "Quote for {symbol}",
    "get_bars": "Daily bars for {symbol}",
    "get_indicators": "Indicators for {symbol}",
    "get_levels": "Levels for {symbol}",
    "build_trade_plan": "Trade plan for {symbol}",
    "compare_symbols": "Comparison of {symbols}",
    "get_news": "News for {symbol}",
    "search_knowledge": "Our notes on “{query}”",
}
#: More lines than this stand behind one when the answer is finished.
MOST_SHOWN = 2
#: A longer list in a result is shown by its ends.
LONGEST_LIST = 12
SHOWN_AT_EACH_END = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolLine:
    """One call. `anchor` is the id that numbers in the answer link to; `problem` is why it failed, or empty."""

    anchor: str
    sentence: str
    latency: str
    ok: bool
    problem: str
    arguments_json: str
    result_json: str


def tool_line(call: dict[str, Any], *, request_id: UUID) -> ToolLine:
    """The line of one entry of `Turn.tool_calls`."""
    result = call.get("result") or {}
    ok = bool(call.get("ok"))
    return ToolLine(
        anchor=anchor(request_id, str(call.get("call_id", ""))),
        sentence=sentence(str(call.get("name", "")), call.get("arguments") or {}),
        latency=formats.duration(float(call.get("latency_ms") or 0)),
        ok=ok,
        problem="" if ok else str((result.get("error") or {}).get("message") or "It gave no reason."),
        arguments_json=pretty(call.get("arguments") or {}),
        result_json=pretty(shortened(result)),
    )


def summary(calls: list[dict[str, Any]]) -> str:
    """One line for many calls: "5 tools · 82 ms", "5 tools, 1 failed · 82 ms"; "" where the lines are few enough."""
    if len(calls) <= MOST_SHOWN:
        return ""
    n_failed = sum(not call.get("ok") for call in calls)
    failed = f", {n_failed} failed" if n_failed else ""
    latency_ms = sum(float(call.get("latency_ms") or 0) for call in calls)
    return f"{len(calls)} tools{failed} · {formats.duration(latency_ms)}"


def anchor(request_id: UUID, call_id: str) -> str:
    """An id that is valid in HTML and a URL whatever the provider named the call."""
    return f"call-{request_id}-{re.sub(r'[^A-Za-z0-9_-]', '-', call_id)}"


def sentence(name: str, arguments: dict[str, Any]) -> str:
    """What a call does, in words; a tool or an argument not known here falls back to the tool's name."""
    values = {k: formats.listed([str(x) for x in v]) if isinstance(v, list) else str(v) for k, v in arguments.items()}
    template = SENTENCES.get(name)
    wanted = re.findall(r"{(\w+)}", template or "")
    if template is None or any(not values.get(key) for key in wanted):
        return name.removeprefix("get_").replace("_", " ").capitalize() or "A tool"
    return template.format_map(values)


def shortened(value: Any) -> Any:
    """The value with long lists cut to their ends and a count between: 250 bars are in the chart already."""
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) <= LONGEST_LIST:
        return [shortened(item) for item in value]
    left_out = len(value) - 2 * SHOWN_AT_EACH_END
    ends = value[:SHOWN_AT_EACH_END], value[-SHOWN_AT_EACH_END:]
    return [*map(shortened, ends[0]), f"… {left_out} more …", *map(shortened, ends[1])]


def pretty(value: Any, *, indent: int = 0) -> str:
    """JSON for reading: one key a line, a list of plain values on one line."""
    inner, outer = "  " * (indent + 1), "  " * indent
    if isinstance(value, dict) and value:
        lines = [f"{inner}{json.dumps(key)}: {pretty(item, indent=indent + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{outer}}}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        lines = [f"{inner}{pretty(item, indent=indent + 1)}" for item in value]
        return "[\n" + ",\n".join(lines) + f"\n{outer}]"
    return json.dumps(value, ensure_ascii=False)
