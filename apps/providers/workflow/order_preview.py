"""What would be done, read from the person's own words: side, quantity, symbol, prices. Nothing is guessed.

Every figure of the message has to have its place in the preview, so that a condition this reader does not know ("if it
falls below …") is asked about instead of being left out of what the person approves.
"""

import re
from dataclasses import asdict, dataclass
from typing import Any

from apps.market.symbols.instruments import display_name
from apps.providers.analyst.parameters import SHORT, STOP
from apps.providers.analyst.patterns import any_of
from apps.providers.analyst.reading import Reading

#: The first that fits names the side.
COVERS = re.compile(r"\bbuy(?:ing)? to cover\b|\bcover(?:ing)?\b(?! call)")
SHORTS = re.compile(SHORT)
SELLS = re.compile(r"\b(?:sell|selling)\b")
BUYS = re.compile(r"\b(?:buy|buying|purchase|go(?:ing)? long|long)\b")
VERB = r"\b(?:buy|sell|short|cover|purchase|buying|selling|shorting|covering)"
NUMBER = r"(\d[\d,]*(?:\.\d+)?|\.\d+)"
#: The reader counts whole shares in a sentence; coins are traded in parts, and "buy 10" may be all that is said.
QUANTITY = re.compile(
    rf"{VERB}\s(?:me\s)?{NUMBER}(?=\W*$|\s(?!dollars|usd|bucks|worth|percent|per\b|pct|k\b|grand|thousand|million|"
    r"days?\b|weeks?\b|months?\b|years?\b|at\b)[a-z]|\sat\s)"
)
LIMIT = re.compile(
    rf"(?:\blimit(?: price)?(?: of| at| is|:)?|\bat|@)\s?\$?{NUMBER}(?!\d|\.\d|\s?(?:%|percent|pct|k\b|shares?|days?))"
)
STOP_WORDS = re.compile(STOP[0])
FIGURE = re.compile(r"(?<![\w.])\$?(\d[\d,]*(?:\.\d+)?|\.\d+)")
CONDITION = any_of(r"\b(?:if|when|once|unless|after|until|till)\b", r"\b(?:tomorrow|tonight|next week|at the open)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPreview:
    """What the person named; None where they did not. `price` is the limit and `stop` the stop, per share."""

    side: str
    symbol: str
    quantity: float | None = None
    price: float | None = None
    stop: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incomplete:
    """`lacks` says what is missing, as the end of "I still need"; empty where `why` says what is wrong instead."""

    lacks: tuple[str, ...] = ()
    why: str = ""


def read_preview(reading: Reading) -> OrderPreview | Incomplete:
    """The order that the question describes, or what it leaves open."""
    text = reading.question.lower().replace("’", "'")
    asked = reading.parameters
    side = read_side(text)
    quantity, price = read_quantity(text) or asked.shares, asked.entry or read_limit(text)
    symbol = reading.symbols[0] if len(reading.symbols) == 1 else None
    if len(reading.symbols) > 1:
        return Incomplete(why="I can preview one order at a time. Name one symbol.")
    if side is None or symbol is None:
        lacks = {"the side (buy, sell, or sell short)": side, "the symbol": symbol}
        return Incomplete(lacks=tuple(name for name, value in lacks.items() if value is None))
    if CONDITION.search(text):
        return Incomplete(why="I cannot preview an order with a condition or a time. Ask for it without one.")
    used = {quantity, price, asked.stop}
    if any(_value(figure) not in used for figure in FIGURE.findall(text)):
        return Incomplete(why="I could not place every figure of that. Name the quantity, and the limit after “at”.")
    return OrderPreview(side=side, quantity=quantity, symbol=symbol, price=price, stop=asked.stop)


def read_side(text: str) -> str | None:
    """ "buy", "sell", "sell short" or "buy to cover"; None where the words name none, or more than one."""
    if COVERS.search(text):
        return "buy to cover"
    if SHORTS.search(text):
        return None if BUYS.search(text) else "sell short"
    sells, buys = bool(SELLS.search(text)), bool(BUYS.search(text))
    if sells == buys:
        return None
    return "sell" if sells else "buy"


def read_quantity(text: str) -> float | None:
    found = QUANTITY.search(text)
    return _value(found[1]) if found else None


def read_limit(text: str) -> float | None:
    found = LIMIT.search(STOP_WORDS.sub(" ", text))
    return _value(found[1]) if found else None


def in_words(preview: OrderPreview) -> str:
    """The preview as a list, with what was left open."""
    unit = "units" if preview.symbol.endswith("-USD") else "share" if preview.quantity == 1 else "shares"
    name = display_name(preview.symbol)
    rows = {
        "Side": preview.side,
        "Symbol": preview.symbol if name == preview.symbol else f"{preview.symbol} ({name})",
        "Quantity": "not named" if preview.quantity is None else f"{plain(preview.quantity)} {unit}",
        "Price": "at the market, no limit named" if preview.price is None else f"limit {plain(preview.price)}",
        "Stop": "not named" if preview.stop is None else plain(preview.stop),
    }
    return "\n".join(
        ("**Preview of what you ask for. Nothing is placed.**", "", *(f"- {k}: {v}" for k, v in rows.items()))
    )


def plain(value: float) -> str:
    """A figure as a person would type it, without places it does not have."""
    return f"{value:,.10f}".rstrip("0").rstrip(".")


def _value(figure: str) -> float:
    return float(figure.replace(",", ""))
