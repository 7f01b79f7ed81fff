"""Is every number of an answer in what the tools answered? The check that a wrong figure cannot pass.

A number in the text must equal, after its own rounding, a number of this turn's tool results (a percentage a
percentage, a price a price) or one that the person wrote. What is called a stop, an entry, a target or a close must be
one. Days that the results hold and the names of indicators are no figures.
"""

import re
import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

#: The phrases of a result are read several times in a turn and come again in the next; an answer does not.
PHRASE_CHARACTERS = 300
PHRASES_REMEMBERED = 2048
#: Most keys and phrases of a result have none, and every pattern below wants one.
DIGIT = re.compile(r"\d")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Names with digits in them that print no figure of a result.
PARAMETERS = re.compile(
    r"(?<![\w.,])(?:(?:12|20|26|50|120|200|250)-day\b|52-week\b|(?:RSI|ATR) ?\(14\)|SMA ?\((?:20|50|200)\)|"
    r"EMA ?\((?:12|26)\)|MACD ?\(12, ?26, ?9\)|"
    r"Bollinger ?\(20, ?2\)|S&P 500\b|Nasdaq-100\b|Russell 2000\b|Dow 30\b|T[123]\b|"
    r"[Tt]arget [123](?=:| at | is | \()|24/7\b)"
)
DATE = re.compile(
    r"(?<![\w.,])(?:(?P<iso>\d{4}-\d{2}-\d{2})|(?P<day>\d{1,2})(?:st|nd|rd|"
    r"th)? (?P<month>[A-Z][a-z]{2})[a-z]*\.?,? (?P<year>\d{4})|"
    r"(?P<month2>[A-Z][a-z]{2})[a-z]*\.? (?P<day2>\d{1,2})(?:st|nd|rd|th)?,? (?P<year2>\d{4}))(?!\w)"
)
#: "Monday 23 November": a day without its year, which no single number of it stands for.
DAY_AND_MONTH = re.compile(
    r"\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
TIME = re.compile(r"(?<![\w:])\d{1,2}:\d{2}(?![\w:])")
NUMBER = re.compile(
    r"(?P<sign>(?<![\w.,)%])[+\-−–])?(?P<currency>[$€£])?(?<![\d.,])(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|"
    r"\d+(?:\.\d+)?|\.\d+)"
    r"(?:\s?(?P<scale>[kKMB]|thousand|million|billion|trillion)(?![\w]))?(?P<percent>\s?(?:%|percent\b|per cent\b|"
    r"percentage points?\b))?"
)
UNIT_LETTERS = re.compile(r"(?:st|nd|rd|th|x|d|w|y|m)\b")
SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "b": 1e9, "billion": 1e9, "trillion": 1e12}
#: "the stop is", "**Entry** ", "closed at": what the number after it claims to be.
LABEL = re.compile(
    r"\b(?P<label>stop|entry|target|close)(?:[- ]loss|d|s)?(?: price)?\W{0,3}(?:(?:is|was|of|at)\W{1,3})?$",
    re.IGNORECASE,
)
#: What follows a number that is a distance or a count, and no price.
NO_PRICE = re.compile(r"\s?(?:ATR|times|x\b|R\b|sessions?|days?|bars?|shares?|points?)")
LABELLED_KEYS = {
    "stop": "stop",
    "entry": "entry",
    "targets": "target",
    "close": "close",
    "previous_close": "close",
    "first_close": "close",
}
#: Long rows that a chart draws; they hold some number near any price, so they ground nothing.
BULK = frozenset({"bars", "overlays", "panes", "days", "performance"})
PERCENT_KEYS = re.compile(r"_pct$|percent")
#: "430" may stand for 430.47, but "2" not for 1.51: rounding may move a number by this share.
COARSEST_ROUNDING = 0.02
EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Number:
    """A number as printed: `unit` is the value of one step of its last place."""

    text: str
    value: float
    unit: float
    signed: bool
    percent: bool
    start: int
    end: int


@dataclass(slots=True)
class Known:
    """What may be printed: percentages and other numbers apart, prices by what they are, days, and times of day."""

    percents: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    labelled: dict[str, list[float]] = field(default_factory=dict)
    days: set[date] = field(default_factory=set)
    times: set[str] = field(default_factory=set)

    def add(self, value: float, *, percent: bool, label: str = "") -> None:
        (self.percents if percent else self.others).append(value)
        if label and not percent:
            self.labelled.setdefault(label, []).append(value)


def ungrounded_numbers(answer: str, tool_results: Iterable[Mapping[str, Any]], question: str = "") -> list[str]:
    """The numbers and dates of `answer`, as printed, that neither a tool result nor the question holds."""
    known = Known()
    for result in tool_results:
        collect(result, known)
    asked = Known()
    collect_text(question, asked)
    known.others += asked.others
    known.percents += asked.percents
    known.days |= asked.days
    known.times |= asked.times
    for label in known.labelled:
        known.labelled[label] += asked.others
    for values in (known.percents, known.others, *known.labelled.values()):
        values.sort()
    wrong: list[str] = []
    text = PARAMETERS.sub(lambda found: " " * len(found[0]), answer)
    for found in DATE.finditer(text):
        day = date_of(found)
        if day is None or day not in known.days:
            wrong.append(found[0])
    wrong += [found[0] for found in TIME.finditer(text) if found[0] not in known.times]
    text = DATE.sub(lambda found: " " * len(found[0]), text)
    return wrong + [number.text for number in numbers_in(text) if not is_known(number, known, label_of(number, text))]


