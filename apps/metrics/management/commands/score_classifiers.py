"""How often the classifiers agree with the answers that were labelled by hand, and where they do not."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.metrics.classifiers.labels import labelled_answers
from apps.metrics.classifiers.quality import Quality, counted, write
from apps.metrics.classifiers.scores import Judged, Score, Scores, judge
from apps.routing.evidence.intervals import Interval

WIDTH = 21


class Command(BaseCommand):
    help = "Prints precision and recall of the classifiers on the labelled answers, with 95 % intervals."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="print the figures as JSON")
        parser.add_argument("--mistakes", action="store_true", help="list what was read otherwise than labelled")
        parser.add_argument(
            "--held-out", action="store_true", help="with --mistakes: those held out too; make no rule after them"
        )
        parser.add_argument(
            "--write", action="store_true", dest="keep", help="keep the figures for the pages, in quality.json"
        )

    def handle(self, *args: Any, as_json: bool, mistakes: bool, held_out: bool, keep: bool, **options: Any) -> None:
        found = counted()
        if keep:
            write(found)
        if as_json:
            self.stdout.write(json.dumps(_as_json(found), indent=1))
            return
        n = found.held_out.n + found.tuned_on.n
        self.stdout.write(f"Classifiers, version {found.version}: {n} labelled answers.")
        self._table("Held out: no rule was made after a look at these", found.held_out)
        self._table("Tuned on: the rules were made to fit these, so their figures flatter", found.tuned_on)
        if mistakes:
            self._mistakes([one for one in judge(labelled_answers()) if held_out or not one.labelled.held_out])

    def _table(self, title: str, scores: Scores) -> None:
        self.stdout.write(f"\n{title} (n = {scores.n})")
        self.stdout.write(f"{'':{WIDTH}} positives  precision            recall")
        for name, one in (*scores.claims.items(), *((f"intent {key}", value) for key, value in scores.intents.items())):
            self.stdout.write(f"{name:{WIDTH}} {one.positives:9}  {_words(one.precision):19}  {_words(one.recall)}")
        self.stdout.write(f"{'intent right':{WIDTH}} {scores.n:9}  {_words(scores.intents_right)}")
        self.stdout.write(f"\n{'labelled / read as':{WIDTH}} " + " ".join(f"{name:>9}" for name in scores.confusion))
        for name, row in scores.confusion.items():
            self.stdout.write(f"{name:{WIDTH}} " + " ".join(f"{count:9}" for count in row.values()))

    def _mistakes(self, judged: list[Judged]) -> None:
        wrong = [(one, line) for one in judged for line in one.mistakes]
        self.stdout.write(f"\nMistakes: {len(wrong)}")
        for one, line in wrong:
            about = one.labelled.question if line.startswith("intent") else one.labelled.answer
            self.stdout.write(f"- {line}: {' '.join(about.split())[:200]}")


def _words(interval: Interval | None) -> str:
    return f"{interval.value:.2f} ({interval.low:.2f} to {interval.high:.2f})" if interval else "none to count"


def _as_json(found: Quality) -> dict[str, Any]:
    return {"version": found.version, "held_out": _figures(found.held_out), "tuned_on": _figures(found.tuned_on)}


def _figures(scores: Scores) -> dict[str, Any]:
    return {
        "n": scores.n,
        "claims": {name: _one(one) for name, one in scores.claims.items()},
        "intents": {name: _one(one) for name, one in scores.intents.items()},
        "intents_right": _bounds(scores.intents_right),
        "confusion": scores.confusion,
    }


def _one(one: Score) -> dict[str, Any]:
    return {
        "n": one.n,
        "positives": one.positives,
        "precision": _bounds(one.precision),
        "recall": _bounds(one.recall),
    }


def _bounds(interval: Interval | None) -> dict[str, float] | None:
    """None where nothing was there to count."""
    return {"value": interval.value, "low": interval.low, "high": interval.high} if interval else None
