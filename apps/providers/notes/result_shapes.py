"""Whether a tool's result has the shape that its tool promises, so that whoever shows it may rely on every field."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from apps.market.tools import results

SHAPES: dict[str, type] = {
    "get_quote": results.Quote,
    "get_bars": results.Bars,
    "get_indicators": results.Indicators,
    "get_levels": results.Levels,
    "build_trade_plan": results.TradePlan,
    "compare_symbols": results.Comparison,
    "get_news": results.News,
    "search_knowledge": results.Knowledge,
}


def has_its_shape(name: str, result: dict[str, Any]) -> bool:
    """False too for a tool that is not known here."""
    if name not in SHAPES:
        return False
    try:
        _adapter(name).validate_python(result)
    except ValidationError:
        return False
    return True


def is_error(result: dict[str, Any]) -> bool:
    """Whether a failed call says why: `{"error": {"code", "message"}}`."""
    error = result.get("error")
    return isinstance(error, dict) and isinstance(error.get("code"), str) and isinstance(error.get("message"), str)


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(SHAPES[name])
