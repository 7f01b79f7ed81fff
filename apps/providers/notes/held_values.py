"""The numbers and days that tool results hold, each with its place: what a figure of an answer may repeat."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from apps.providers.analyst.grounding import PHRASES_REMEMBERED, Leaf, leaves, numbers_in
from apps.providers.notes.moments import Moment, moments_in, without_moments

#: Call id → result, in the order of the calls.
Results: TypeAlias = dict[str, dict[str, Any]]
#: A text this long is a day by itself and not a phrase with one in it.
LONGEST_DAY = 10
#: Words of a path that nobody says.
UNSAID = frozenset({"pct", "vs", "price", "rows", "source", "reasons", "notes", "max"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A number of a result. `order` counts the calls; `names` are the words of its path."""

    value: float
    percent: bool
    label: str
    call_id: str
    path: str
    order: int
    symbol: str
    names: frozenset[str]
    in_phrase: bool


def phrases_of(results: Results) -> Iterator[str]:
    return (leaf.value for result in results.values() for leaf in leaves(result) if isinstance(leaf.value, str))


def moments_of(results: Results) -> Iterator[tuple[Moment, str, str]]:
    """Every day a result speaks of, with call id and path: the newest calls first, and plain days before phrases."""
    places = [
        (moment, call_id, leaf.path, len(leaf.value))
        for call_id, result in reversed(results.items())
        for leaf in leaves(result)
        if isinstance(leaf.value, str)
        for moment in moments_in(leaf.value)
    ]
    for moment, call_id, path, _ in sorted(places, key=lambda place: place[3] > LONGEST_DAY):
        yield moment, call_id, path


def held_in(results: Results) -> Iterator[Held]:
    for order, (call_id, result) in enumerate(results.items()):
        for leaf in leaves(result):
            symbol = symbol_at(leaf.path, result)
            names = names_of(leaf.path)
            for value, percent in numbers_of(leaf):
                yield Held(
                    value=value,
                    percent=percent,
                    label=leaf.label,
                    call_id=call_id,
                    path=leaf.path,
                    order=order,
                    symbol=symbol,
                    names=names,
                    in_phrase=isinstance(leaf.value, str),
                )


def names_of(path: str) -> frozenset[str]:
    """ "support.0.distance_atr": support, distance, atr."""
    parts = [part for part in path.lower().split(".") if not part.isdigit()]
    return frozenset(word for part in parts for word in part.split("_")) - UNSAID


def numbers_of(leaf: Leaf) -> Iterator[tuple[float, bool]]:
    match leaf.value:
        case bool():
            return
        case int() | float() as value:
            yield float(value), leaf.percent
        case str() as phrase:
            yield from _numbers_outside_moments(phrase)


@lru_cache(maxsize=PHRASES_REMEMBERED)
def _numbers_outside_moments(phrase: str) -> tuple[tuple[float, bool], ...]:
    return tuple((number.value, number.percent) for number in numbers_in(without_moments(phrase)))


def symbol_at(path: str, result: Mapping[str, Any]) -> str:
    """Whom a value is about: the row it stands in, or the whole result."""
    first, _, rest = path.partition(".")
    row: Any = result
    if first == "rows":
        row = result["rows"][int(rest.partition(".")[0])]
    symbol = row.get("symbol") if isinstance(row, Mapping) else None
    return symbol if isinstance(symbol, str) else ""
