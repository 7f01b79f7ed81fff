"""The last price of one symbol, and how old it is."""

from apps.market.analysis.rounding import change_percent, price
from apps.market.analysis.series import Analysis
from apps.market.tools.market import Market
from apps.market.tools.results import Quote
from apps.market.tools.tool import Arguments, SymbolField, Tool

CRYPTO_STATUS = "Crypto trades around the clock."


class GetQuote(Arguments):
    symbol: SymbolField


def get_quote(arguments: GetQuote, market: Market) -> Quote:
    analysis = market.analysis(arguments.symbol)
    lines = analysis.lines
    previous = lines.close[-2] if len(lines.close) > 1 else None
    is_crypto = analysis.instrument.asset == "crypto"
    return Quote(
        symbol=analysis.symbol,
        name=analysis.instrument.name,
        close=analysis.close,
        previous_close=previous,
        change=None if previous is None else price(analysis.close - previous),
        change_pct=None if previous is None else change_percent(previous, analysis.close),
        open=lines.open[-1],
        high=lines.high[-1],
        low=lines.low[-1],
        volume=analysis.series.last.volume,
        market_status=CRYPTO_STATUS if is_crypto else market.calendar.market_status(market.clock()),
        sessions_old=_sessions_old(analysis, market),
        source=analysis.source,
    )


def _sessions_old(analysis: Analysis, market: Market) -> int:
    """Crypto trades every day, so its sessions are days."""
    day, finished = analysis.series.last.day, market.last_finished_day(analysis.instrument)
    if analysis.instrument.asset == "crypto":
        return max(0, (finished - day).days)
    return market.calendar.sessions_between(day, finished)


GET_QUOTE = Tool(
    name="get_quote",
    description=(
        "The last daily bar of a symbol: close, change, range, volume, whether the market is open, how many sessions "
        "old the bar is, and the source of the data. Use it for any question about a price."
    ),
    arguments=GetQuote,
    run=get_quote,
)
