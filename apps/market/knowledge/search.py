"""Search in our own writing (`knowledge/*.md`): the sections that answer a question, or none.

BM25 ranks the sections, a section's heading counting several times. BM25 alone answers anything, as some word always
occurs somewhere; so a passage must also cover enough of the question, by weight of its words. A word that our writing
does not know weighs most: "pizza" leaves "best pizza in town" uncovered.
"""

import logging
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from apps.market.knowledge.words import tokens
from apps.market.tools.results import Knowledge, Passage

_ASKED = re.compile(r"<!-- asked as: (.*?) -->\s*", re.DOTALL)
FOLDER = Path(__file__).parent
HEADING_WEIGHT = 4
ASKED_WEIGHT = 2
TITLE_WEIGHT = 1
#: How much of the question's weight a passage must cover; a word found in the body alone counts in part.
COVERAGE_FLOOR = 0.5
BODY_SHARE = 0.8
#: A word that a section names this often, as each in its heading is, is what the section is about.
TOPIC_COUNT = 2
#: Passages after the first must come this close to its score.
NEAR_BEST = 0.35
#: How much a heading that is asked for in full adds to its section's score: "Support" for "what is support".
HEADING_BONUS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    file: str
    title: str
    heading: str
    #: How people ask for it in other words; searched, never shown.
    asked_as: str
    text: str


@dataclass(frozen=True, slots=True)
class _Index:
    sections: list[Section]
    bm25: Any
    counts: list[Counter[str]]
    heading_words: list[frozenset[str]]
    weights: dict[str, float]
    unknown_weight: float


def search_knowledge(query: str, *, limit: int = 3) -> Knowledge:
    """The best sections for the question, best first; none where nothing we wrote is about it."""
    index = _index()
    words = sorted(set(tokens(query)))
    if not set(words) & index.weights.keys():
        return Knowledge(query=query, passages=[])
    scores = [
        float(score) * (1 + HEADING_BONUS * _heading_asked(index, i, words))
        for i, score in enumerate(index.bm25.get_scores(words))
    ]
    found: list[Passage] = []
    best = 0.0
    for i in sorted(range(len(scores)), key=lambda i: (-scores[i], i)):
        if len(found) == limit or scores[i] <= NEAR_BEST * best:
            break
        if not _is_about(index, i, words):
            continue
        best = best or scores[i]
        section = index.sections[i]
        found.append(
            Passage(
                file=section.file,
                heading=section.heading,
                title=section.title,
                text=section.text,
                score=round(scores[i], 3),
            )
        )
    return Knowledge(query=query, passages=found)


def read_sections(folder: Path = FOLDER) -> list[Section]:
    """Every section of every file, in the order of their names. A file is `# Title`, then `## heading` sections."""
    sections = []
    for path in sorted(folder.glob("*.md")):
        head, *parts = re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        title = head.removeprefix("# ").strip()
        for part in parts:
            heading, _, text = part.partition("\n")
            asked_as = " ".join(_ASKED.findall(text))
            text = _ASKED.sub("", text).strip()
            sections.append(Section(file=path.name, title=title, heading=heading.strip(), asked_as=asked_as, text=text))
    return sections


@cache
def _index() -> _Index:
    # Imported at the first search: with numpy it takes 0.1 s and 23 MB, which a process that never searches saves.
    import bm25s

    logging.getLogger("bm25s").setLevel(logging.WARNING)
    sections = read_sections()
    headings = [tokens(section.heading) for section in sections]
    documents = [
        heading * HEADING_WEIGHT
        + tokens(section.asked_as) * ASKED_WEIGHT
        + tokens(section.title) * TITLE_WEIGHT
        + tokens(section.text)
        for section, heading in zip(sections, headings, strict=True)
    ]
    bm25 = bm25s.BM25()
    bm25.index(documents, show_progress=False)
    counts = Counter(word for document in documents for word in set(document))
    return _Index(
        sections=sections,
        bm25=bm25,
        counts=[Counter(document) for document in documents],
        heading_words=[frozenset(heading) for heading in headings],
        weights={word: _rarity(count, len(documents)) for word, count in counts.items()},
        unknown_weight=_rarity(0, len(documents)),
    )


def _rarity(count: int, total: int) -> float:
    return math.log(1 + (total - count + 0.5) / (count + 0.5))


def _heading_asked(index: _Index, i: int, words: Sequence[str]) -> float:
    """The share of the weight of section `i`'s heading that the question names."""
    heading = index.heading_words[i]
    return _weigh(index, heading & set(words)) / (_weigh(index, heading) or 1)


def _is_about(index: _Index, i: int, words: Sequence[str]) -> bool:
    """Whether section `i` covers enough of the question and has one of its words for a topic, not in passing."""
    is_topic = any(index.counts[i][word] >= TOPIC_COUNT for word in words)
    return is_topic and _coverage(index, i, words) >= COVERAGE_FLOOR


def _coverage(index: _Index, i: int, words: Sequence[str]) -> float:
    """The share of the question's weight that section `i` holds."""
    in_heading = index.heading_words[i].intersection(words)
    in_body = index.counts[i].keys() & set(words) - in_heading
    return (_weigh(index, in_heading) + BODY_SHARE * _weigh(index, in_body)) / _weigh(index, words)


def _weigh(index: _Index, words: Iterable[str]) -> float:
    return math.fsum(index.weights.get(word, index.unknown_weight) for word in words)
