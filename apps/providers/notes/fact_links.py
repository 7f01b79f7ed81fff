"""Links the figures of a free text to the tool values they repeat, and finds those that repeat none.

A figure is held by a value when it equals it after its own rounding, as `grounding` has it. Of several such values the
one is taken whose symbol is spoken of, whose name the words around the figure say, that stands by itself and not in a
phrase, and that was fetched last.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from apps.providers.analyst.grounding import (
    COARSEST_ROUNDING,
    EPSILON,
    Number,
    label_of,
    numbers_in,
    ungrounded_numbers,
)
from apps.providers.analyst.ledger import Ledger
from apps.providers.notes.held_values import Held, Results, held_in, moments_of, phrases_of
from apps.providers.notes.moments import is_said, moments_in, times_in, without_moments
from apps.providers.notes.spoken_text import spoken, without_code, without_names

#: How far before and after a figure the words are that say what it is.
BEFORE, AFTER = 60, 28
SENTENCE_END = re.compile(r"[.;!?](?=\s)|\n|\|")
WORD = re.compile(r"[a-z]+|\d+")
#: What people say for a word of a path.
SAID = {
    "change": ("rose", "fell", "up", "down", "gained", "lost", "dropped", "slipped", "moved", "climbed"),
    "previous": ("prior", "before", "yesterday"),
    "targets": ("target", "profit"),
    "sma": ("average", "ma", "moving"),
    "ema": ("average", "exponential"),
    "drawdown": ("fall", "fell", "deepest"),
    "risk": ("risking", "lose", "loss"),
    "shares": ("share", "size"),
    "distance": ("away", "above", "below"),
    "entry": ("enter", "buy"),
    "touches": ("tested", "touched", "times"),
    "expires": ("expire", "lapses", "within"),
    "sessions": ("session", "days"),
    "52w": ("52", "yearly"),
}


#: Before and after a figure.
Words: TypeAlias = tuple[frozenset[str], frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Where the text speaks of a symbol."""

    start: int
    symbol: str


def record_facts(answer: str, ledger: Ledger) -> None:
    """Records in `ledger` each figure of `answer` that its results hold; they stand in the order of their calls."""
    text = spoken(without_code(answer))
    found: list[tuple[int, str, str, str]] = []
    held_moments = list(moments_of(ledger.results))
    for moment in moments_in(text):
        for held, call_id, path in held_moments:
            if moment.day and moment.is_said_by(held):
                found.append((moment.start, call_id, path, moment.text))
                break
    figures = without_names(without_moments(text))
    numbers, mentions = HeldNumbers(held_in(ledger.results)), mentions_in(text, ledger.results)
    for number in numbers_in(figures):
        if best := best_of(number, figures, numbers, mentions, words_around(number, text)):
            found.append((number.start, best.call_id, best.path, number.text))
    for _, call_id, path, printed in sorted(found):
        ledger.record(call_id, path, printed)


def unverified(answer: str, results: Results, said: str = "") -> list[str]:
    """The figures of `answer`, each once, in order, that neither a result nor `said`, the person's words, holds."""
    text = spoken(answer)
    known = [held for held, *_ in moments_of(results)] + list(moments_in(said))
    wrong = [moment.text for moment in moments_in(text) if not is_said(moment, known)]
    figures = without_names(without_moments(text))
    times = {time for phrase in (*phrases_of(results), said) for each in times_in(phrase).values() for time in each}
    for written, meant in times_in(figures).items():
        figures = figures.replace(written, " " * len(written))
        wrong += [] if meant & times else [written]
    wrong += ungrounded_numbers(figures, results.values(), said)
    return sorted(dict.fromkeys(wrong), key=text.find)


def mentions_in(text: str, results: Results) -> list[Mention]:
    """Where the symbols of the results are spoken of, by ticker or by the first word of the name."""
    names: dict[str, set[str]] = {}
    for result in results.values():
        for row in (result, *(result.get("rows") or ())):
            if isinstance(row, Mapping) and isinstance(symbol := row.get("symbol"), str) and symbol:
                first_word = str(row.get("name") or "").split(" ")[0]
                names.setdefault(symbol, set()).update({symbol, symbol.partition("-")[0], first_word} - {""})
    return sorted(
        (
            Mention(start=found.start(), symbol=symbol)
            for symbol, words in names.items()
            for word in words
            for found in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text)
        ),
        key=lambda mention: mention.start,
    )


class HeldNumbers:
    """The numbers of the results, found by value."""

    def __init__(self, held: Iterable[Held]) -> None:
        self._held = list(held)
        self._labels = {value.label for value in self._held if not value.percent}
        self._places: dict[bool, list[int]] = {False: [], True: []}
        for place in sorted(range(len(self._held)), key=lambda place: self._held[place].value):
            self._places[self._held[place].percent].append(place)
        self._values = {
            percent: [self._held[place].value for place in places] for percent, places in self._places.items()
        }

    def fitting(self, number: Number, *, label: str) -> list[Held]:
        """The values that the number may repeat, in the order of the results; those of its label where any has it."""
        places = set(self._near(number, number.value))
        if not number.signed:
            # Without a sign the words carry it: "fell 2.48 %".
            places.update(self._near(number, -number.value))
        fitting = [self._held[place] for place in sorted(places)]
        if label in self._labels and label and not number.percent:
            return [value for value in fitting if value.label == label]
        return fitting

    def _near(self, number: Number, value: float) -> list[int]:
        rounding = min(number.unit / 2, COARSEST_ROUNDING * abs(value))
        reach = rounding + EPSILON * max(1.0, abs(value))
        values = self._values[number.percent]
        first, end = bisect_left(values, value - reach), bisect_right(values, value + reach)
        return self._places[number.percent][first:end]


def best_of(number: Number, text: str, held: HeldNumbers, mentions: Sequence[Mention], words: Words) -> Held | None:
    """The value that the number most likely repeats, or None."""
    label = label_of(number, text)
    fitting = held.fitting(number, label=label)
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    spoken_of = next((m.symbol for m in reversed(mentions) if m.start < number.start), "")

    def merit(value: Held) -> tuple[bool, bool, float, bool, float, int]:
        return (
            value.symbol == spoken_of,
            bool(label) and value.label == label,
            nearness(value.names, words),
            not value.in_phrase,
            -abs(abs(value.value) - abs(number.value)),
            value.order,
        )

    return max(fitting, key=merit)


def words_around(number: Number, text: str) -> Words:
    """The words of the same sentence, line or cell that stand near the number: before it, and after it."""
    before = SENTENCE_END.split(text[max(0, number.start - BEFORE) : number.start])[-1]
    after = SENTENCE_END.split(text[number.end : number.end + AFTER])[0]
    return frozenset(WORD.findall(before.lower())), frozenset(WORD.findall(after.lower()))


def nearness(names: frozenset[str], words: Words) -> float:
    """How much of a path the words say, less what they leave unsaid; a number's name stands before it more often."""
    before, after = words
    worth = sum(1.0 if is_said_in(name, before) else 0.5 if is_said_in(name, after) else -0.25 for name in names)
    return round(worth, 2)


def is_said_in(name: str, words: frozenset[str]) -> bool:
    return any(word.startswith(name) or word in SAID.get(name, ()) for word in words)
