"""News on one symbol. No provider is built in, and the answer says so rather than inventing headlines."""

from apps.market.tools.market import Market
from apps.market.tools.results import News
from apps.market.tools.tool import Arguments, SymbolField, Tool


class GetNews(Arguments):
    symbol: SymbolField


def get_news(arguments: GetNews, market: Market) -> News:
    instrument = market.instruments(arguments.symbol)
    return News(
        symbol=instrument.symbol,
        name=instrument.name,
        provider=None,
        articles=[],
        note=f"No news provider is set up, so there is no news on {instrument.symbol} to show.",
    )


GET_NEWS = Tool(
    name="get_news",
    description="Recent articles on a symbol with their sources; says so when no news provider is set up.",
    arguments=GetNews,
    run=get_news,
)
