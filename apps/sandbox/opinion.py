"""What the analyst thinks a question is about, in the words of whoever asks: foreign lists of intents, and odds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from apps.market.repository import default_repository
from apps.market.symbols.mentions import find_mentions
from apps.providers.analyst.classifier import probabilities, softmax
from apps.providers.analyst.intents import LONGEST_READ, mask_all, read
from apps.providers.analyst.reading import Reading
from apps.providers.protocol import Message

#: Where a rule settled the intent, it has this share of the odds and the model has the rest.
RULE_SHARE = 0.9
#: Parts of names that others give to the analyst's intents, best first.
NAMES: dict[str, tuple[str, ...]] = {
    "quote": ("quote", "price", "ticker", "market_data"),
    "chart": ("chart", "plot", "graph"),
    "indicators": ("indicator", "technical", "momentum", "analysis"),
    "levels": ("level", "support", "technical", "analysis"),
    "plan": ("plan", "setup", "strategy", "entry", "trad"),
    "compare": ("compar", "versus"),
    "news": ("news", "headline"),
    "overview": ("overview", "brief", "market"),
    "knowledge": ("knowledge", "educat", "learn", "explain", "concept", "definition"),
    "greeting": ("greet", "small", "hello", "chat", "general"),
    "clarify": ("clarif", "unclear", "general"),
    "out_of_scope": ("scope", "topic", "refus", "irrelevant"),
}
#: Names of what is left over.
OTHERWISE = ("other", "general", "unknown", "none", "else", "unclear", "question", "scope")
WORD = re.compile(r"[a-z]{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """`chances` are of the analyst's intents and add up to 1; `reading.intent` is the likeliest of them."""

    reading: Reading
    chances: dict[str, float]

    @property
    def confidence(self) -> float:
        return self.chances[self.reading.intent]


def opinion(question: str, history: tuple[Message, ...]) -> Opinion:
    reading = read(question, history)
    chances = model_chances(question)
    if reading.confidence is None:
        chances = {intent: (1 - RULE_SHARE) * chance for intent, chance in chances.items()}
        chances[reading.intent] = chances.get(reading.intent, 0.0) + RULE_SHARE
    return Opinion(reading=reading, chances=chances)


def model_chances(text: str) -> dict[str, float]:
    own = frozenset(default_repository().symbols() or ())
    opening = " ".join(text[:LONGEST_READ].split())
    return probabilities(mask_all(opening, find_mentions(opening, also=own)))


def named(intent: str, names: Sequence[str]) -> int | None:
    """Which of the names stands for the analyst's intent; None where none does."""
    lowered = [name.lower() for name in names]
    if intent in lowered:
        return lowered.index(intent)
    for part in NAMES[intent]:
        for index, name in enumerate(lowered):
            if part in name:
                return index
    return None


def left_over(names: Sequence[str]) -> int:
    """Which of the names stands for everything that has no name of its own: the last one, if none says so."""
    lowered = [name.lower() for name in names]
    for part in OTHERWISE:
        for index, name in enumerate(lowered):
            if part in name:
                return index
    return len(names) - 1


def odds(held: Opinion, options: Sequence[tuple[str, str]]) -> list[float]:
    """The probability of each option, given as its name and its description.

    Options that name intents get the odds of those; options that name symbols share the odds by being spoken of; any
    others by how many words they share with the question.
    """
    names = [name for name, _ in options]
    found = {intent: named(intent, names) for intent in NAMES}
    if len({index for index in found.values() if index is not None}) >= 2:
        weights = [0.0] * len(names)
        for intent, chance in held.chances.items():
            index = found[intent]
            weights[left_over(names) if index is None else index] += chance
        return normal(weights)
    if set(names) & set(held.reading.symbols):
        return normal([RULE_SHARE * (name in held.reading.symbols) + (1 - RULE_SHARE) for name in names])
    asked = set(WORD.findall(held.reading.question.lower()))
    return softmax([float(len(asked & set(WORD.findall(f"{name} {words}".lower())))) for name, words in options])


def normal(weights: Sequence[float]) -> list[float]:
    total = sum(weights)
    return [weight / total for weight in weights]


def agreement(held: Opinion, statement: str) -> float:
    """How likely the question is of the intents that a statement about it speaks of, the foremost in full."""
    spoken_of = model_chances(statement)
    most = max(spoken_of.values())
    return sum(held.chances.get(intent, 0.0) * chance / most for intent, chance in spoken_of.items())