def label_of(number: Number, text: str) -> str:
    """What the words before a price call it, or nothing."""
    found = LABEL.search(text[max(0, number.start - 24) : number.start])
    return found["label"].lower() if found and not NO_PRICE.match(text[number.end :]) else ""


def is_known(number: Number, known: Known, label: str = "") -> bool:
    values = known.percents if number.percent else known.labelled.get(label, known.others)
    rounding = min(number.unit / 2, COARSEST_ROUNDING * abs(number.value))
    if has_near(values, number.value, rounding):
        return True
    # Without a sign the words carry it: "fell 2.48 %".
    return not number.signed and has_near(values, -number.value, rounding)


def has_near(values: list[float], value: float, distance: float) -> bool:
    reach = distance + EPSILON * max(1.0, abs(value))
    index = bisect_left(values, value - reach)
    return index < len(values) and values[index] <= value + reach


def numbers_in(text: str) -> Iterable[Number]:
    """Every number in the text that is no list marker, no part of a name like "T1" and no time of day."""
    if not DIGIT.search(text):
        return ()
    return _numbers_of_phrase(text) if len(text) <= PHRASE_CHARACTERS else _read_numbers(text)


@lru_cache(maxsize=PHRASES_REMEMBERED)
def _numbers_of_phrase(phrase: str) -> tuple[Number, ...]:
    return tuple(_read_numbers(phrase))


def _read_numbers(text: str) -> Iterator[Number]:
    text = TIME.sub(lambda found: " " * len(found[0]), text)
    for found in NUMBER.finditer(text):
        start = found.start("digits")
        if text[:start][-1:].isalpha() or is_in_a_word(text, found) or is_list_marker(text, start, found.end("digits")):
            continue
        digits = found["digits"].replace(",", "")
        scale = SCALES.get((found["scale"] or "").lower(), 1.0)
        negative = found["sign"] in ("-", "−", "–") if found["sign"] else False
        value = float(digits) * scale * (-1 if negative else 1)
        unit = scale * 10.0 ** -len(digits.partition(".")[2])
        yield Number(
            found[0].strip(), value, unit, bool(found["sign"]), bool(found["percent"]), found.start(), found.end()
        )


def is_in_a_word(text: str, found: re.Match[str]) -> bool:
    """The digit of "3D" is no figure of its own; those of "6m", "2x" and "3rd" are."""
    after = text[found.end("digits") :]
    return after[:1].isalpha() and not found["scale"] and not UNIT_LETTERS.match(after)


def is_list_marker(text: str, start: int, end: int) -> bool:
    line_start = text.rfind("\n", 0, start) + 1
    return not text[line_start:start].strip(" >") and bool(re.match(r"[.)] ", text[end:]))


def is_parameter(number: Number, text: str) -> bool:
    """Whether the number is a part of an indicator's name or of a date."""
    spans = [found.span() for pattern in (PARAMETERS, DATE, DAY_AND_MONTH) for found in pattern.finditer(text)]
    return any(start <= number.start and number.end <= end for start, end in spans)


def date_of(found: re.Match[str]) -> date | None:
    try:
        if found["iso"]:
            return date.fromisoformat(found["iso"])
        month = MONTHS.index((found["month"] or found["month2"]).lower()) + 1
        return date(int(found["year"] or found["year2"]), month, int(found["day"] or found["day2"]))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One plain value of a result: where it stands ("targets.0.price"), and what its keys say it is."""

    path: str
    value: Any
    key: str
    percent: bool
    label: str


def leaves(value: Any, *, path: str = "", key: str = "", percent: bool = False, label: str = "") -> Iterator[Leaf]:
    """Every plain value of a result in its order; the long rows are left out, and numbers that are none or endless."""
    match value:
        case Mapping():
            for name, inner in value.items():
                if name in BULK:
                    continue
                yield from leaves(
                    inner,
                    path=f"{path}.{name}" if path else str(name),
                    key=str(name),
                    percent=bool(PERCENT_KEYS.search(str(name))),
                    label=LABELLED_KEYS.get(name, label if name == "price" else ""),
                )
        case list() | tuple():
            for index, inner in enumerate(value):
                yield from leaves(
                    inner, path=f"{path}.{index}" if path else str(index), key=key, percent=percent, label=label
                )
        case int() | float() if not abs(value) <= sys.float_info.max:
            pass
        case _:
            yield Leaf(path=path, value=value, key=key, percent=percent, label=label)


def collect(result: Mapping[str, Any], known: Known) -> None:
    """All numbers and days of a result, those inside its phrases and its keys too."""
    for leaf in leaves(result):
        collect_text(leaf.key, known)
        match leaf.value:
            case bool():
                pass
            case int() | float() as value:
                known.add(float(value), percent=leaf.percent, label=leaf.label)
            case str() as phrase:
                collect_text(phrase, known)


def collect_text(text: str, known: Known) -> None:
    if not DIGIT.search(text):
        return
    for found in DATE.finditer(text):
        if day := date_of(found):
            known.days.add(day)
    known.times.update(TIME.findall(text))
    for number in numbers_in(DATE.sub(" ", text)):
        known.add(number.value, percent=number.percent)
