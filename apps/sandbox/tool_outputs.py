"""What came back from tools, as the analyst's results again.

A model is sent results without their bulk: no bars, no line of values per bar. The analyst asks of a line only whether
it has a value in the window; the last value, which `get_indicators` gives, tells that, since a line lacks values at
its beginning alone.
"""

import json
from typing import Any, TypeAlias

from apps.providers.analyst.turn import Called, Turn
from apps.sandbox.conversation import FinishedCall

Json: TypeAlias = dict[str, Any]

OVERLAYS = ("sma_20", "sma_50", "sma_200", "ema_12", "ema_26", "bollinger_upper", "bollinger_lower")
MACD = {"macd": "macd", "signal": "macd_signal", "histogram": "macd_histogram"}
PANES = ("rsi_14", "atr_14")
UNREADABLE = "What the tool answered cannot be read."


def add_results(turn: Turn, calls: list[FinishedCall], *, readable: bool = True) -> None:
    """Adds each call and its result to the turn; with `readable` false, as results that cannot be read."""
    results = [result_of(call.output) if readable else unreadable() for call in calls]
    restore_lines(calls, results)
    for call, result in zip(calls, results, strict=True):
        called = Called(call_id=call.call_id, name=call.name, arguments=call.arguments, ok="error" not in result)
        turn.add(called, result)


def result_of(output: str) -> Json:
    """The result, or `{"error": {"code", "message", …}}` whatever the output is."""
    try:
        result = json.loads(output)
    except ValueError:
        return unreadable()
    if not isinstance(result, dict):
        return unreadable()
    if "error" in result:
        error = result["error"] if isinstance(result["error"], dict) else {}
        code, message = str(error.get("code") or "unknown"), str(error.get("message") or UNREADABLE)
        return {"error": {**error, "code": code, "message": message}}
    return result


def unreadable() -> Json:
    return {"error": {"code": "unreadable", "message": UNREADABLE}}


def restore_lines(calls: list[FinishedCall], results: list[Json]) -> None:
    """Gives each `get_bars` result that was cut its lines back, one value long."""
    read = {
        result.get("symbol"): result
        for call, result in zip(calls, results, strict=True)
        if call.name == "get_indicators" and "error" not in result
    }
    for call, result in zip(calls, results, strict=True):
        if call.name == "get_bars" and "error" not in result:
            last = read.get(result.get("symbol"), {})
            result.setdefault("overlays", {key: [last.get(key)] for key in OVERLAYS})
            macd = {name: [last.get(key)] for name, key in MACD.items()}
            result.setdefault("panes", {**{key: [last.get(key)] for key in PANES}, "macd": macd})
