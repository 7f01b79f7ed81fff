"""How the market stands: a few symbols that stand for it, as a table that says of each what kind of data it is."""

import re
from collections.abc import Iterator

from apps.providers.analyst.answers import phrases
from apps.providers.analyst.turn import Result, Turn

HEADER = "| Symbol | Close | Change | Day | Data |"
RULE = "|:--|--:|--:|:--|:--|"
HOURS = re.compile(r"\b(?:open|closed|opens|closes|hours)\b", re.IGNORECASE)
KINDS = {"simulated": "simulated", "sample": "sample"}


def paragraphs(turn: Turn) -> Iterator[str]:
    quotes = turn.results("get_quote")
    if not quotes:
        return
    stocks = [quote for quote in quotes if not quote.get("symbol").endswith(phrases.CRYPTO)]
    asks_hours = bool(stocks and HOURS.search(turn.reading.question))
    if asks_hours:
        yield f"**{stocks[0].words('market_status')}**"
    yield headline(quotes)
    yield "\n".join((HEADER, RULE, *(row(quote) for quote in quotes)))
    if stocks and not asks_hours:
        yield stocks[0].words("market_status")
    if len(stocks) > 1:
        yield conditions(stocks[:2])


def headline(quotes: list[Result]) -> str:
    rising = sum((quote.get("change_pct") or 0) > 0 for quote in quotes)
    falling = sum((quote.get("change_pct") or 0) < 0 for quote in quotes)
    if rising == falling:
        balance = "As many rose as fell on their last day"
    elif not falling:
        balance = "All of them rose on their last day"
    elif not rising:
        balance = "All of them fell on their last day"
    else:
        balance = (
            "More rose than fell on their last day" if rising > falling else "More fell than rose on their last day"
        )
    return f"**{balance}** ({what_data(quotes)})."


def what_data(quotes: list[Result]) -> str:
    by_kind: dict[str, list[str]] = {}
    for quote in quotes:
        by_kind.setdefault(quote.get("source.kind"), []).append(quote.get("symbol"))
    parts = []
    if "simulated" in by_kind:
        parts.append(
            f"{', '.join(by_kind['simulated'])} {'is' if len(by_kind['simulated']) == 1 else 'are'} {phrases.SIMULATED}"
        )
    if "sample" in by_kind:
        parts.append(f"{', '.join(by_kind['sample'])} {'is' if len(by_kind['sample']) == 1 else 'are'} old sample data")
    if "real" in by_kind:
        parts.append(f"{', '.join(by_kind['real'])} as recorded by the data source")
    return "; ".join(parts)


def row(quote: Result) -> str:
    cells = [
        quote.get("symbol"),
        quote.price("close"),
        quote.percent("change_pct") if quote.has("change_pct") else "–",
        quote.day("source.as_of"),
        KINDS.get(quote.get("source.kind")) or quote.words("source.source"),
    ]
    return f"| {' | '.join(cells)} |"


def conditions(quotes: list[Result]) -> str:
    first, second = (quotes[0], quotes[-1])
    return (
        f"If {first.get('symbol')} and {second.get('symbol')} rise together, the move is broad; "
        "if only one does, it is thin. "
        "Ask for the indicators or the levels of any of them to look closer."
    )
