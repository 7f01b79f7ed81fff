"""Train the analyst's intent model: `python scripts/train_intents.py` rewrites `weights.json` from `utterances.json`.

A multinomial logistic regression in plain Python: stochastic gradient steps with per-weight rates and an L2 penalty,
in a seeded order, so that the same utterances give the same file.
`--folds 5` prints the accuracy on unseen folds instead.
"""

import argparse
import hashlib
import json
import math
import random
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from apps.providers.analyst.classifier import UTTERANCES, WEIGHTS, features, softmax

SEED = 7
EPOCHS = 40
RATE = 0.8
L2 = 2e-5
# A feature met once tells little, and a weight this small changes no decision.
MIN_UTTERANCES = 2
MIN_WEIGHT = 0.12

Example = tuple[dict[str, float], int]
Weights = dict[str, list[float]]


def read_examples(labels: list[str]) -> list[tuple[str, int]]:
    by_intent = json.loads(UTTERANCES.read_text())
    return [(text, labels.index(intent)) for intent, texts in by_intent.items() for text in texts]


def train(examples: list[tuple[str, int]], n_labels: int) -> tuple[list[float], Weights]:
    """Bias per class and weights per feature."""
    featured = [(features(text), label) for text, label in examples]
    counts = Counter(name for found, _ in featured for name in found)
    kept = {name for name, count in counts.items() if count >= MIN_UTTERANCES}
    data: list[Example] = [({n: v for n, v in found.items() if n in kept}, label) for found, label in featured]
    weights: Weights = {name: [0.0] * n_labels for name in sorted(kept)}
    squares: Weights = {name: [1e-2] * n_labels for name in sorted(kept)}
    bias = [0.0] * n_labels
    order = random.Random(SEED)
    for _ in range(EPOCHS):
        order.shuffle(data)
        for found, label in data:
            scores = list(bias)
            for name, value in found.items():
                row = weights[name]
                for index in range(n_labels):
                    scores[index] += row[index] * value
            errors = softmax(scores)
            errors[label] -= 1.0
            for index in range(n_labels):
                bias[index] -= 0.02 * errors[index]
            for name, value in found.items():
                row, square = weights[name], squares[name]
                for index in range(n_labels):
                    gradient = errors[index] * value + L2 * row[index]
                    square[index] += gradient * gradient
                    row[index] -= RATE * gradient / math.sqrt(square[index])
    return bias, weights


def write(labels: list[str], bias: list[float], weights: Weights) -> None:
    pruned = {}
    for name, row in weights.items():
        flat = [part for i, w in enumerate(row) if abs(w) >= MIN_WEIGHT for part in (i, round(w, 2))]
        if flat:
            pruned[name] = flat
    document = {
        "utterances_sha256": hashlib.sha256(UTTERANCES.read_bytes()).hexdigest(),
        "labels": labels,
        "bias": [round(value, 3) for value in bias],
        "weights": pruned,
    }
    WEIGHTS.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(f"{WEIGHTS.name}: {len(pruned)} features, {WEIGHTS.stat().st_size / 1000:.0f} kB")


def cross_validate(examples: list[tuple[str, int]], labels: list[str], folds: int) -> None:
    shuffled = list(examples)
    random.Random(SEED).shuffle(shuffled)
    right = 0
    for fold in range(folds):
        bias, weights = train([e for i, e in enumerate(shuffled) if i % folds != fold], len(labels))
        for text, label in shuffled[fold::folds]:
            scores = list(bias)
            for name, value in features(text).items():
                for index, weight in enumerate(weights.get(name, ())):
                    scores[index] += weight * value
            guess = scores.index(max(scores))
            right += guess == label
            if guess != label:
                print(f"{labels[label]:>14} taken for {labels[guess]:<14} {text}")
    print(f"{right}/{len(shuffled)} = {100 * right / len(shuffled):.1f} % on unseen folds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--folds", type=int, default=0, help="print the accuracy on this many unseen folds, write nothing"
    )
    options = parser.parse_args()
    labels = sorted(json.loads(UTTERANCES.read_text()))
    examples = read_examples(labels)
    if options.folds:
        cross_validate(examples, labels, options.folds)
        return
    bias, weights = train(examples, len(labels))
    write(labels, bias, weights)


if __name__ == "__main__":
    main()
