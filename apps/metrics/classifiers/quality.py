"""How good the classifiers are, for pages: counted once by `manage.py score_classifiers --write`, not at each start.

A test counts again and compares, so that the file is that of the rules as they stand.
"""

import json
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from apps.metrics.classifiers.labels import labelled_answers
from apps.metrics.classifiers.scores import Score, Scores, judge, score
from apps.metrics.classifiers.version import CLASSIFIER_VERSION

FILE = Path(__file__).parent / "quality.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Scores on labelled answers. `held_out` are those that no rule was made after, and the figures to show."""

    version: int
    held_out: Scores
    tuned_on: Scores


@cache
def quality() -> Quality:
    """As counted for the rules of `version`; read from a file, once a process."""
    stored = json.loads(FILE.read_text())
    return Quality(
        version=stored["version"],
        held_out=_scores(stored["held_out"]),
        tuned_on=_scores(stored["tuned_on"]),
    )


def counted() -> Quality:
    """The same, counted now over all labelled answers."""
    judged = judge(labelled_answers())
    return Quality(
        version=CLASSIFIER_VERSION,
        held_out=score([one for one in judged if one.labelled.held_out]),
        tuned_on=score([one for one in judged if not one.labelled.held_out]),
    )


def write(found: Quality) -> None:
    FILE.write_text(json.dumps(asdict(found), indent=1) + "\n")
    quality.cache_clear()


def _scores(stored: dict[str, Any]) -> Scores:
    return Scores(
        n=stored["n"],
        claims={name: Score(**counts) for name, counts in stored["claims"].items()},
        intents={name: Score(**counts) for name, counts in stored["intents"].items()},
        confusion=stored["confusion"],
    )
