"""What to say of a tool that failed: plainly what is missing, and what to do next."""

from collections.abc import Iterator

from apps.providers.analyst.answers import phrases
from apps.providers.analyst.answers.quote import headline
from apps.providers.analyst.turn import Called, Turn

WHAT = {
    "get_quote": "price",
    "get_bars": "chart",
    "get_indicators": "indicators",
    "get_levels": "levels",
    "build_trade_plan": "plan",
    "compare_symbols": "comparison",
    "get_news": "news",
    "search_knowledge": "notes",
}
NEXT = {
    "source_unavailable": "Ask again in a moment; nothing is wrong with the question.",
    "no_data": "",
    "not_enough_history": "The price itself is still there to ask for.",
    "bad_arguments": "Name the figures again and I will redo it.",
    "unknown_symbol": "Check the ticker and ask again.",
}
APART = "Two symbols whose data covers the same days will do, for example AAPL and GOOG, or SPY and QQQ."
OTHERWISE = "Ask again; if it stays, another symbol or a simpler question may work."


def whole(turn: Turn) -> Iterator[str]:
    """The thing asked for could not be had; what else the tools gave is still said."""
    first = turn.failures[0]
    yield f"**I could not get the {what(first)}.** {message(turn, first)} {what_next(turn, first)}".rstrip()
    quote, indicators = turn.result("get_quote"), turn.result("get_indicators")
    if quote:
        yield f"What I do have: {headline(quote)}"
    elif indicators:
        yield f"What I do have, {phrases.stamp(indicators)}: {phrases.trend_sentence(indicators)}"


def partial(turn: Turn) -> Iterator[str]:
    """A part is missing; each reason is told once."""
    told: set[str] = set()
    for called in turn.failures:
        text = str(turn.ledger.value(called.call_id, "error.message"))
        if text not in told:
            told.add(text)
            yield f"**Missing: the {what(called)}.** {message(turn, called)} {what_next(turn, called)}".rstrip()


def what(called: Called) -> str:
    name = WHAT.get(called.name, "data")
    symbol = called.arguments.get("symbol")
    return f"{name} of {symbol}" if symbol else name


def message(turn: Turn, called: Called) -> str:
    text = turn.ledger.words(called.call_id, "error.message").strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def what_next(turn: Turn, called: Called) -> str:
    if called.name == "compare_symbols" and code(turn, called) == "not_enough_history":
        return APART
    return NEXT.get(code(turn, called), OTHERWISE)


def code(turn: Turn, called: Called) -> str:
    return str(turn.ledger.value(called.call_id, "error.code"))
