"""A passage from our own writing, quoted with its file and heading."""

from collections.abc import Iterator

from apps.providers.analyst.turn import Result, Turn

#: A quoted passage ends at the paragraph that reaches this many characters.
LONG_ENOUGH = 700
#: A second passage is named only when it scores at least this share of the first.
ALSO_RELEVANT = 0.6
NOTHING = (
    "My notes have nothing on that. They cover method, risk, levels, indicators, options, psychology and the "
    "terms of the "
    "trade; a question with one of those words finds its page."
)


def paragraphs(turn: Turn) -> Iterator[str]:
    searched = turn.results("search_knowledge")
    if not searched:
        return
    found = [result for result in searched if result.get("passages")]
    if not found:
        yield NOTHING
        return
    told: set[tuple[str, str]] = set()
    for result in found:
        place = (result.get("passages.0.file"), result.get("passages.0.heading"))
        if place not in told:
            told.add(place)
            yield from passage(result)
    others = list(also_relevant(found[0])) if len(found) == 1 else []
    if others:
        yield f"More on this: {'; '.join(others)}."


def passage(found: Result) -> Iterator[str]:
    yield f"**{found.words('passages.0.heading')}**, from my notes on {found.words('passages.0.title')}:"
    yield quoted(found.words("passages.0.text", part=opening(found.get("passages.0.text"))))
    yield f"Source: {citation(found, 'passages.0')}."


def opening(text: str) -> str:
    """The beginning of the passage up to a paragraph's end."""
    end = len(text)
    if end > LONG_ENOUGH:
        paragraph = text.find("\n\n", LONG_ENOUGH)
        end = paragraph if paragraph > 0 else end
    return text[:end].strip()


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def citation(found: Result, path: str) -> str:
    return f"{found.words(f'{path}.file')}, “{found.words(f'{path}.heading')}”"


def also_relevant(found: Result) -> Iterator[str]:
    passages = found.get("passages")
    for index, passage in enumerate(passages[1:3], start=1):
        if passage["score"] >= ALSO_RELEVANT * passages[0]["score"]:
            yield citation(found, f"passages.{index}")
