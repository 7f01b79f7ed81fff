"""Support, resistance and the named entries of one symbol."""

from apps.market.analysis.levels import find_levels
from apps.market.tools.market import Market
from apps.market.tools.results import Levels
from apps.market.tools.tool import Arguments, SymbolField, Tool


class GetLevels(Arguments):
    symbol: SymbolField


def get_levels(arguments: GetLevels, market: Market) -> Levels:
    return find_levels(market.analysis(arguments.symbol))


GET_LEVELS = Tool(
    name="get_levels",
    description=(
        "Support and resistance of a symbol with the reasons for each, and the named entries LTB (Load the Boat), "
        "ST (Swing Trade) and QE (Quick Entry), each measured or absent with a reason. Levels carry no probability."
    ),
    arguments=GetLevels,
    run=get_levels,
)
