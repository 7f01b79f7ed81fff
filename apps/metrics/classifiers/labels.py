"""Answers with the question they answer, labelled by hand by the definitions of `intent.py` and `claims.py`.

A file of `labelled/` holds those of one intent. Labels follow the definitions and not the rules: where a rule gets one
wrong, the label stays and the figures show it. A third is held out: no rule is made or changed after a look at those.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from apps.metrics.classifiers.intent import Intent

FOLDER = Path(__file__).parent / "labelled"
#: The words of a file for the claims, and the columns they stand for.
CLAIMS = {"disclaimer": "has_risk_disclaimer", "stop": "mentions_stop_loss", "levels": "has_entry_exit"}
KEYS = {"question", "answer", "claims", "held_out"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """`claims` are the columns that hold of the answer; an empty answer makes none."""

    question: str
    answer: str
    intent: Intent
    claims: frozenset[str]
    held_out: bool


class BadLabel(ValueError):
    """An entry that no label can be read from; the message says where and why."""


def labelled_answers() -> list[Labelled]:
    return [
        _labelled(entry, where=f"{path.name}, entry {number}", intent=Intent(path.stem))
        for path in sorted(FOLDER.glob("*.toml"))
        for number, entry in enumerate(tomllib.loads(path.read_text())["answers"], start=1)
    ]


def _labelled(entry: dict[str, object], *, where: str, intent: Intent) -> Labelled:
    question, answer, claims = entry.get("question"), entry.get("answer"), entry.get("claims")
    if unknown := entry.keys() - KEYS:
        raise BadLabel(f"{where}: there is no {sorted(unknown)[0]!r}; an entry has {', '.join(sorted(KEYS))}.")
    if not isinstance(question, str) or not question.strip() or not isinstance(answer, str):
        raise BadLabel(f"{where}: it needs a question and an answer, as text.")
    if not isinstance(claims, list) or len(set(claims)) != len(claims) or not set(claims) <= set(CLAIMS):
        raise BadLabel(f"{where}: claims are a list of {', '.join(CLAIMS)}, each at most once.")
    if not isinstance(entry.get("held_out", False), bool):
        raise BadLabel(f"{where}: held_out is true or false.")
    if claims and not answer.strip():
        raise BadLabel(f"{where}: an empty answer claims nothing.")
    return Labelled(
        question=question,
        answer=answer,
        intent=intent,
        claims=frozenset(CLAIMS[claim] for claim in claims),
        held_out=entry.get("held_out") is True,
    )
