"""Two to five symbols side by side."""

from typing import Annotated

from pydantic import Field

from apps.market.analysis.comparison import FEWEST_SYMBOLS, MOST_SYMBOLS, compare
from apps.market.analysis.timeframes import DEFAULT_TIMEFRAME
from apps.market.tools.market import Market
from apps.market.tools.results import Comparison
from apps.market.tools.tool import Arguments, Symbol, TimeframeField, Tool


class CompareSymbols(Arguments):
    symbols: Annotated[
        list[Symbol],
        Field(
            min_length=FEWEST_SYMBOLS,
            max_length=MOST_SYMBOLS,
            description=f"{FEWEST_SYMBOLS} to {MOST_SYMBOLS} different ticker symbols.",
        ),
    ]
    timeframe: TimeframeField = None


def compare_symbols(arguments: CompareSymbols, market: Market) -> Comparison:
    analyses = [market.analysis(symbol) for symbol in arguments.symbols]
    return compare(analyses, arguments.timeframe or DEFAULT_TIMEFRAME)


COMPARE_SYMBOLS = Tool(
    name="compare_symbols",
    description=(
        "Two to five symbols over the days they have in common: change, volatility, deepest fall, RSI, distance to the "
        "200-day average, and correlation. Use it when more than one symbol is asked about together."
    ),
    arguments=CompareSymbols,
    run=compare_symbols,
)
