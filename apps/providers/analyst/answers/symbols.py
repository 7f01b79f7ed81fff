"""Which symbols there are bars of here, by the kind of data."""

from collections.abc import Iterator

from apps.market.repository import default_repository
from apps.market.symbols.instruments import display_name
from apps.market.values import Kind
from apps.providers.analyst.answers import phrases
from apps.providers.analyst.turn import Turn

TITLES = {
    Kind.REAL: "As recorded by the data source",
    Kind.SAMPLE: "Old sample data",
    Kind.SIMULATED: f"{phrases.SIMULATED[:1].upper()}{phrases.SIMULATED[1:]}",
}
#: A longer list is of a person's own files and is given without names.
MOST_NAMED = 40
NO_LIST = (
    "**I keep no list of symbols:** the data source is asked for each. Name a US stock, a fund or a coin, and I look "
    "it up."
)


def paragraphs(turn: Turn) -> Iterator[str]:
    kinds = default_repository().kinds()
    if kinds is None:
        yield NO_LIST
        return
    yield "**These are the symbols I have prices of**, by the kind of data:"
    for kind in Kind:
        found = [symbol for symbol, of_kind in kinds.items() if of_kind is kind]
        if len(found) > MOST_NAMED:
            yield f"**{TITLES[kind]}:** {', '.join(found)}."
        elif found:
            yield f"**{TITLES[kind]}:**\n\n{phrases.bullets([named(symbol) for symbol in found])}"
    yield "Name one for its price, chart, indicators, levels or a conditional plan."


def named(symbol: str) -> str:
    name = display_name(symbol)
    return symbol if name == symbol else f"{symbol}, {name}"
