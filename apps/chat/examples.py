"""The questions a first visit offers, about symbols that the data has."""

from collections.abc import Sequence

FAVOURITES = ("AAPL", "MSFT", "IBM", "GOOG")


def examples(symbols: Sequence[str] | None) -> list[str]:
    """Up to four questions. `symbols` are those with prices, or None where any may have some."""
    known = FAVOURITES if symbols is None or set(FAVOURITES) <= set(symbols) else tuple(symbols[: len(FAVOURITES)])
    if not known:
        return ["What's your philosophy?", "How do you size a position?"]
    first, last = known[0], known[-1]
    questions = [
        f"What's the price of {first}?",
        f"Show me the {known[min(1, len(known) - 1)]} chart",
        f"Where would you enter {known[min(2, len(known) - 1)]} and where is the stop?",
    ]
    return [*questions, f"Compare {first} and {last}"] if first != last else questions
