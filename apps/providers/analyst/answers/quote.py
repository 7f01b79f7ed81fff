"""What a symbol closed at, against the day before, its own year and its averages."""

import re
from collections.abc import Iterator

from apps.providers.analyst.answers import phrases
from apps.providers.analyst.turn import Result, Turn

LAST_ONLY = "I look up the last close only, not an earlier day; a chart shows the days before it."
#: Asks for the day's volume before its price.
VOLUME = re.compile(r"\bvolume\b", re.IGNORECASE)


def paragraphs(turn: Turn) -> Iterator[str]:
    quotes = turn.results("get_quote")
    if not quotes:
        return
    if turn.reading.parameters.other_day:
        yield LAST_ONLY
    if len(quotes) > 1:
        yield "\n".join(f"- {headline(quote)}" for quote in quotes)
        yield phrases.age(quotes[0])
        return
    quote = quotes[0]
    if VOLUME.search(turn.reading.question):
        yield traded(quote)
        yield phrases.age(quote)
    else:
        yield headline(quote)
        yield f"{day_range(quote)} {phrases.age(quote)}"
    indicators = turn.result("get_indicators")
    if indicators:
        yield " ".join(context(indicators))


def headline(quote: Result) -> str:
    text = f"**{quote.get('symbol')} {phrases.closed_at(quote)} {quote.price('close')}** {phrases.stamp(quote)}"
    if not quote.has("change_pct"):
        return f"{text}; there is no day before to compare with."
    if not quote.get("change"):
        return f"{text}, unchanged from the day before."
    return (
        f"{text}: {quote.percent('change_pct')}, or {quote.number('change', 'signed_price')}, against the day before."
    )


def traded(quote: Result) -> str:
    return (
        f"**{quote.get('symbol')} traded {volume(quote)}** {phrases.stamp(quote)}; it opened at {quote.price('open')}, "
        f"moved between {quote.price('low')} and {quote.price('high')}, and {phrases.closed_at(quote)} "
        f"{quote.price('close')}."
    )


def day_range(quote: Result) -> str:
    return (
        f"It opened at {quote.price('open')} and moved between {quote.price('low')} and {quote.price('high')}, "
        f"on {volume(quote)}."
    )


def volume(quote: Result) -> str:
    units = "units" if quote.get("symbol").endswith(phrases.CRYPTO) else "shares"
    return f"{quote.number('volume', 'count')} {units}"


def context(indicators: Result) -> Iterator[str]:
    if indicators.has("volume_ratio"):
        yield f"Volume was {indicators.number('volume_ratio', 'ratio')} times its 20-day average."
    yield f"The 52-week range is {indicators.price('low_52w')} to {indicators.price('high_52w')}."
    yield phrases.trend_sentence(indicators)
    yield from phrases.missing_average(indicators)
