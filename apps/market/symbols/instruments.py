"""Which instruments there are: a bundled list of US stocks, funds and crypto with the names people use for them.

`apps/market/data/symbols.json` is built by `scripts/build_symbols.py` and read at the first question.
"""

import json
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from apps.market.errors import UnknownSymbol
from apps.market.values import Instrument

FILE = Path(__file__).parents[1] / "data" / "symbols.json"

#: What a name is made of: letters and digits, or "&" on its own.
NAME_UNIT = re.compile(r"[^\W_]+|&")
NEAREST = 3
LONGEST_SEARCHED = 60
#: Of 100. One wrong letter in a ticker of four leaves 75.
SIMILARITY_FLOOR = 70
#: One letter left out of a name of five leaves 88; two words of everyday are seldom that close.
NAME_SIMILARITY_FLOOR = 85


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """The list in memory. Names and aliases are keyed by `name_key`; stand-ins name a fund to offer instead."""

    instruments: dict[str, Instrument]
    aliases: dict[str, str]
    common_names: frozenset[str]
    distinctive: frozenset[str]
    popular: tuple[str, ...]
    stand_ins: dict[str, str]
    longest_alias: int


@cache
def universe() -> Universe:
    listing = json.loads(FILE.read_text(encoding="utf-8"))
    return Universe(
        instruments={
            symbol: Instrument(symbol=symbol, name=name, asset=asset, industry=industry)
            for symbol, name, asset, industry in listing["instruments"]
        },
        aliases=listing["aliases"],
        common_names=frozenset(listing["common_names"]),
        distinctive=frozenset(listing["distinctive"]),
        popular=tuple(listing["popular"]),
        stand_ins=listing["stand_ins"],
        longest_alias=max(len(alias.split()) for alias in listing["aliases"]),
    )


def instrument(symbol: str, *, also: Collection[str] = ()) -> Instrument:
    """What a symbol, or a name people use for one, stands for; `also` are symbols known from elsewhere (own files).

    Raises UnknownSymbol, which offers the nearest.
    """
    if found := resolve(symbol, also=also):
        return universe().instruments.get(found) or Instrument(symbol=found, name=found)
    close = nearest(symbol)
    shown = " ".join(symbol.split())[:40]
    hint = f" Did you mean {_either(close)}?" if close else ""
    raise UnknownSymbol(f'There is no symbol "{shown}" here.{hint}', symbol=shown, nearest=list(close))


def resolve(text: str, *, also: Collection[str] = ()) -> str | None:
    """The symbol that `text` is, written in any case and with "-", "/" or "." in it, or a name of; None for neither."""
    everything = universe()
    upper = text.strip().upper()
    for form in (upper, upper.replace("-", ".").replace("/", "."), upper.replace("/", "-").replace(".", "-")):
        if form in everything.instruments or form in also:
            return form
    return everything.aliases.get(name_key(text))


def display_name(symbol: str) -> str:
    """The instrument's name for people: "Apple"; the symbol itself when it is not listed."""
    listed = universe().instruments.get(symbol)
    return listed.name if listed else symbol


def nearest(text: str) -> tuple[str, ...]:
    """Up to three known symbols that read like `text`, by symbol or by name, the most alike first."""
    from rapidfuzz import fuzz, process  # only a misspelling needs it

    everything, text = universe(), text[:LONGEST_SEARCHED]
    if stand_in := everything.stand_ins.get(name_key(text)):
        return (stand_in,)
    best: dict[str, float] = {}
    by_symbol = process.extract(text.strip().upper(), everything.instruments.keys(), scorer=fuzz.ratio, limit=12)
    by_name = process.extract(name_key(text), everything.aliases.keys(), scorer=fuzz.ratio, limit=12)
    for symbol, score, _ in by_symbol:
        best[symbol] = max(best.get(symbol, 0), score)
    for alias, score, _ in by_name:
        symbol = everything.aliases[alias]
        best[symbol] = max(best.get(symbol, 0), score)
    rank = {symbol: place for place, symbol in enumerate(everything.popular)}
    good = [symbol for symbol, score in best.items() if score >= SIMILARITY_FLOOR]
    good.sort(key=lambda symbol: (-best[symbol], rank.get(symbol, len(rank)), symbol))
    return tuple(good[:NEAREST])


def misspelt(word: str) -> str | None:
    """The popular symbol whose name a lower-case word all but is: AAPL for "aple"; None for the name itself."""
    from rapidfuzz import fuzz, process  # only a misspelling needs it

    everything = universe()
    names = {name: symbol for name, symbol in everything.aliases.items() if symbol in everything.popular}
    if not word.islower() or word in everything.aliases:
        return None
    found = process.extractOne(word, names.keys(), scorer=fuzz.ratio, score_cutoff=NAME_SIMILARITY_FLOOR)
    return names[found[0]] if found else None


def name_key(name: str) -> str:
    """A name as its lower-case words without accents, so that "AT&T" and "at and t" are one."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return " ".join("and" if unit == "&" else unit for unit in NAME_UNIT.findall(plain.lower()))


def _either(symbols: tuple[str, ...]) -> str:
    *others, last = symbols
    return f"{', '.join(others)} or {last}" if others else last
