"""Which tools a question needs, in the order to call them. The one place that knows the tools' names and arguments."""

import re
from dataclasses import dataclass, field
from typing import Any

from apps.providers.analyst.reading import Parameters, Reading

#: What stands for "the market": broad funds, a large share, a coin.
OVERVIEW_SYMBOLS = ("SPY", "QQQ", "AAPL", "NVDA", "BTC-USD")
MOST_SYMBOLS = 5
LONGEST_QUERY = 500
MOST_QUOTES = 4
MOST_CHARTS = 2
DEFAULT_TIMEFRAME = "1Y"
DIFFERENCE = re.compile(
    r"\b(?:difference|differences|distinction) between (?:an? |the )?((?:[\w-]+ ){0,3}?[\w-]+) (?:and|versus|vs\.?|or)"
    r" (?:an? |the )?((?:[\w-]+ ){0,3}?[\w-]+)\W*$",
    re.IGNORECASE,
)
#: A plan or a level is about the months ahead of it, so its chart shows the months before.
NEAR_TIMEFRAME = "6M"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


def plan_calls(reading: Reading) -> tuple[PlannedCall, ...]:
    """The calls that answer `reading`; none where it names no known symbol, is declined, or needs a question first."""
    symbols, asked = reading.symbols, reading.parameters
    if reading.topic == "why" and symbols:
        return why_calls(reading)
    match reading.intent:
        case "quote" if len(symbols) == 1:
            return (call("get_quote", symbols[0]), call("get_indicators", symbols[0]))
        case "quote":
            return tuple(call("get_quote", symbol) for symbol in symbols[:MOST_QUOTES])
        case "chart" if symbols:
            charts = (bars(symbol, asked.timeframe or DEFAULT_TIMEFRAME) for symbol in symbols[:MOST_CHARTS])
            return (*charts, call("get_indicators", symbols[0]))
        case "indicators" if symbols:
            timeframe = asked.timeframe or DEFAULT_TIMEFRAME
            return reading_of(symbols[0], "get_indicators", "get_levels", timeframe=timeframe)
        case "levels" if symbols:
            timeframe = asked.timeframe or NEAR_TIMEFRAME
            return reading_of(symbols[0], "get_levels", "get_indicators", timeframe=timeframe)
        case "plan" if symbols:
            timeframe = asked.timeframe or NEAR_TIMEFRAME
            around = reading_of(symbols[0], "get_indicators", "get_levels", timeframe=timeframe)
            return (trade_plan(symbols[0], asked), *around)
        case "compare" if len(symbols) >= 2:
            timeframe = asked.timeframe or DEFAULT_TIMEFRAME
            return (
                PlannedCall(
                    name="compare_symbols",
                    arguments={"symbols": list(symbols[:MOST_SYMBOLS]), "timeframe": timeframe},
                ),
            )
        case "news" if symbols:
            return (call("get_news", symbols[0]), call("get_quote", symbols[0]))
        case "overview" if reading.topic == "symbols":
            return ()
        case "overview":
            return tuple(call("get_quote", symbol) for symbol in OVERVIEW_SYMBOLS)
        case "knowledge":
            return tuple(
                PlannedCall(name="search_knowledge", arguments={"query": query})
                for query in searches(reading.question[:LONGEST_QUERY])
            )
    return ()


def searches(question: str) -> tuple[str, ...]:
    """The question itself; both of the things whose difference it asks for."""
    found = DIFFERENCE.search(question)
    if not found:
        return (question,)
    one, other = found[1].split(), found[2].split()
    # "a stop and a limit order": the noun belongs to both.
    shared = other[-1:] if len(one) < len(other) else []
    return (" ".join([*one, *shared]), " ".join(other))


def why_calls(reading: Reading) -> tuple[PlannedCall, ...]:
    """What the reasons behind the last answer are read from."""
    symbol = reading.symbols[0]
    match reading.intent:
        case "plan":
            return (trade_plan(symbol, reading.parameters),)
        case "levels":
            return (call("get_levels", symbol),)
        case "indicators":
            return (call("get_indicators", symbol),)
        case _:
            return (call("get_news", symbol), call("get_indicators", symbol))


def reading_of(symbol: str, *tools: str, timeframe: str) -> tuple[PlannedCall, ...]:
    """The tools, then the bars to draw, then the quote that says how old the prices are."""
    return (*(call(tool, symbol) for tool in tools), bars(symbol, timeframe), call("get_quote", symbol))


def call(name: str, symbol: str) -> PlannedCall:
    return PlannedCall(name=name, arguments={"symbol": symbol})


def bars(symbol: str, timeframe: str) -> PlannedCall:
    return PlannedCall(name="get_bars", arguments={"symbol": symbol, "timeframe": timeframe})


def implied_direction(entry: float | None, stop: float | None) -> str | None:
    """Where both prices are given they say it: a stop above the entry belongs to a short."""
    if entry is None or stop is None or entry == stop:
        return None
    return "short" if stop > entry else "long"


def trade_plan(symbol: str, asked: Parameters) -> PlannedCall:
    """A loss named in dollars becomes a share of the account, where the account is known."""
    risk_pct = asked.risk_pct
    if risk_pct is None and asked.risk_amount is not None and asked.account:
        risk_pct = round(100 * asked.risk_amount / asked.account, 4)
    arguments = {
        "symbol": symbol,
        "direction": asked.direction or implied_direction(asked.entry, asked.stop),
        "entry": asked.entry,
        "stop": asked.stop,
        "stop_pct": asked.stop_pct,
        "account": asked.account,
        "risk_pct": risk_pct,
    }
    return PlannedCall(name="build_trade_plan", arguments=arguments)
