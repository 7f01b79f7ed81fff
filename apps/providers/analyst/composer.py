"""The answer to a turn, paragraph by paragraph, in the order in which it is read."""

from collections.abc import Callable, Iterator

from apps.providers.analyst.answers import (
    chart,
    compare,
    failures,
    indicators,
    knowledge,
    levels,
    news,
    overview,
    phrases,
    plan,
    quote,
    symbols,
    talk,
    why,
)
from apps.providers.analyst.conversation import ABOUT_SYMBOLS
from apps.providers.analyst.turn import Turn

ANSWERS: dict[str, Callable[[Turn], Iterator[str]]] = {
    "quote": quote.paragraphs,
    "chart": chart.paragraphs,
    "indicators": indicators.paragraphs,
    "levels": levels.paragraphs,
    "plan": plan.paragraphs,
    "compare": compare.paragraphs,
    "news": news.paragraphs,
    "overview": overview.paragraphs,
    "knowledge": knowledge.paragraphs,
    "greeting": talk.greeting,
    "clarify": talk.clarify,
    "out_of_scope": talk.out_of_scope,
}
#: Topics whose answer is another than their intent's.
BY_TOPIC: dict[str, Callable[[Turn], Iterator[str]]] = {"why": why.paragraphs, "symbols": symbols.paragraphs}


def compose(turn: Turn) -> Iterator[str]:
    """Paragraphs of Markdown, the key point first. They are written as they are read, so facts stand in print order."""
    unknown = turn.reading.unknown
    if unknown and not turn.calls:
        yield talk.unknown_symbols(unknown)
        return
    said = False
    answer = BY_TOPIC.get(turn.reading.topic) or ANSWERS[turn.reading.intent]
    for paragraph in answer(turn):
        if paragraph:
            yield paragraph
            if not said:
                yield from phrases.source_notes(turn)
            said = True
    if not said and turn.failures:
        yield from failures.whole(turn)
    else:
        yield from failures.partial(turn)
    if turn.left_out and turn.reading.intent in ABOUT_SYMBOLS:
        yield f"Left out for length: {', '.join(turn.left_out)}. Ask for each by name."
    if unknown:
        yield talk.unknown_symbols(unknown)
