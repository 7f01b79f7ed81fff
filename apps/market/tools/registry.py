"""Which tools there are. A new one is a file of its own and a line here."""

from typing import Any

from apps.market.tools.build_trade_plan import BUILD_TRADE_PLAN
from apps.market.tools.compare_symbols import COMPARE_SYMBOLS
from apps.market.tools.get_bars import GET_BARS
from apps.market.tools.get_indicators import GET_INDICATORS
from apps.market.tools.get_levels import GET_LEVELS
from apps.market.tools.get_news import GET_NEWS
from apps.market.tools.get_quote import GET_QUOTE
from apps.market.tools.search_knowledge import SEARCH_KNOWLEDGE
from apps.market.tools.tool import Tool

TOOLS: dict[str, Tool[Any]] = {
    "get_quote": GET_QUOTE,
    "get_bars": GET_BARS,
    "get_indicators": GET_INDICATORS,
    "get_levels": GET_LEVELS,
    "build_trade_plan": BUILD_TRADE_PLAN,
    "compare_symbols": COMPARE_SYMBOLS,
    "get_news": GET_NEWS,
    "search_knowledge": SEARCH_KNOWLEDGE,
}
