"""How often the classifiers agree with the labels: precision and recall with intervals, and who is taken for whom."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from apps.metrics.classifiers.claims import Claims, classify
from apps.metrics.classifiers.intent import Intent, intent_of
from apps.metrics.classifiers.labels import CLAIMS, Labelled
from apps.metrics.rollups.intervals import rate_of
from apps.routing.evidence.intervals import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One yes-or-no question over labelled answers. Precision and recall are None where nothing was found or there."""

    n: int
    positives: int
    found: int
    hits: int

    @property
    def precision(self) -> Interval | None:
        """Of those found, the share that is there, with Wilson's 95 % interval."""
        return rate_of(self.hits, self.found)

    @property
    def recall(self) -> Interval | None:
        """Of those there, the share that is found, with Wilson's 95 % interval."""
        return rate_of(self.hits, self.positives)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """`claims` by column, `intents` by intent, and how many of each labelled intent were read as which."""

    n: int
    claims: dict[str, Score]
    intents: dict[str, Score]
    confusion: dict[str, dict[str, int]]

    @property
    def intents_right(self) -> Interval | None:
        return rate_of(sum(score.hits for score in self.intents.values()), self.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A labelled answer and what the classifiers read in it."""

    labelled: Labelled
    intent: Intent
    claims: frozenset[str]

    @property
    def mistakes(self) -> list[str]:
        """One line each; nothing where every reading agrees with its label."""
        wrong = []
        if self.intent != self.labelled.intent:
            wrong.append(f"intent: labelled {self.labelled.intent}, read as {self.intent}")
        for column in CLAIMS.values():
            if (column in self.claims) != (column in self.labelled.claims):
                wrong.append(f"{column}: {'missed' if column in self.labelled.claims else 'seen where it is not'}")
        return wrong


def judge(answers: Iterable[Labelled]) -> list[Judged]:
    return [
        Judged(labelled=labelled, intent=intent_of(labelled.question), claims=_claimed(classify(labelled.answer)))
        for labelled in answers
    ]


def score(judged: Sequence[Judged]) -> Scores:
    confusion = Counter((one.labelled.intent, one.intent) for one in judged)
    return Scores(
        n=len(judged),
        claims={
            column: _score([(column in one.labelled.claims, column in one.claims) for one in judged])
            for column in CLAIMS.values()
        },
        intents={
            intent.value: _score([(one.labelled.intent == intent, one.intent == intent) for one in judged])
            for intent in Intent
        },
        confusion={labelled.value: {read.value: confusion[labelled, read] for read in Intent} for labelled in Intent},
    )


def _score(pairs: Sequence[tuple[bool, bool]]) -> Score:
    return Score(
        n=len(pairs),
        positives=sum(there for there, _ in pairs),
        found=sum(found for _, found in pairs),
        hits=sum(there and found for there, found in pairs),
    )


def _claimed(claims: Claims) -> frozenset[str]:
    return frozenset(column for column, holds in asdict(claims).items() if holds)
