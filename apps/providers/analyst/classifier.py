"""A small linear model over words and letters: which intent a masked question most likely has.

Its weights are data in this folder, made by `scripts/train_intents.py` from the utterances beside them. The model
sees SYMBOL and NUMBER in place of tickers, companies and figures, so that it learns how people ask, not about what.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from apps.providers.analyst.lexicon import concepts_in

FOLDER = Path(__file__).parent / "intents"
UTTERANCES = FOLDER / "utterances.json"
WEIGHTS = FOLDER / "weights.json"

# How much a letter n-gram counts beside a word n-gram, and their lengths.
LETTER_SHARE = 0.3
LETTER_LENGTHS = (3, 4, 5)
WORD = re.compile(r"[a-z&]+(?:'[a-z]+)?|\?")


@dataclass(frozen=True, slots=True)
class Model:
    """`weights` maps a feature to pairs of class index and weight; `bias` stands per class."""

    labels: tuple[str, ...]
    bias: tuple[float, ...]
    weights: Mapping[str, tuple[tuple[int, float], ...]]


@cache
def load_model() -> Model:
    data = json.loads(WEIGHTS.read_text())
    weights = {name: tuple(zip(flat[::2], flat[1::2], strict=True)) for name, flat in data["weights"].items()}
    return Model(tuple(data["labels"]), tuple(data["bias"]), weights)


def features(masked: str) -> dict[str, float]:
    """Words, pairs of words, letter n-grams and concepts of a masked question, scaled to length one."""
    words = WORD.findall(masked.lower())
    found: dict[str, float] = {}
    for first, second in zip(["^", *words], [*words, "$"], strict=True):
        found[f"{first} {second}"] = 1.0
    for word in words:
        found[f"={word}"] = 1.0
        padded = f"<{word}>"
        for length in LETTER_LENGTHS:
            for start in range(len(padded) - length + 1):
                found[f"~{padded[start : start + length]}"] = LETTER_SHARE
    for concept in concepts_in(masked):
        found[f"@{concept}"] = 1.0
    found[f"#{min(words.count('symbol'), 2)}"] = 1.0
    norm = math.sqrt(sum(value * value for value in found.values())) or 1.0
    return {name: value / norm for name, value in found.items()}


def softmax(scores: list[float]) -> list[float]:
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def probabilities(masked: str) -> dict[str, float]:
    """The probability of each intent, most likely first."""
    model = load_model()
    scores = list(model.bias)
    for name, value in features(masked).items():
        for label, weight in model.weights.get(name, ()):
            scores[label] += weight * value
    pairs = zip(model.labels, softmax(scores), strict=True)
    return dict(sorted(pairs, key=lambda pair: -pair[1]))
