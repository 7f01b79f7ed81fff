"""The days, months, years and times of day that a text speaks of, however a person or a model writes them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from apps.providers.analyst.grounding import DATE, DIGIT, MONTHS, PHRASE_CHARACTERS, PHRASES_REMEMBERED
from apps.providers.analyst.patterns import any_of

MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
YEAR = r"(?:19|20)\d{2}(?![\w%]|[.,]\d)"
#: A day without its year, a month of a year, and a year where a word says that it is one.
PARTIAL = any_of(
    rf"(?<![\w.,])(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?P<month>{MONTH})",
    rf"\b(?P<month2>{MONTH}) (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?(?!\w|[.,:]\d| ?%)",
    rf"\b(?P<month3>{MONTH}),? (?P<year>{YEAR})",
    rf"(?:(?<=\b[Ii]n )|(?<=\bof )|(?<=[Ss]ince )|(?<=[Uu]ntil )|(?<=[Dd]uring )|(?<=[Ee]arly )|(?<=[Ll]ate )|"
    rf"(?<=mid-)|(?<=Q[1-4] ))(?P<year2>{YEAR})",
)
CLOCK = re.compile(r"(?<![\w:.,])(\d{1,2}):(\d{2})(?![\w:])(?:\s?([AaPp])\.?[Mm]\b)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a text says of a day, each part None where it says nothing; `start` is its place in the text."""

    start: int
    text: str
    year: int | None = None
    month: int | None = None
    day: int | None = None

    def is_said_by(self, other: "Moment") -> bool:
        """Whether `other` says all that this says, and the same: "1 March 2013" says "March 1"."""
        return self.year in (None, other.year) and self.month in (None, other.month) and self.day in (None, other.day)


def moments_in(text: str) -> Iterable[Moment]:
    """Full days first, then what is left of the others."""
    if not DIGIT.search(text):
        return ()
    return _moments_of_phrase(text) if len(text) <= PHRASE_CHARACTERS else _read_moments(text)


@lru_cache(maxsize=PHRASES_REMEMBERED)
def _moments_of_phrase(phrase: str) -> tuple[Moment, ...]:
    return tuple(_read_moments(phrase))


def _read_moments(text: str) -> Iterator[Moment]:
    for found in DATE.finditer(text):
        year, month, day = iso_parts(found["iso"]) if found["iso"] else parts(found)
        yield Moment(start=found.start(), text=found[0], year=year, month=month, day=day)
    for found in PARTIAL.finditer(DATE.sub(blank, text)):
        yield Moment(
            start=found.start(),
            text=found[0],
            year=number_or_none(found["year"] or found["year2"]),
            month=month_or_none(found["month"] or found["month2"] or found["month3"]),
            day=number_or_none(found["day"] or found["day2"]),
        )


def number_or_none(digits: str | None) -> int | None:
    return int(digits) if digits else None


def month_or_none(name: str | None) -> int | None:
    return month_of(name) if name else None


def iso_parts(iso: str) -> tuple[int, int, int]:
    year, month, day = iso.split("-")
    return int(year), int(month), int(day)


def parts(found: re.Match[str]) -> tuple[int, int, int]:
    month = month_of(found["month"] or found["month2"])
    return int(found["year"] or found["year2"]), month, int(found["day"] or found["day2"])


def month_of(name: str) -> int:
    """1 to 12; 0 for a word that is no month, such as the one of "Level 12 2013"."""
    start = name[:3].lower()
    return MONTHS.index(start) + 1 if start in MONTHS else 0


def without_moments(text: str) -> str:
    """The text with every moment blanked, as long as before."""
    if not DIGIT.search(text):
        return text
    return PARTIAL.sub(blank, DATE.sub(blank, text))


def is_said(moment: Moment, known: Iterable[Moment]) -> bool:
    return any(moment.is_said_by(other) for other in known)


def times_in(text: str) -> dict[str, set[str]]:
    """Each time of day as written → the times it may mean, as "16:00"."""
    found: dict[str, set[str]] = {}
    for match in CLOCK.finditer(text):
        hour, minute, half = int(match[1]), match[2], (match[3] or "").lower()
        hours = {hour % 12 + (12 if half == "p" else 0)} if half else {hour}
        found.setdefault(match[0], set()).update(f"{hour:02d}:{minute}" for hour in hours)
    return found


def blank(found: re.Match[str]) -> str:
    return " " * len(found[0])
