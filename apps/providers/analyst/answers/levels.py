"""Support, resistance and the three named entries, each with the reasons that make it one."""

from collections.abc import Iterator

from apps.providers.analyst.answers import phrases
from apps.providers.analyst.turn import Result, Turn

NAMED = {"ltb": ("LTB", "Load the Boat"), "st": ("ST", "Swing Trade"), "qe": ("QE", "Quick Entry")}
MOST_SHOWN = 3


def paragraphs(turn: Turn) -> Iterator[str]:
    levels = turn.result("get_levels")
    if levels is None:
        return
    asked = turn.reading.parameters.named_entries
    if asked:
        yield asked_entries(levels, asked)
        yield phrases.sentence(nearest(levels))
    else:
        yield f"**{levels.get('symbol')}: {nearest(levels)}**, with {close(levels)}."
    for side, title in (("support", "Support"), ("resistance", "Resistance")):
        n_shown = min(MOST_SHOWN, len(levels.get(side)))
        if n_shown:
            lines = [level(levels, f"{side}.{index}") for index in range(n_shown)]
            yield f"**{title}**, nearest first:\n\n{phrases.bullets(lines)}"
    others = [line for key in NAMED if key not in asked for line in named_entry(levels, key)]
    if others:
        title = "Other named entries" if asked else "Named entries"
        yield f"**{title}**, by their written definitions:\n\n{phrases.bullets(others)}"
    notes = [phrases.sentence(levels.words(f"notes.{index}")) for index in range(len(levels.get("notes")))]
    if notes:
        yield " ".join(notes)
    indicators = turn.result("get_indicators")
    if indicators:
        yield phrases.trend_sentence(indicators)
    yield from phrases.stale(turn)
    yield conditions(levels)


def nearest(levels: Result) -> str:
    parts = []
    for side in ("support", "resistance"):
        if levels.get(side):
            parts.append(f"its nearest {side} is {levels.price(f'{side}.0.price')}")
        else:
            parts.append(f"it has no {side} in range")
    return " and ".join(parts)


def close(levels: Result) -> str:
    return f"{phrases.a_close(levels)} {levels.price('close')} {phrases.stamp(levels)}"


def level(levels: Result, path: str) -> str:
    price = levels.price(f"{path}.price")
    distance = f"{phrases.side_of(levels, f'{path}.distance_pct')} the close"
    atr = f"{levels.number(f'{path}.distance_atr', 'size_ratio')} ATR"
    return f"**{price}**, {distance} ({atr}): {reasons(levels, path)}"


def reasons(levels: Result, path: str) -> str:
    texts = [phrases.clause(levels.words(f"{path}.reasons.{i}")) for i in range(len(levels.get(f"{path}.reasons")))]
    return f"{'; '.join(texts)}." if texts else "no reason is recorded."


def asked_entries(levels: Result, asked: tuple[str, ...]) -> str:
    """The named entries that were asked for, each with all its reasons."""
    lines = []
    for key in asked:
        short, long = NAMED[key]
        if levels.get(key):
            distance = f"{phrases.side_of(levels, f'{key}.distance_pct')} the close"
            lines.append(
                f"**The {short} ({long}) is {levels.price(f'{key}.price')}**, {distance}: {reasons(levels, key)}"
            )
        else:
            lines += named_entry(levels, key)
    return f"**{levels.get('symbol')}**, with {close(levels)}:\n\n{phrases.bullets(lines)}"


def named_entry(levels: Result, key: str) -> list[str]:
    short, long = NAMED[key]
    if levels.get(key):
        return [f"**{short}** ({long}) {levels.price(f'{key}.price')}, {entry_reasons(levels, key)}"]
    if levels.get("why_none").get(short):
        return [f"**{short}** ({long}): none. {phrases.sentence(levels.words(f'why_none.{short}'))}"]
    return [f"**{short}** ({long}): none in range."]


def entry_reasons(levels: Result, key: str) -> str:
    """The reasons of a named entry, or where they stand when its level is already listed."""
    price = levels.get(f"{key}.price")
    for side in ("support", "resistance"):
        if price in [listed["price"] for listed in levels.get(side)[:MOST_SHOWN]]:
            return f"the {side} of that price above."
    return f"{phrases.side_of(levels, f'{key}.distance_pct')} the close: {reasons(levels, key)}"


def conditions(levels: Result) -> str:
    lines = []
    if levels.get("resistance"):
        lines.append(
            f"If it closes above {levels.price('resistance.0.price')}, "
            "that resistance is broken and may turn into support."
        )
    if levels.get("support"):
        lines.append(
            f"If it closes below {levels.price('support.0.price')}, "
            "that support has failed and the next one down matters."
        )
    return " ".join(lines) or "With no level in range there is nothing near to lean a stop on."
